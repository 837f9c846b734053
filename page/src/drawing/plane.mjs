// A square of the plane on a canvas: contours once for each function and view, the way down each time it changes.
import { dark, ofWay } from "./colours.mjs";
import { signsOf } from "../curvature.mjs";
import { levels, pieces } from "./contours.mjs";

const GRID = 121;
const LINES = 16;
const ELLIPSE = 0.14; // of the view's width, its longer half axis
const FARTHEST = 1e5; // pixels from the corner, up to where lines are drawn
const FLATTEST = 60; // how many times longer that is than the other one at most

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

  /** How far, in pixels of the screen, the pointer is from a point of the plane. */
  distance(event, point) {
    const [x, y] = this.point(event);
    return (Math.hypot(x - point[0], y - point[1]) * this.canvas.getBoundingClientRect().width) / this.view.width;
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

  /**
   * Draw ways over the lines, and how the function bends where one of them is.
   * @param {{number: number, title: string, steps: {point: number[]}[]}[]} ways by whose numbers they are coloured
   * @param {{upTo: number, at: number, point: number[], bend?: ReturnType<typeof import("../curvature.mjs").curvaturesOf>}} seen
   * the step up to which they are drawn, the one that is marked, and the curvatures at a point
   */
  draw(ways, { upTo, at, point, bend }) {
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.drawImage(this.picture, 0, 0);
    if (bend) this.ellipse(pen, point, bend);
    for (const { number, steps } of ways) this.way(pen, steps.slice(0, upTo + 1), ofWay(number), at);
    if (ways.length > 1) this.legend(pen, ways);
  }

  way(pen, steps, { colour, dashes }, at) {
    const lost = steps.findIndex(({ point }) => !point.every(Number.isFinite));
    const seen = (lost < 0 ? steps : steps.slice(0, lost)).map(({ point }) => this.pixel(point));
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = 2;
    pen.setLineDash(dashes);
    pen.beginPath();
    for (let step = 1; step < seen.length; step++) trace(pen, seen[step - 1], seen[step]);
    pen.stroke();
    pen.setLineDash([]);
    seen.forEach(([x, y], step) => {
      pen.beginPath();
      pen.arc(x, y, step ? 3 : 8, 0, 2 * Math.PI);
      pen.fill();
    });
    if (!seen[at]) return;
    pen.lineWidth = 3;
    pen.beginPath();
    pen.arc(...seen[at], 12, 0, 2 * Math.PI);
    pen.stroke();
  }

  /** The ellipse of curvature: half axes as one over the roots of the curvatures; an axis along which it bends down is dashed. */
  ellipse(pen, point, { values, vectors }) {
    const signs = signsOf(values);
    if (!signs.some(Boolean)) return;
    const halves = values.map((value, i) => (signs[i] ? 1 / Math.sqrt(Math.abs(value)) : Infinity));
    const longest = Math.max(...halves);
    const sizes = halves.map((half) => (half === longest ? 1 : Math.max(half / longest, 1 / FLATTEST)) * ELLIPSE * this.canvas.width);
    const [x, y] = this.pixel(point);
    const ink = dark() ? "#e8ecf2" : "#1a202c";
    pen.strokeStyle = ink;
    pen.fillStyle = `${ink}18`;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.ellipse(x, y, sizes[1], sizes[0], -Math.atan2(vectors[1][1], vectors[1][0]), 0, 2 * Math.PI);
    pen.fill();
    pen.stroke();
    vectors.forEach(([across, up], i) => {
      if (!signs[i]) return;
      pen.setLineDash(signs[i] < 0 ? [6, 6] : []);
      pen.beginPath();
      pen.moveTo(x - across * sizes[i], y + up * sizes[i]);
      pen.lineTo(x + across * sizes[i], y - up * sizes[i]);
      pen.stroke();
    });
    pen.setLineDash([]);
  }

  /** Which way is which, in the upper left corner. */
  legend(pen, ways) {
    pen.font = "20px system-ui, sans-serif";
    const width = Math.max(...ways.map(({ title }) => pen.measureText(title).width)) + 84;
    pen.fillStyle = dark() ? "#14181fdd" : "#ffffffdd";
    pen.fillRect(8, 8, width, 28 * ways.length + 12);
    ways.forEach(({ number, title }, i) => {
      const y = 30 + 28 * i;
      line(pen, ofWay(number), [20, y - 7], 48);
      pen.fillStyle = dark() ? "#e8ecf2" : "#1a202c";
      pen.fillText(title, 78, y);
    });
  }
}

/** A line from one place to another; of one that leads out of sight no more than would be seen, and none between two places out there. */
function trace(pen, from, to) {
  const far = ([x, y]) => Math.max(Math.abs(x), Math.abs(y)) > FARTHEST;
  if (far(from) && far(to)) return;
  const share = Math.min(1, FARTHEST / Math.hypot(to[0] - from[0], to[1] - from[1]));
  const towards = (here, there) => here.map((place, i) => place + share * (there[i] - place));
  pen.moveTo(...(far(from) ? towards(to, from) : from));
  pen.lineTo(...(far(to) ? towards(from, to) : to));
}

/** A piece of a way as a legend has it. */
export function line(pen, { colour, dashes }, [x, y], width) {
  pen.strokeStyle = colour;
  pen.lineWidth = 3;
  pen.setLineDash(dashes);
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x + width, y);
  pen.stroke();
  pen.setLineDash([]);
}
