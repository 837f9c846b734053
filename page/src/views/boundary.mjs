// Boundary: for which learning rates of the layers a network trains, and where the boundary between is looked at closely.
import { ofTraining } from "../drawing/colours.mjs";
import { SettingsMap } from "../drawing/map.mjs";
import { boxDimension } from "../dimension.mjs";
import { file } from "../files.mjs";
import { trainability as program } from "../program.mjs";
import * as questions from "../questions.mjs";
import { axis, Refined } from "../refine.mjs";
import { downloadPicture, downloadTable } from "../save.mjs";
import { ENTRIES } from "../entries.mjs";
import { RULES } from "../tables.mjs";
import { figure } from "../words.mjs";
import { define, options, View } from "./view.mjs";

export const COUNT = 256; // pixels a side
const FIRST = 16; // of which a block of the first picture has so many a side
const WORK = 3e7; // parameters x points x steps of a part
const LEAST = 1e-4; // a side that is so short as a share of its place is looked at in float64
const SMALLEST = 1e-12;

const LAYOUT = `
<div class="laboratory">
  <div>
    <canvas class="map" width="900" height="900" tabindex="0" role="img"></canvas>
    <p class="legend"><span>diverges</span><canvas data-of="0" width="150" height="14" aria-hidden="true"></canvas><canvas data-of="1" width="150" height="14" aria-hidden="true"></canvas><span>trains</span></p>
    <div class="buttons">
      <button type="button" data-do="closer">Closer</button><button type="button" data-do="farther">Farther</button><button type="button" data-do="back">Back</button><button type="button" data-do="forward">Forward</button>
      <button type="button" data-do="whole">Whole map</button><button type="button" data-do="stop">Stop</button>
    </div>
  </div>
  <div>
    <form>
      <label>Width <input name="width" type="number" min="1" max="16"></label>
      <label>Layers <input name="depth" type="number" min="2" max="4"></label>
      <label>Activation <select name="activation"></select></label>
      <label>Rule <select name="rule"></select></label>
      <label>Steps <input name="steps" type="number" min="1" max="1000"></label>
      <label>Seed <input name="seed" type="number" min="0"></label>
      <label>Precision <select name="precision"></select></label>
      <label>From, to <input name="view" type="text" autocomplete="off"></label>
    </form>
    <p class="wrong" role="alert"></p>
    <p>Each pixel is one training of the same network from the same start on the same points; across goes the learning rate of its first layer, up that of its last. Drag a box to look closer.</p>
    <output aria-live="polite"></output>
    <p class="cell" aria-live="polite"></p>
    <div class="buttons"><button type="button" data-save="png">Download PNG</button><button type="button" data-save="csv">Download CSV</button></div>
  </div>
</div>
<section class="program"><h2>As Python</h2><pre class="wide"><code></code></pre></section>`;

export class BoundaryView extends View {
  static entries = ENTRIES.boundary;
  static layout = LAYOUT;

  begin() {
    const { activation, rule, precision } = this.form.elements;
    options(activation, this.named("activation"));
    options(rule, RULES.map(({ name, title }) => [name, title]));
    options(precision, [["auto", "as deep as needed"], ["float32", "float32"], ["float64", "float64"]]);
    this.canvas = this.find(".map");
    this.map = new SettingsMap(this.canvas, ["learning rate of the first layer", "learning rate of the last layer"]);
    this.refined = new Refined(file("workers/trainability.js"), COUNT, FIRST);
    this.refined.crew.warm();
    for (const canvas of this.all("[data-of]")) {
      this.map.legend(canvas, (share) => ofTraining(canvas.dataset.of === "1", canvas.dataset.of === "1" ? 1 - share : share));
    }
    this.listen();
    this.fill();
    this.load();
  }

  disconnectedCallback() {
    this.refined.crew.close();
  }

  program() {
    return program(this.state, this.dtype, COUNT);
  }

  /** The number type: float64 where float32 hardly tells pixels apart. */
  get dtype() {
    const { precision, view } = this.state;
    const deep = [view[1] / view[0], view[3] / view[2]].some((ratio) => ratio - 1 < LEAST * COUNT);
    return precision === "auto" ? (deep ? "float64" : "float32") : precision;
  }

  listen() {
    const { canvas, map } = this;
    let from;
    canvas.addEventListener("pointerdown", (event) => {
      if (!event.isPrimary) return;
      from = map.share(event);
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      this.tell(map.cell(event));
      if (!from || !event.isPrimary) return;
      this.drag = square(from, map.share(event));
      this.draw();
    });
    canvas.addEventListener("pointerup", () => {
      const { drag } = this;
      from = this.drag = undefined;
      if (drag && drag[1][0] - drag[0][0] > 0.01) this.look(drag);
      else this.draw();
    });
    canvas.addEventListener("pointercancel", () => {
      from = this.drag = undefined;
      this.draw();
    });
    const around = (size, across = 0, up = 0) => [[0.5 - size / 2 + across, 0.5 - size / 2 + up], [0.5 + size / 2 + across, 0.5 + size / 2 + up]];
    const keys = { "+": [0.5], "-": [2], ArrowLeft: [1, -0.25], ArrowRight: [1, 0.25], ArrowUp: [1, 0, 0.25], ArrowDown: [1, 0, -0.25] };
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key]) return;
      event.preventDefault();
      this.look(around(...keys[event.key]));
    });
    const acts = {
      closer: () => this.look(around(0.5)), farther: () => this.look(around(2)), back: () => this.go(-1), forward: () => this.go(1),
      whole: () => this.show(ENTRIES.boundary.view.fallback), stop: () => this.stop("The map was stopped."),
    };
    for (const button of this.all("[data-do]")) button.addEventListener("click", acts[button.dataset.do]);
    this.find("[data-save=png]").addEventListener("click", () => downloadPicture(canvas, "trainability.png"));
    this.find("[data-save=csv]").addEventListener("click", () => downloadTable(this.rows(), "trainability.csv"));
  }

  /** Look at a box of the map, given as shares of its sides. */
  look(box) {
    const [[left, bottom], [right, top]] = box;
    const [x, toX, y, toY] = this.state.view;
    const at = (low, high, share) => low * (high / low) ** share;
    const made = [at(x, toX, left), at(x, toX, right), at(y, toY, bottom), at(y, toY, top)];
    if (made[1] / made[0] - 1 < SMALLEST || made[3] / made[2] - 1 < SMALLEST) return this.say("float64 has no more numbers between these: look from farther away", "field");
    if (made.some((value) => !(value >= 1e-9 && value <= 1e9))) return this.say("learning rates from 1e-9 to 1e9 are looked at", "field");
    return this.show(made.map((value) => Number(value.toPrecision(16))));
  }

  show(view) {
    this.keep({ view }, true);
    this.fill();
    this.load();
  }

  changed() {
    this.load();
  }

  /** Ask Python for the kernel, and compute the map with it. */
  async load() {
    const { state } = this;
    const [made, drawn] = await Promise.all([this.ask(...questions.trainability(state, this.dtype)), this.ask(...questions.drawing())]);
    if (state !== this.state || !this.isConnected) return;
    this.say(made.error ?? drawn.error ?? "");
    if (made.error || drawn.error) return;
    const { training, ...about } = made;
    const [kernel, drawing] = await Promise.all([training, drawn.module].map((code) => WebAssembly.compile(code)));
    if (state === this.state) await this.compute({ kernel, drawing, about, steps: state.steps, seed: BigInt(state.seed) });
  }

  async compute(setup) {
    const { depth, rule, steps, view } = this.state;
    const own = Array(depth - 2).fill(RULES.find(({ name }) => name === rule).rate);
    this.rates = [axis(view[0], view[1], COUNT), axis(view[2], view[3], COUNT)];
    this.map.lay(COUNT, ...this.rates);
    this.began = performance.now();
    this.find("[data-do=stop]").hidden = false;
    const most = Math.min(128, Math.max(1, Math.round(WORK / (setup.about.factors.length * setup.about.points * steps))));
    const setting = (column, row) => [this.rates[0][column], ...own, this.rates[1][row]];
    const paint = ({ column, row, size, made }) => {
      this.map.paint(column, row, size, ofTraining(made.converged, Math.sqrt(made.sum / (steps + 1))));
      this.map.later(() => this.draw());
    };
    try {
      const whole = await this.refined.compute(setup, most, setting, paint, (size) => this.level(size));
      if (whole) this.find("[data-do=stop]").hidden = true;
    } catch (problem) {
      this.stop(`The map could not be computed: ${problem.message}.`);
    }
  }

  stop(words) {
    this.refined.close();
    this.find("[data-do=stop]").hidden = true;
    this.find("output").textContent = words;
  }

  draw() {
    if (!this.rates) return;
    this.map.draw(undefined);
    if (this.drag) this.map.box(...this.drag);
  }

  /** All blocks of a size are known. */
  level(size) {
    this.canvas.dataset.level = String(size);
    this.canvas.dataset.milliseconds = String(Math.round(performance.now() - this.began));
    this.draw();
    this.find("output").textContent = this.words(size);
    this.canvas.setAttribute("aria-label", `Map of trainability. ${this.find("output").textContent} Plus and minus look closer and farther, arrow keys move.`);
    this.told();
  }

  /** What the map shows, as was seen. */
  words(size) {
    const known = this.refined.known.filter(Boolean);
    const share = known.filter(({ converged }) => converged).length / known.length;
    const seen = `${known.length} of ${COUNT * COUNT} pixels in ${this.dtype}: ${figure(100 * share)} % train.`;
    const found = size === 1 ? boxDimension(this.refined.known.map(({ converged }) => converged), COUNT) : undefined;
    if (!found) return seen;
    const { dimension, error, sizes } = found;
    return `${seen} Counting boxes of ${sizes[0]} to ${sizes[sizes.length - 1]} pixels, the boundary here has the dimension ${dimension.toFixed(2)}, with a standard error of the fit of ${error.toFixed(2)}.`;
  }

  /** What is known of a pixel. */
  tell(cell) {
    if (!cell || !this.rates) return;
    const near = this.refined.near(...cell);
    const [column, row] = near ? [near.column, near.row] : cell;
    const seen = near ? (near.made.converged ? "trains" : "diverges") : "not computed yet";
    this.find(".cell").textContent = `First layer ${figure(this.rates[0][column])}, last layer ${figure(this.rates[1][row])}: ${seen}.`;
  }

  rows() {
    const rows = [];
    this.refined.known?.forEach((made, place) => made && rows.push([this.rates[0][place % COUNT], this.rates[1][Math.floor(place / COUNT)], made.converged ? 1 : 0, made.sum]));
    return [["learning rate of the first layer", "learning rate of the last layer", "converged", "sum of losses"], ...rows];
  }
}

/**
 * The square with a corner here that reaches to there, its lower left and upper right corners.
 * @param {number[]} from
 * @param {number[]} to
 */
function square(from, to) {
  const [x, y] = from;
  const [toX, toY] = to;
  const side = Math.max(Math.abs(toX - x), Math.abs(toY - y));
  const low = [toX < x ? x - side : x, toY < y ? y - side : y];
  return [low, low.map((each) => each + side)];
}

define("gradlab-boundary", BoundaryView);
