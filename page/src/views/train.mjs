// Train: a small network on points in the plane, many runs at once, and the map of which settings succeed.
import { diverged } from "../counting.mjs";
import { Boundary } from "../drawing/boundary.mjs";
import { drawCurves } from "../drawing/curves.mjs";
import { Diagram } from "../drawing/diagram.mjs";
import { Drawing, Looking, Prediction, Training } from "../kernels.mjs";
import { training as program } from "../program.mjs";
import * as questions from "../questions.mjs";
import { ENTRIES } from "../entries.mjs";
import { DATA, RULES, STATE } from "../tables.mjs";
import { downloadPicture, downloadTable } from "../save.mjs";
import { whyFailed } from "../why.mjs";
import { figure } from "../words.mjs";
import { readTable } from "../table.mjs";
import { Player } from "../player.mjs";
import { MapRoom } from "./train_map.mjs";
import { define, options, View } from "./view.mjs";

const [MOST_POINTS] = STATE.train.points.limits;
const WATCHED = 8e6; // parameters x points x steps of a run that is trained eleven times as long, several times, while somebody waits
const MOST_WORK = 4e9; // the same of all runs together: about two seconds

const LAYOUT = `
<div class="bench">
  <section aria-label="The network in the plane">
    <canvas class="plane" width="720" height="720" tabindex="0" role="img"></canvas>
    <p class="hint">Circles are class 1, squares class 0; the line is where the network's output is half way between the two.</p>
    <div class="buttons">
      <button type="button" data-do="play">Play</button><button type="button" data-do="step">Step</button><button type="button" data-do="reset">Reset</button>
      <label class="inline">Step <input name="at" type="range" min="0" step="1"></label>
      <label class="inline">Run <input name="run" type="number" min="0"></label>
    </div>
    <p class="wrong" role="alert"></p>
    <output aria-live="polite"></output>
    <p><button type="button" data-do="why" hidden>Why did this run fail?</button> <span class="why" aria-live="polite"></span></p>
  </section>
  <form>
    <label>Data <select name="data"></select></label>
    <label>A click adds <select name="click"><option value="1">class 1</option><option value="0">class 0</option><option value="-">nothing: it takes away</option></select></label>
    <label>Points <input name="points" type="text" autocomplete="off" placeholder="0,0,1;1,0.5,0"></label>
    <label>Hidden <input name="hidden" type="text" autocomplete="off"></label>
    <label>Activation <select name="activation"></select></label>
    <label>Loss <select name="loss"></select></label>
    <label>Rule <select name="rule"></select></label>
    <label>Rate <input name="rate" type="range" min="-4" max="3" step="0.01"><input data-beside="rate" type="text" inputmode="decimal" aria-label="Rate as a number"></label>
    <label>Starts <select name="init"></select></label>
    <label>Scale <input name="scale" type="range" min="-3" max="3" step="0.01"><input data-beside="scale" type="text" inputmode="decimal" aria-label="Scale as a number"></label>
    <label>Steps <input name="steps" type="number" min="0" max="5000"></label>
    <label>Runs <input name="runs" type="number" min="1" max="200"></label>
    <label>Seed <input name="seed" type="number" min="0"></label>
    <label class="button">Load a CSV <input name="file" type="file" accept=".csv,.tsv,.txt,text/csv"></label>
    <label>Columns <input data-columns type="text" autocomplete="off" spellcheck="false" placeholder="of a CSV with more than three: 3, 4, 5=setosa"></label>
  </form>
  <section class="settings" aria-label="Which settings succeed"></section>
  <section aria-label="Losses"><canvas class="curves" width="900" height="380" role="img"></canvas><p class="hint">The loss after each step: of runs that end with all points right in green, of others in red; the thick line is the run above.</p></section>
  <section aria-label="The network"><div class="diagram"></div><p class="hint">Weights above zero are blue, below zero orange; the thicker, the larger. Rings are biases.</p></section>
  <section class="causes" aria-label="Why runs fail" hidden></section>
</div>
<div class="buttons">
  <button type="button" data-save="plane">Download the plane (PNG)</button><button type="button" data-save="map">Download the map (PNG)</button>
  <button type="button" data-save="diagram">Download the network (SVG)</button><button type="button" data-save="runs">Download the runs (CSV)</button><button type="button" data-save="settings">Download the map (CSV)</button>
</div>
<section class="program"><h2>As Python</h2><p class="hint">From the same starts to the bit; steps are rounded otherwise there, so that with long steps a run or two of 100 may end otherwise.</p><pre class="wide"><code></code></pre></section>`;

export class Train extends View {
  static entries = ENTRIES.train;
  static layout = LAYOUT;
  /** @type {Prediction | undefined} */
  prediction;
  /** @type {Drawing | undefined} */
  drawing;
  /** @type {File | string | undefined} a table, read again where other columns are chosen */
  source;

  begin() {
    this.boundary = new Boundary(this.find(".plane"));
    this.diagram = new Diagram(this.find(".diagram"));
    this.room = new MapRoom(this, this.find(".settings"));
    this.player = new Player(this.find("[data-do=play]"), (step) => this.show(step));
    const fields = this.form.elements;
    options(fields.data, [...Object.entries(DATA).map(([name, { title }]) => [name, title]), ["own", "your own points"]]);
    options(fields.rule, RULES.map(({ name, title }) => [name, title]));
    for (const name of ["activation", "loss", "init"]) options(fields[name], this.named(name));
    this.listen();
    this.fill();
    this.load();
  }

  disconnectedCallback() {
    this.player.stop();
    this.room.close();
  }

  get points() {
    return this.state.data === "own" ? this.state.points : DATA[this.state.data].points;
  }

  program() {
    return program(this.state);
  }

  fill() {
    super.fill();
    this.find("[name=run]").value = this.run;
  }

  listen() {
    const plane = this.find(".plane");
    plane.addEventListener("click", (event) => this.clicked(this.boundary.point(event)));
    const at = this.find("[name=at]");
    at.addEventListener("input", () => (this.player.stop(), this.show(Number(at.value))));
    this.find("[name=run]").addEventListener("change", ({ target }) => this.read(target));
    const acts = { play: () => this.player.toggle(this.at, this.state.steps), step: () => (this.player.stop(), this.show(Math.min(this.at + 1, this.state.steps))), reset: () => (this.player.stop(), this.show(0)), why: () => this.why() };
    for (const button of this.all("[data-do]")) button.addEventListener("click", acts[button.dataset.do]);
    this.form.elements.file.addEventListener("change", ({ target }) => target.files[0] && this.take(target.files[0]));
    this.find("[data-columns]").addEventListener("change", () => this.source && this.take(this.source));
    plane.addEventListener("dragover", (event) => event.preventDefault());
    plane.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files[0]) this.take(event.dataTransfer.files[0]);
    });
    plane.addEventListener("paste", (event) => this.take(event.clipboardData.getData("text/plain")));
    const saves = {
      plane: () => downloadPicture(plane, "plane.png"), map: () => downloadPicture(this.room.canvas, "map.png"),
      diagram: () => this.diagram.save(), runs: () => downloadTable(this.rows(), "runs.csv"), settings: () => downloadTable(this.room.rows(), "settings.csv"),
    };
    for (const button of this.all("[data-save]")) button.addEventListener("click", saves[button.dataset.save]);
  }

  /** A point is added to those that are there, or the nearest one taken away. */
  clicked(place) {
    const [x, y] = place;
    const label = this.form.elements.click.value;
    const near = ([px, py]) => Math.hypot(px - x, py - y);
    const nearest = this.points.reduce((best, point) => (best && near(best) <= near(point) ? best : point), undefined);
    const made = label === "-" ? this.points.filter((point) => point !== nearest) : [...this.points, [...[x, y].map((z) => Number(z.toPrecision(3))), Number(label)]];
    this.own(made);
  }

  /** Train on points of one's own. */
  own(made) {
    if (made.length > MOST_POINTS) return this.say(`the page trains on up to ${MOST_POINTS} points`, "field");
    this.keep({ data: "own", points: made });
    this.fill();
    return this.load();
  }

  /** Points from a file or a text. @param {File | string} source */
  async take(source) {
    this.source = source;
    try {
      const { rows, notice } = await readTable(source, MOST_POINTS, this.find("[data-columns]").value.trim());
      await this.own(rows);
      if (notice && !this.find(".wrong").textContent) this.say(notice, "field");
    } catch (problem) {
      this.say(problem.message, "field");
    }
  }

  changed(name) {
    if (name === "points") this.keep({ data: "own" });
    this.fill();
    if (name === "run") return this.show(this.at);
    if (this.kernel && ["rate", "scale", "runs"].includes(name)) return this.train();
    return this.load();
  }

  /** Ask Python for the kernels, and begin with them. */
  async load() {
    this.player.stop();
    this.boundary.frame(this.points);
    const wanted = this.latest();
    const [made, drawn] = await Promise.all([this.ask(...questions.network(this.state, this.points)), this.ask(...questions.drawing())]);
    if (!wanted()) return undefined;
    this.say(made.error ?? drawn.error ?? "");
    if (made.error || drawn.error) return this.nothing();
    const { training, prediction, ...about } = made;
    about.table = this.points.flatMap(([x, y, label]) => [x, y, about.labels[label]]);
    const [kernel, module] = await Promise.all([training, drawn.module].map((code) => WebAssembly.compile(code)));
    const ready = await Promise.all([Training.of(kernel, about), Prediction.of(prediction), Drawing.of(module)]);
    if (!wanted()) return undefined;
    [this.kernel, this.prediction, this.drawing] = ready;
    this.diagram.lay(made.units, made.parameters);
    this.train();
    if (this.kernel) this.room.start({ kernel, drawing: module, about });
    return undefined;
  }

  /** There is nothing to be trained: the points are shown, and nothing of what was trained before. */
  nothing() {
    this.kernel = undefined;
    this.room.stop("");
    this.boundary.blank(this.points);
    const classes = new Set(this.points.map(([, , label]) => label)).size;
    this.find("output").textContent = classes < 2 ? "Click into the plane to add points of both classes, or write them into the field." : "";
    this.find("[data-do=why]").hidden = true;
    this.told();
  }

  /** Train all runs of the setting, and show where they end. */
  train() {
    const { kernel, state } = this;
    if (!kernel) return;
    this.player.stop();
    const work = kernel.factors.length * this.points.length * state.steps * state.runs;
    const heavy = work > MOST_WORK ? `this is ${Math.ceil(work / MOST_WORK)} times what the page trains while you wait: take fewer steps, runs or units` : "";
    this.say(heavy);
    if (heavy) {
      this.nothing();
      return;
    }
    const wanted = { parameters: kernel.factors.length, runs: state.runs, uniform: kernel.uniform, seed: BigInt(state.seed), first: 0n };
    this.starts = kernel.starts(this.drawing.standard(wanted), state.scale);
    this.ended = { ...kernel.train(this.starts, [state.rate], state.steps, true), steps: state.steps };
    this.find("[name=at]").max = state.steps;
    this.find("[name=run]").max = state.runs - 1;
    this.show(state.steps);
    this.room.here();
  }

  get run() {
    return Math.min(this.state.run, this.state.runs - 1);
  }

  /** Show the network as it is after a step: trained to there anew, which takes less than a thousandth of a second. */
  show(step) {
    const { kernel, run } = this;
    if (!kernel) return;
    this.at = step;
    const count = kernel.factors.length;
    const { parameters } = this.again(this.state.rate, step);
    this.boundary.draw(this.prediction, parameters, kernel.labels, this.points);
    this.diagram.draw(parameters);
    drawCurves(this.find(".curves"), this.ended, run, step);
    this.find("[name=at]").value = step;
    this.find(".plane").setAttribute("aria-label", `Run ${run} after ${step} steps; ${this.points.length} points. A click adds a point. ${this.words()}`);
    this.find(".curves").setAttribute("aria-label", `The losses of ${this.state.runs} runs over ${this.state.steps} steps. ${this.words()}`);
    this.find("output").textContent = this.words();
    this.find(".why").textContent = "";
    this.find("[data-do=why]").hidden = this.ended.right[run] === 1 || this.state.steps === 0 || this.state.steps * count * this.points.length > WATCHED;
    this.told();
  }

  /** The run that is shown, from its start, with another rate and number of steps. */
  again(rate, steps) {
    const count = this.kernel.factors.length;
    const start = this.starts.slice(this.run * count, (this.run + 1) * count);
    return this.kernel.train(start, [rate], steps);
  }

  /** Find out why the run that is shown failed, and say so. */
  async why() {
    const { kernel, starts, ended, run, state, points, drawing } = this;
    const tell = (words) => ended === this.ended && run === this.run && (this.find(".why").textContent = words);
    tell("Trying what would have helped …");
    const looking = await this.looking().catch(({ message }) => tell(message));
    if (!looking) return undefined;
    const found = await whyFailed((...asked) => this.ask(...asked), { kernel, drawing, looking, starts, ended }, run, state, points);
    tell(found.error ?? found.words);
    if (found.cause && ended === this.ended) Object.assign(this.find(".why").dataset, { cause: found.cause, run });
    return undefined;
  }

  /** The kernel that looks closely at a run. @throws {Error} if Python gives none */
  async looking() {
    const { kernel, state, points } = this;
    const made = await this.ask(...questions.looking(state, points));
    if (made.error) throw new Error(made.error);
    return Looking.of(made.module, { table: kernel.table, points: points.length, count: kernel.factors.length, hidden: state.hidden.reduce((sum, units) => sum + units, 0) });
  }

  /** How the runs went, as was seen. */
  words() {
    const { ended, run, state } = this;
    const right = ended.right.reduce((sum, value) => sum + value, 0);
    const lost = ended.right.filter((_, each) => diverged(ended, each)).length;
    const own = ended.right[run] === 1 ? `all points right, first after step ${ended.success[run]}` : diverged(ended, run) ? "diverged" : "not all points right";
    const all = `After ${state.steps} steps ${right} of ${state.runs} runs have all ${this.points.length} points right${lost ? `; ${lost} diverged` : ""}.`;
    return `${all} Run ${run}: ${own}, loss ${figure(ended.initial[run])} to ${figure(ended.loss[run])}.`;
  }

  /** All runs as a table. */
  rows() {
    const { ended, kernel } = this;
    const count = kernel.factors.length;
    const row = (_, run) => [run, ended.initial[run], ended.loss[run], ended.right[run], ended.success[run], ...ended.parameters.slice(run * count, (run + 1) * count)];
    return [["run", "first loss", "last loss", "all right", "first right after step", ...kernel.parameters], ...Array.from({ length: this.state.runs }, row)];
  }
}

define("gradlab-train", Train);
