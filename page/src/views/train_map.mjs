// The part of Train that shows which settings succeed: the map, what is under the pointer, and the recommendation.
import { Crew } from "../crew.mjs";
import { ofShare } from "../drawing/colours.mjs";
import { SettingsMap } from "../drawing/map.mjs";
import { file } from "../files.mjs";
import { show } from "../mathematics.mjs";
import { CAUSES } from "../tables.mjs";
import { axis, Refined } from "../refine.mjs";
import { figure } from "../words.mjs";
import { CauseMap } from "./train_causes.mjs";

const COUNT = 64; // settings a side
const WORK = 4e7; // parameters x points x steps x runs of a part: a few hundredths of a second
const LAYOUT = `
<canvas class="map" width="720" height="720" tabindex="0" role="img"></canvas>
<p class="legend"><span>no run succeeds</span><canvas width="200" height="14" aria-hidden="true"></canvas><span>all do</span></p>
<p class="cell" aria-live="polite"></p>
<p class="recommendation wide" aria-live="polite"></p>
<div class="buttons"><button type="button" data-map="take" hidden>Train the recommended setting</button><button type="button" data-map="stop">Stop the map</button><button type="button" data-map="why">Why do runs fail?</button></div>`;
const PATIENCE = 2500; // milliseconds after the coarse map until it is spoken of, should the fine one not be there
const FRESH = 1n << 127n; // by which the seed of runs with fresh numbers differs

export class MapRoom {
  count = COUNT;

  /** @param {import("./train.mjs").Train} view @param {HTMLElement} place */
  constructor(view, place) {
    this.view = view;
    show(place, [LAYOUT]);
    /** @type {(selector: string) => any} */
    const find = (selector) => place.querySelector(selector);
    this.canvas = find(".map");
    this.cellLine = find(".cell");
    this.words = find(".recommendation");
    this.button = find("[data-map=stop]");
    this.taking = find("[data-map=take]");
    this.map = new SettingsMap(this.canvas, ["learning rate", "scale of the starts"]);
    this.success = new Refined(file("workers/success.js"), COUNT, 4);
    this.success.crew.warm();
    this.fresh = new Crew(file("workers/success.js"), 1);
    this.map.legend(find(".legend canvas"), ofShare);
    this.causes = new CauseMap(this, view.find(".causes"), find("[data-map=why]"));
    this.listen();
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointermove", (event) => this.tell(this.map.cell(event)));
    canvas.addEventListener("click", (event) => this.choose(this.map.cell(event)));
    canvas.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!way || !this.rates) return;
      event.preventDefault();
      const { rate, scale } = this.view.state;
      const near = (values, value) => values.reduce((best, each, i) => (Math.abs(Math.log(each / value)) < Math.abs(Math.log(values[best] / value)) ? i : best), 0);
      this.choose([near(this.rates, rate) + way[0], near(this.scales, scale) + way[1]].map((place) => Math.min(COUNT - 1, Math.max(0, place))));
    });
    this.taking.addEventListener("click", () => this.choose(this.advised));
    this.button.addEventListener("click", () => this.stop("The map was stopped."));
  }

  /** Compute the map of the view's network anew. */
  async start(kernels) {
    const { state, points } = this.view;
    const { tries, steps, seed } = state;
    const [rateFrom, rateTo, scaleFrom, scaleTo] = state.map;
    // Three digits: what a cell is, a link and a program say without more.
    const short = (values) => values.map((value) => Number(value.toPrecision(3)));
    this.rates = short(axis(rateFrom, rateTo, COUNT));
    this.scales = short(axis(scaleFrom, scaleTo, COUNT));
    this.map.lay(COUNT, this.rates, this.scales);
    this.quiet();
    this.causes.clear();
    this.here();
    const setup = (this.setup = { ...kernels, runs: tries, steps, seed: BigInt(seed) });
    const cost = kernels.about.factors.length * points.length * Math.max(1, steps) * tries;
    this.began = performance.now();
    this.button.hidden = false;
    const most = Math.min(64, Math.max(1, Math.round(WORK / cost)));
    const setting = (column, row) => ({ rate: this.rates[column], scale: this.scales[row] });
    try {
      const whole = await this.success.compute(setup, most, setting, (block) => this.paint(block, tries), (size) => this.level(size));
      if (whole) this.button.hidden = true;
    } catch (problem) {
      this.stop(`The map could not be computed: ${problem.message}.`);
    }
  }

  paint({ column, row, size, made }, tries) {
    this.map.paint(column, row, size, ofShare(made.successes / tries));
    this.map.later(() => this.draw());
  }

  level(size) {
    this.canvas.dataset.level = String(size);
    this.canvas.dataset.milliseconds = String(Math.round(performance.now() - this.began));
    this.here();
    clearTimeout(this.patience);
    if (size === 1) this.advise(1);
    else this.patience = setTimeout(() => this.advise(size), PATIENCE);
  }

  /** Nothing is recommended any more. */
  quiet() {
    clearTimeout(this.patience);
    this.fresh.cancel();
    this.words.textContent = "";
    delete this.words.dataset.size;
    this.taking.hidden = true;
  }

  /** Ask Python which setting of the blocks of a size trains reliably, train it with fresh seeds, and say so. */
  async advise(size) {
    const { setup, view } = this;
    const places = Array.from({ length: COUNT / size }, (_, i) => i * size);
    const known = (row, column) => this.success.known[row * COUNT + column];
    const { steps, rule, init, tries } = view.state;
    const [rates, scales] = [this.rates, this.scales].map((values) => places.map((place) => values[place]));
    const successes = places.map((row) => places.map((column) => known(row, column).successes));
    const given = { rates, scales, successes, runs: tries, steps, points: view.points.length, rule, initialisation: init };
    const found = await this.view.ask("recommendation", given);
    if (setup !== this.setup || found.error) return;
    if (!found.fresh) {
      this.words.textContent = "No run of the map succeeds: try more steps, more hidden units, or another range of settings.";
      return;
    }
    const cell = [places[found.rate], places[found.scale]];
    const part = { settings: [{ rate: rates[found.rate], scale: scales[found.scale] }] };
    /** @type {any} */
    let fresh;
    const job = { ...setup, runs: found.fresh, seed: setup.seed ^ FRESH };
    const done = await this.fresh.run(job, [part], (_, made) => (fresh = made[0])).catch(() => false);
    if (!done || setup !== this.setup) return;
    const told = await this.view.ask("recommendation", { ...given, fresh: fresh.successes, first: known(cell[1], cell[0]).steps });
    if (setup !== this.setup || told.error) return;
    this.advised = cell;
    this.words.textContent = told.words;
    this.words.dataset.size = String(size);
    this.taking.hidden = false;
  }

  stop(words) {
    this.success.close();
    this.causes.stop("");
    this.quiet();
    this.button.hidden = true;
    this.words.textContent = words;
  }

  close() {
    this.quiet();
    this.causes.stop("");
    this.success.crew.close();
    this.fresh.close();
  }

  draw() {
    const { rate, scale } = this.view.state;
    this.map.draw([rate, scale]);
    if (this.causes.known.size) this.causes.draw();
  }

  /** Show where the view's setting is. */
  here() {
    if (!this.rates) return;
    this.draw();
    const best = this.best();
    const found = best ? ` The best so far: rate ${figure(this.rates[best.column])}, scale ${figure(this.scales[best.row])}, ${best.successes} of ${this.view.state.tries} runs.` : "";
    this.canvas.setAttribute("aria-label", `Which share of runs succeeds, by learning rate and scale of the starts.${found} Arrow keys change the setting.`);
  }

  /** The known cell with the most successes. */
  best() {
    let best;
    this.success.known?.forEach((made, place) => {
      if (made && (!best || made.successes > best.successes)) best = { row: Math.floor(place / COUNT), column: place % COUNT, successes: made.successes };
    });
    return best;
  }

  /** Train a cell's setting. */
  choose(cell) {
    if (!cell || !this.rates) return;
    const [column, row] = cell;
    this.view.keep({ rate: this.rates[column], scale: this.scales[row] });
    this.view.fill();
    this.view.train();
    this.tell(cell);
  }

  /** What is known of a cell. */
  tell(cell) {
    if (!cell || !this.rates) return;
    const { tries, steps } = this.view.state;
    const near = this.success.near(...cell);
    const [column, row] = near ? [near.column, near.row] : cell;
    const seen = near ? `${near.made.successes} of ${tries} runs have all points right after ${steps} steps, ${near.made.diverged} diverged` : "not computed yet";
    this.cellLine.textContent = `${this.name(column, row)}: ${seen}.`;
  }

  /** A cell's setting in words. */
  name(column, row) {
    return `Rate ${figure(this.rates[column])}, scale ${figure(this.scales[row])}`;
  }

  /** All cells as a table. */
  rows() {
    const rows = [];
    this.success.known?.forEach((made, place) => {
      if (made) rows.push([this.rates[place % COUNT], this.scales[Math.floor(place / COUNT)], made.successes, made.diverged, this.view.state.tries, ...this.causes.row(place)]);
    });
    return [["learning rate", "scale", "successes", "diverged", "runs", ...CAUSES.map(({ name }) => `of the first: ${name.replaceAll("_", " ")}`)], ...rows];
  }
}
