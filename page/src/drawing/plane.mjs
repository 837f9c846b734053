// A square of the plane on a canvas: contours once for each function and view, the way down each time it changes.
import { dark } from "./colours.mjs";
import { levels, pieces } from "./contours.mjs";

const GRID = 121;
const LINES = 16;

export class Plane {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.picture = document.createElement("canvas");
  }

  /** Where a point of the plane is on the canvas. */
  pixel([x, y]) {
    const scale = this.canvas.width / this.view.width;
    return [(x - this.view.x) * scale + this.canvas.width / 2, this.canvas.height / 2 - (y - this.view.y) * scale];
  }

  /** Which point of the plane is under the pointer. */
  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const across = (event.clientX - box.left) / box.width - 0.5;
    const down = (event.clientY - box.top) / box.height - 0.5;
    return [this.view.x + across * this.view.width, this.view.y - down * this.view.width];
  }

  /** Draw the lines of equal height of a surface anew. */
  lay(surface, view) {
    this.view = view;
    const { picture, canvas } = this;
    picture.width = picture.height = canvas.width;
    const values = surface.grid(view, GRID);
    const pen = picture.getContext("2d");
    const cell = canvas.width / GRID;
    const darkest = dark() ? 35 : 40;
    pieces(values, GRID, levels(values, LINES)).forEach((line, k) => {
      pen.strokeStyle = `hsl(${215 - 5 * k} 60% ${darkest + 2.5 * k}%)`;
      pen.beginPath();
      for (const [x, y, toX, toY] of line) {
        pen.moveTo((x + 0.5) * cell, (y + 0.5) * cell);
        pen.lineTo((toX + 0.5) * cell, (toY + 0.5) * cell);
      }
      pen.stroke();
    });
  }

  /** Draw a way over the lines. */
  draw(way) {
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.drawImage(this.picture, 0, 0);
    const seen = way.filter(({ point }) => point.every(Number.isFinite)).map(({ point }) => this.pixel(point));
    pen.strokeStyle = pen.fillStyle = getComputedStyle(this.canvas).color;
    pen.lineWidth = 2;
    pen.beginPath();
    for (const [x, y] of seen) pen.lineTo(x, y);
    pen.stroke();
    seen.forEach(([x, y], step) => {
      pen.beginPath();
      pen.arc(x, y, step ? 3 : 8, 0, 2 * Math.PI);
      pen.fill();
    });
  }
}
