// A map over two settings with logarithmic axes: blocks of cells as long as only some are known, a cross where one stands.
import { css } from "./colours.mjs";
import { ticks } from "./ticks.mjs";

const LEFT = 76;
const EDGE = 14;
const PAUSE = 100; // milliseconds between two pictures of a map that is being computed
const BELOW = 66; // for the marks and the axis's name
const RIGHT = 30; // for half of the last label
/** @type {[string, number][]} dark under light, so that a line is seen on any colour */
const EDGES = [["#000", 6], ["#fff", 2.5]];

export class SettingsMap {
  /** @type {number} */
  count;
  /** @type {any} */
  waiting;
  /** @type {number[]} */
  across;
  /** @type {number[]} */
  up;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {[string, string]} names of the axes, across and up
   */
  constructor(canvas, names) {
    this.canvas = canvas;
    this.names = names;
    this.picture = new OffscreenCanvas(1, 1);
    this.side = canvas.width - LEFT - RIGHT;
    canvas.height = EDGE + this.side + BELOW;
  }

  /** Begin anew, with so many cells a side. */
  lay(count, across, up) {
    Object.assign(this, { count, across, up });
    this.picture.width = this.picture.height = count;
    this.image = new ImageData(count, count);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** Paint a block of cells, whose lower left one is given. */
  paint(column, row, size, colour) {
    const [red, green, blue] = colour;
    const pixel = (255 << 24) | (blue << 16) | (green << 8) | red;
    for (let line = this.count - row - size; line < this.count - row; line++) {
      this.pixels.fill(pixel, line * this.count + column, line * this.count + column + size);
    }
  }

  /** Draw soon, once for all blocks that come before: drawing takes time from what computes them. */
  later(draw) {
    this.waiting ??= setTimeout(() => {
      this.waiting = undefined;
      draw();
    }, PAUSE);
  }

  /** Where a value is between the ends of an axis. */
  place(value, axis) {
    const [low, high] = [axis[0], axis[axis.length - 1]].map(Math.log);
    return ((Math.log(value) - low) / (high - low)) * (1 - 1 / this.count) + 0.5 / this.count;
  }

  /** Where the pointer is, as shares of the map's sides from the lower left. */
  share(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = this.canvas.width / box.width;
    return [((event.clientX - box.left) * scale - LEFT) / this.side, 1 - ((event.clientY - box.top) * scale - EDGE) / this.side];
  }

  /** Which cell is under the pointer; undefined beside the map. */
  cell(event) {
    const cell = this.share(event).map((share) => Math.floor(share * this.count));
    return cell.every((each) => each >= 0 && each < this.count) ? cell : undefined;
  }

  /** A box over the map, from one corner to the other, both as shares. */
  box(from, to) {
    const pen = this.canvas.getContext("2d");
    const place = ([x, y]) => [LEFT + x * this.side, EDGE + (1 - y) * this.side];
    const [[x, y], [toX, toY]] = [place(from), place(to)];
    for (const [colour, thick] of EDGES) {
      pen.strokeStyle = colour;
      pen.lineWidth = thick;
      pen.strokeRect(x, y, toX - x, toY - y);
    }
  }

  /** Which colour means which share. */
  legend(canvas, of) {
    const pen = canvas.getContext("2d");
    for (let x = 0; x < canvas.width; x++) {
      pen.fillStyle = css(of(x / (canvas.width - 1)));
      pen.fillRect(x, 0, 1, canvas.height);
    }
  }

  /** @param {[number, number] | undefined} here the values at which a ring stands */
  draw(here) {
    const { canvas, side } = this;
    const pen = canvas.getContext("2d");
    const ink = getComputedStyle(canvas).color;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingEnabled = false;
    this.picture.getContext("2d").putImageData(this.image, 0, 0);
    pen.drawImage(this.picture, LEFT, EDGE, side, side);
    pen.font = "20px system-ui, sans-serif";
    pen.fillStyle = pen.strokeStyle = ink;
    pen.lineWidth = 1;
    pen.strokeRect(LEFT, EDGE, side, side);
    const across = (value) => LEFT + this.place(value, this.across) * side;
    const down = (value) => EDGE + (1 - this.place(value, this.up)) * side;
    pen.textAlign = "center";
    /** @type {(axis: number[]) => [number, number]} */
    const ends = (axis) => [axis[0], axis[axis.length - 1]];
    for (const { value, label } of ticks(...ends(this.across))) {
      pen.fillRect(across(value), EDGE + side, 1.5, 7);
      pen.fillText(label, across(value), EDGE + side + 26);
    }
    pen.fillText(this.names[0], LEFT + side / 2, canvas.height - 6);
    pen.textAlign = "right";
    for (const { value, label } of ticks(...ends(this.up))) {
      pen.fillRect(LEFT - 7, down(value), 7, 1.5);
      pen.fillText(label.slice(0, 8), LEFT - 11, down(value) + 7);
    }
    pen.save();
    pen.translate(20, EDGE + side / 2);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "center";
    pen.fillText(this.names[1], 0, 0);
    pen.restore();
    if (!here) return;
    const [x, y] = [across(here[0]), down(here[1])];
    for (const [colour, thick] of EDGES) {
      pen.strokeStyle = colour;
      pen.lineWidth = thick;
      pen.beginPath();
      pen.arc(x, y, 11, 0, 2 * Math.PI);
      pen.stroke();
    }
  }
}
