// Descend: a function of two variables, and the way down from a start that is dragged.
import { ofWay } from "../drawing/colours.mjs";
import { drawLimit } from "../drawing/limit.mjs";
import { line, Plane } from "../drawing/plane.mjs";
import { curvatureInWords, curvaturesOf } from "../curvature.mjs";
import { Curvature, Surface, Way } from "../kernels.mjs";
import { show } from "../mathematics.mjs";
import { ENTRIES, USUAL } from "../entries.mjs";
import { FUNCTIONS } from "../functions.mjs";
import { Player } from "../player.mjs";
import { descent as program } from "../program.mjs";
import * as questions from "../questions.mjs";
import { downloadPicture, downloadTable } from "../save.mjs";
import { RULES } from "../tables.mjs";
import { figure, gone, leaving, multiplied, outcome, outcomes, table } from "../words.mjs";
import { define, options, View } from "./view.mjs";

const { f: BOWL, view: VIEW } = USUAL.descend;
const REST = 80; // milliseconds without a movement, after which it is said how a dragged start went
const ROOM = 1.4; // how much wider than the ways is what is seen of them, as gl.play.descend has it
const FAR = 20; // widths of the picture that it may grow by itself to show a way of what was typed
const NEAR = 1e-12; // of a kink: what is so near may be rounding
const FINGER = 44; // pixels of the screen around the start in which a finger takes hold of it
const STEP = 1 / 40; // of the view's width, that an arrow key moves the start

const LAYOUT = `
<div class="laboratory">
  <div>
    <canvas class="plane" width="720" height="720" tabindex="0" role="img"></canvas>
    <div class="buttons">
      <button type="button" data-do="play">Play</button><button type="button" data-do="step">Step</button><button type="button" data-do="reset">Reset</button>
      <label class="inline">Step <input name="at" type="range" min="0" step="1"></label>
    </div>
    <div class="buttons"><button type="button" data-zoom="0.7">Closer</button><button type="button" data-zoom="1.4">Farther</button><button type="button" data-fit>Whole way</button><button type="button" data-save="png">Download PNG</button></div>
  </div>
  <div>
    <form>
      <label>Example <select name="example"></select></label>
      <label>Function <input name="f" type="text" autocomplete="off" spellcheck="false" maxlength="600"></label>
      <label>Start <input name="start" type="text" autocomplete="off"></label>
      <label>Rate <input name="rate" type="range" min="-4" max="1" step="0.01"><input data-beside="rate" type="text" inputmode="decimal" aria-label="Rate as a number"></label>
      <fieldset><legend>Rules, side by side</legend></fieldset>
      <label>Steps <input name="steps" type="number" min="0" max="2000"></label>
    </form>
    <p class="wrong" role="alert"></p>
    <output aria-live="polite"></output>
    <div class="ends wide"></div>
    <p class="bend" aria-live="polite"></p>
    <div class="formula wide"></div><div class="hessian wide"></div>
    <div class="limit" hidden><div class="wide"></div><canvas width="720" height="300" role="img"></canvas></div>
  </div>
</div>
<h2>The derivation</h2><div class="derivation wide"></div>
<h2>The steps</h2><div class="steps wide"></div>
<div class="buttons"><button type="button" data-save="csv">Download the steps as CSV</button></div>
<section class="program"><h2>As Python</h2><pre class="wide"><code></code></pre></section>`;

/** A place as the state and a link have it. */
const rounded = (point) => point.map((x) => Number(x.toPrecision(4)));

export class Descend extends View {
  static entries = ENTRIES.descend;
  static layout = LAYOUT;
  /** @type {Surface | undefined} */
  surface;
  /** @type {any} what Python says of the function */
  function;
  /** @type {Curvature | undefined} */
  curvature;
  /** @type {Surface | undefined} how far parts of the function are from changing from one branch to another */
  kinks;
  /** @type {{name: string, title: string, number: number, numbers: number[], kernel: Way, steps: import("../words.mjs").Steps}[]} */
  ways = [];
  /** @type {number[] | undefined} where the start is dragged */
  dragged;
  at = 0;
  /** @type {{name: string, answer: Promise<any>} | undefined} the steps as fractions, and what was asked for them */
  exact;
  /** @type {Promise<void> | undefined} */
  reading;

  begin() {
    this.plane = new Plane(this.find(".plane"));
    const { example } = this.form.elements;
    options(example, [["", "choose …"], ...FUNCTIONS.map(({ title }, i) => [String(i), title])]);
    example.addEventListener("change", () => this.choose(example.value));
    this.find("fieldset").append(...RULES.map(({ name, title }, i) => this.box(name, title, i)));
    this.player = new Player(this.find("[data-do=play]"), (at) => this.draw(at, at), () => this.show(this.at));
    this.listen();
    this.fill();
    this.unseen = this.state.f !== BOWL && this.state.view.join() === VIEW.join(); // a link says nothing of where it is
    this.load();
  }

  disconnectedCallback() {
    clearTimeout(this.resting);
    this.player.stop();
  }

  /** A rule that can be chosen, in the colour of its way. */
  box(name, title, number) {
    const label = Object.assign(document.createElement("label"), { className: "inline" });
    const canvas = Object.assign(document.createElement("canvas"), { width: 48, height: 12, ariaHidden: "true" });
    label.append(Object.assign(document.createElement("input"), { type: "checkbox", name: "rule", value: name }), canvas, title);
    line(canvas.getContext("2d"), ofWay(number), [0, 6], 48);
    return label;
  }

  listen() {
    const canvas = this.find(".plane");
    let held = false; // the start; a finger beside it scrolls or zooms the page, and puts the start where it taps
    const drag = (event) => {
      if (!held || !event.isPrimary || !(event.buttons & 1) || !this.plane.view) return;
      this.dragged = this.plane.point(event);
      this.drag(this.dragged);
    };
    const drop = () => {
      if (this.dragged) this.moveStart(this.dragged);
      this.dragged = undefined;
      held = false;
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (!event.isPrimary || !this.plane.view) return;
      canvas.setPointerCapture(event.pointerId);
      held = event.pointerType !== "touch" || this.plane.distance(event, this.state.start) < FINGER;
      drag(event);
    });
    canvas.addEventListener("touchstart", (event) => held && event.preventDefault(), { passive: false });
    canvas.addEventListener("pointermove", drag);
    canvas.addEventListener("pointerup", (event) => {
      if (!held && event.isPrimary && this.plane.view) this.dragged = this.plane.point(event);
      drop();
    });
    canvas.addEventListener("pointercancel", drop);
    canvas.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!way) return;
      event.preventDefault();
      this.moveStart(this.state.start.map((x, i) => x + way[i] * STEP * this.state.view[2]));
    });
    const acts = { play: () => this.player.toggle(this.at, this.state.steps), step: () => this.show(this.at + 1), reset: () => this.show(0) };
    for (const button of this.all("[data-do]")) button.addEventListener("click", acts[button.dataset.do]);
    const at = this.find("[name=at]");
    at.addEventListener("input", () => this.show(Number(at.value)));
    this.find("[data-save=png]").addEventListener("click", () => downloadPicture(canvas, "descend.png"));
    this.find("[data-save=csv]").addEventListener("click", () => downloadTable(this.rows(), "descend.csv"));
    this.find("[data-fit]").addEventListener("click", () => this.fit(1e8));
    for (const button of this.all("[data-zoom]")) {
      button.addEventListener("click", () => {
        const [x, y, width] = this.state.view;
        this.keep({ view: [x, y, Number((width * Number(button.dataset.zoom)).toPrecision(4))] });
        this.lay();
      });
    }
  }

  /** One of the functions offered. */
  choose(number) {
    if (number === "") return;
    const { f, view, start, rate } = FUNCTIONS[Number(number)];
    this.keep({ f, view, start, rate, at: 0 });
    this.fill();
    this.load();
  }

  changed(name) {
    this.typed = name === "f";
    if (name === "f" || name === "rule") this.load();
    else this.walk();
    if (this.typed) this.fill();
  }

  fill() {
    super.fill();
    this.form.elements.example.value = String(FUNCTIONS.findIndex(({ f }) => f === this.state.f)).replace("-1", "");
  }

  program() {
    const at = this.ways[0]?.steps[this.at]?.point;
    return program(this.state, at?.every(Number.isFinite) ? at : this.state.start);
  }

  /** The start is on its way: the picture follows, and what is read comes when it rests. */
  drag(start) {
    this.state = { ...this.state, start: rounded(start) };
    if (this.descend()) this.later();
  }

  moveStart(start) {
    this.keep({ start: rounded(start) });
    this.form.elements.start.value = this.state.start.join(",");
    this.walk();
  }

  /** Ask Python for the function and the rules; what is derived is shown first, then the picture, then how it bends. */
  async load() {
    this.player.stop();
    const { f, rule } = this.state;
    const known = this.function?.f === f;
    const wanted = this.latest();
    if (!known) this.reading = this.explain(f);
    const asked = [this.ask(...questions.surface(this.state)), ...rule.map((each) => this.ask(...questions.way(this.state, each)))];
    const [surface, ...ways] = await Promise.all(asked);
    if (!wanted()) return;
    const wrong = surface.error ?? ways.find(({ error }) => error)?.error ?? "";
    this.say(wrong);
    this.say(surface.remark ?? "", "remark");
    if (wrong) return;
    const [plane, kernels] = await Promise.all([Surface.of(surface.module), Promise.all(ways.map(({ module }) => Way.of(module)))]);
    if (!wanted()) return;
    this.surface = plane;
    if (!known) [this.function, this.curvature, this.kinks] = [{ ...surface, f }, undefined, undefined];
    this.ways = kernels.map((kernel, i) => {
      const number = RULES.findIndex(({ name }) => name === rule[i]);
      return { name: rule[i], title: RULES[number].title, number, numbers: ways[i].numbers, kernel, steps: [] };
    });
    this.lay();
    this.follow();
    if (!known) this.bow(this.function);
  }

  /** Show the derivation, which is there before the kernels are printed. */
  async explain(f) {
    const derived = await this.ask(...questions.derived(this.state));
    if (!this.isConnected || f !== this.state.f || derived.error) return;
    show(this.find(".formula"), [derived.formula, derived.gradient]);
    this.say("");
    this.find(".bend").textContent = "";
    show(this.find(".hessian"), []);
    this.find(".limit").hidden = true;
    show(this.find(".derivation"), derived.derivations);
    this.dataset.derived = String(Number(this.dataset.derived ?? 0) + 1);
  }

  /** Show how the function bends. */
  async bow(made) {
    const [bent] = await Promise.all([this.ask(...questions.bent(this.state)), this.reading]);
    const [curvature, kinks] = bent.error ? [] : await Promise.all([Curvature.of(bent.module), bent.kinks.length ? Surface.of(bent.kinks) : undefined]);
    if (made !== this.function) return;
    this.say(bent.error ?? "");
    if (!curvature) return;
    [this.curvature, this.kinks] = [curvature, kinks];
    made.curvatures = bent.curvatures;
    show(this.find(".hessian"), [bent.hessian]);
    show(this.find(".limit div"), [bent.limit]);
    made.limit = bent.limit;
    this.walk();
    this.dataset.explained = String(Number(this.dataset.explained ?? 0) + 1);
  }

  lay() {
    const [x, y, width] = this.state.view;
    if (!this.surface) return;
    this.plane.lay(this.surface, { x, y, width });
    this.walk();
  }

  /** See the ways of a function that is new here: nobody knows yet where they lead. */
  follow() {
    if (this.unseen || (this.typed && leaving(this.ways, this.state.view))) this.fit(FAR * this.state.view[2]);
    this.typed = this.unseen = false;
  }

  /** See the ways, as far as they are from the start at most. */
  fit(farthest) {
    const { start } = this.state;
    const seen = this.ways.flatMap(({ steps }) => {
      const lost = steps.findIndex(({ point }) => !(Math.hypot(point[0] - start[0], point[1] - start[1]) <= farthest));
      return (lost < 0 ? steps : steps.slice(0, Math.max(1, lost))).map(({ point }) => point);
    });
    if (!seen.length) return;
    const [low, high] = [Math.min, Math.max].map((of) => [0, 1].map((i) => seen.reduce((found, point) => of(found, point[i]), seen[0][i])));
    const width = ROOM * Math.max(high[0] - low[0], high[1] - low[1]) || VIEW[2]; // nothing but the start is seen
    this.keep({ view: rounded([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, width]) });
    this.lay();
  }

  /** Go down anew, and draw it. @returns {boolean} whether there is something to be drawn */
  descend() {
    if (!this.ways.length || !this.plane.view) return false;
    const { start, rate, steps, at } = this.state;
    this.player.stop();
    for (const way of this.ways) way.steps = way.kernel.from(start, [rate, ...way.numbers], steps);
    this.paint(Math.min(at, steps), steps);
    this.told();
    return true;
  }

  /** Say how it went where nothing has moved for a moment. */
  later() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.tell(), REST);
  }

  /** Go down anew, and say at once how it went. */
  walk() {
    if (this.descend()) this.tell();
  }

  /** How the ways went, in words and tables. */
  tell() {
    clearTimeout(this.resting);
    const { rate, steps } = this.state;
    const { variables } = this.function;
    this.words = `${outcome(this.ways, this.function, rate)} ${leaving(this.ways, this.state.view)}`.trim();
    this.find("output").textContent = this.words;
    this.find(".ends").replaceChildren(outcomes(this.ways, variables));
    this.list([]);
    this.resting = setTimeout(() => this.fractions(), REST);
    this.find("[name=at]").max = steps;
    this.limit();
    this.describe();
  }

  /** The steps as tables, exact where that is known. */
  list(exact) {
    const head = (title) => (this.ways.length > 1 ? [Object.assign(document.createElement("h3"), { textContent: title })] : []);
    this.find(".steps").replaceChildren(...this.ways.flatMap(({ title, steps }, i) => [...head(title), table(steps, this.function.variables, exact[i])]));
  }

  /** Ask Python for the first steps as fractions, once for each state. */
  async fractions() {
    const asked = () => questions.nameOf(...questions.exact(this.state));
    const name = asked();
    if (this.exact?.name !== name) this.exact = { name, answer: this.ask(...questions.exact(this.state)) };
    const made = await this.exact.answer;
    if (this.isConnected && asked() === name && !made.error) this.list(made.ways);
  }

  /** By what a step of gradient descent on a bowl multiplies the distance to its lowest point, for each rate. */
  limit() {
    const { rate } = this.state;
    const { curvatures, limit } = this.function;
    const place = this.find(".limit");
    place.hidden = !limit || !this.ways.some(({ name }) => name === "gradient_descent");
    if (place.hidden) return;
    const canvas = place.querySelector("canvas");
    drawLimit(canvas, curvatures, rate, figure(2 / curvatures[1]));
    const factors = curvatures.map((curvature) => multiplied(rate * curvature));
    canvas.setAttribute("aria-label", `By what a step multiplies the distance to the lowest point along the two directions of curvature, for each learning rate: at ${figure(rate)} by ${factors.join(" and ")}. Above ${figure(2 / curvatures[1])} one of them is larger than 1.`);
  }

  /** Mark a step, and keep it. */
  show(step) {
    this.player.stop();
    this.keep({ at: Math.min(step, this.state.steps) });
    this.draw(this.state.at, this.state.steps);
  }

  /** Draw the ways up to a step, and mark one. */
  draw(at, upTo) {
    this.paint(at, upTo);
    this.describe();
  }

  paint(at, upTo) {
    const { point, value } = this.ways[0].steps[at];
    this.at = at;
    this.kink = this.kinks?.at(point) <= NEAR * Math.max(1, ...point.map(Math.abs));
    this.bend = this.curvature && Number.isFinite(value) && !this.kink ? curvaturesOf(this.curvature.at(point)) : undefined;
    this.plane.draw(this.ways, { at, upTo, point, bend: this.bend });
  }

  /** What is seen at the marked step, in words. */
  describe() {
    const { at, bend } = this;
    const [first] = this.ways;
    const { point, value } = first.steps[at];
    const bends = this.curvature ? curvatureInWords(point, bend, value, this.kink) : "";
    const where = this.ways.length > 1 ? `, where ${first.title} is` : "";
    this.find(".bend").textContent = bends && `Step ${at}${where}: ${bends[0].toLowerCase()}${bends.slice(1)}`;
    this.find("[name=at]").value = at;
    this.find(".plane").setAttribute("aria-label", `Lines of equal height and the way down. ${this.words} ${bends} Arrow keys move the start.`);
    this.find(".program code").textContent = this.program();
  }

  /** All steps as a table. */
  rows() {
    const { variables } = this.function;
    const head = ["rule", "step", ...variables, "value", ...variables.map((name) => `derivative by ${name}`)];
    return [head, ...this.ways.flatMap(({ name, steps }) => gone(steps).map(({ point, value, slope }, i) => [name, i, ...point, value, ...slope]))];
  }
}

define("gradlab-descend", Descend);
