// What a network says of the plane, where it changes its mind, and the points it is trained on.
import { CLASSES, css, dark, ofOutput } from "./colours.mjs";
import { pieces } from "./contours.mjs";

const CELLS = 90;

export class Boundary {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.picture = new OffscreenCanvas(CELLS, CELLS);
  }

  /** The square in which points lie, with some room around them. */
  frame(points) {
    const sides = [0, 1].map((i) => points.map((point) => point[i]));
    const [x, y] = sides.map((side) => (side.length ? (Math.min(...side) + Math.max(...side)) / 2 : 0));
    const width = Math.max(...sides.map((side) => Math.max(...side) - Math.min(...side)));
    this.view = { x, y, width: (Number.isFinite(width) && width > 0 ? width : 2) * 1.3 };
  }

  /** Which point of the plane is under the pointer. */
  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const { x, y, width } = this.view;
    return [x + ((event.clientX - box.left) / box.width - 0.5) * width, y - ((event.clientY - box.top) / box.height - 0.5) * width];
  }

  /**
   * @param {import("../kernels.mjs").Prediction} prediction
   * @param {Float32Array} parameters of one network
   * @param {[number, number]} labels
   * @param {number[][]} points
   */
  draw(prediction, parameters, labels, points) {
    const { canvas, picture, view } = this;
    const values = prediction.grid(parameters, view, CELLS);
    const pen = canvas.getContext("2d");
    const image = new ImageData(CELLS, CELLS);
    const of = ofOutput();
    values.forEach((value, i) => {
      const colour = Number.isNaN(value) ? [128, 128, 128] : of((value - labels[0]) / (labels[1] - labels[0]));
      for (let k = 0; k < 3; k++) image.data[4 * i + k] = colour[k];
      image.data[4 * i + 3] = 255;
    });
    picture.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = true;
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const cell = canvas.width / CELLS;
    pen.strokeStyle = dark() ? "#fff" : "#111";
    pen.lineWidth = 3;
    pen.beginPath();
    for (const [x, y, toX, toY] of pieces(values, CELLS, [(labels[0] + labels[1]) / 2])[0]) {
      pen.moveTo((x + 0.5) * cell, (y + 0.5) * cell);
      pen.lineTo((toX + 0.5) * cell, (toY + 0.5) * cell);
    }
    pen.stroke();
    points.forEach((point) => this.mark(pen, point));
  }

  /** The points alone, where there is no network that can be trained on them. */
  blank(points) {
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    points.forEach((point) => this.mark(pen, point));
  }

  /** A circle for class 1, a square for class 0: told apart without colours too. */
  mark(pen, point) {
    const [x, y, label] = point;
    const { view, canvas } = this;
    const scale = canvas.width / view.width;
    const [across, down] = [(x - view.x) * scale + canvas.width / 2, canvas.height / 2 - (y - view.y) * scale];
    pen.fillStyle = css(CLASSES[label]);
    pen.strokeStyle = "#fff";
    pen.lineWidth = 3;
    pen.beginPath();
    if (label) pen.arc(across, down, 10, 0, 2 * Math.PI);
    else pen.rect(across - 9, down - 9, 18, 18);
    pen.stroke();
    pen.fill();
  }
}
