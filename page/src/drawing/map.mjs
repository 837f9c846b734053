// A map over two settings with logarithmic axes: blocks of cells as long as only some are known, a cross where one stands.
import { css, ofShare } from "./colours.mjs";

const LEFT = 76;
const BELOW = 58;
const EDGE = 14;

export class SettingsMap {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {[string, string]} names of the axes, across and up
   */
  constructor(canvas, names) {
    this.canvas = canvas;
    this.names = names;
    this.picture = new OffscreenCanvas(1, 1);
    this.side = canvas.width - LEFT - EDGE;
  }

  /** Begin anew, with so many cells a side. */
  lay(count, across, up) {
    Object.assign(this, { count, across, up });
    this.picture.width = this.picture.height = count;
    this.pen = this.picture.getContext("2d");
  }

  /** Paint a block of cells, whose lower left one is given, by a share. */
  paint(column, row, size, share) {
    this.pen.fillStyle = css(ofShare(share));
    this.pen.fillRect(column, this.count - row - size, size, size);
  }

  /** Where a value is between the ends of an axis. */
  place(value, axis) {
    const [low, high] = [axis[0], axis[axis.length - 1]].map(Math.log);
    return ((Math.log(value) - low) / (high - low)) * (1 - 1 / this.count) + 0.5 / this.count;
  }

  /** Which cell is under the pointer; undefined beside the map. */
  cell(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = this.canvas.width / box.width;
    const [x, y] = [(event.clientX - box.left) * scale - LEFT, (event.clientY - box.top) * scale - EDGE];
    const column = Math.floor((x / this.side) * this.count);
    const row = this.count - 1 - Math.floor((y / this.side) * this.count);
    return [column, row].every((each) => each >= 0 && each < this.count) ? [column, row] : undefined;
  }

  /** Which colour means which share. */
  legend(canvas) {
    const pen = canvas.getContext("2d");
    for (let x = 0; x < canvas.width; x++) {
      pen.fillStyle = css(ofShare(x / (canvas.width - 1)));
      pen.fillRect(x, 0, 1, canvas.height);
    }
  }

  /** @param {{rate: number, scale: number}} here where the cross stands */
  draw({ rate, scale }) {
    const { canvas, side } = this;
    const pen = canvas.getContext("2d");
    const ink = getComputedStyle(canvas).color;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(this.picture, LEFT, EDGE, side, side);
    pen.font = "20px system-ui, sans-serif";
    pen.fillStyle = pen.strokeStyle = ink;
    pen.lineWidth = 1;
    pen.strokeRect(LEFT, EDGE, side, side);
    const across = (value) => LEFT + this.place(value, this.across) * side;
    const down = (value) => EDGE + (1 - this.place(value, this.up)) * side;
    pen.textAlign = "center";
    for (const value of decades(this.across)) {
      pen.fillRect(across(value), EDGE + side, 1.5, 7);
      pen.fillText(label(value), across(value), EDGE + side + 26);
    }
    pen.fillText(this.names[0], LEFT + side / 2, canvas.height - 6);
    pen.textAlign = "right";
    for (const value of decades(this.up)) {
      pen.fillRect(LEFT - 7, down(value), 7, 1.5);
      pen.fillText(label(value), LEFT - 11, down(value) + 7);
    }
    pen.save();
    pen.translate(20, EDGE + side / 2);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "center";
    pen.fillText(this.names[1], 0, 0);
    pen.restore();
    const at = [across(rate), down(scale)];
    for (const [colour, thick] of [["#000", 6], ["#fff", 2.5]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = thick;
      pen.beginPath();
      pen.arc(...at, 11, 0, 2 * Math.PI);
      pen.stroke();
    }
  }
}

/** Powers of ten on an axis. */
function decades(axis) {
  const [low, high] = [Math.log10(axis[0]), Math.log10(axis[axis.length - 1])];
  const room = 0.5 * ((high - low) / axis.length);
  const made = [];
  for (let k = Math.ceil(low - room); k <= high + room; k++) made.push(10 ** k);
  return made;
}

const label = (value) => (value >= 0.001 && value < 1e5 ? String(Number(value.toPrecision(1))) : value.toExponential(0));
