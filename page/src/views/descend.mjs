// Descend: a function of two variables, and the way down from a start that is dragged.
import { Plane } from "../drawing/plane.mjs";
import { Surface, Way } from "../kernels.mjs";
import { show } from "../mathematics.mjs";
import { FUNCTIONS } from "../functions.mjs";
import { asNumbers, listOf } from "../program.mjs";
import * as questions from "../questions.mjs";
import { downloadPicture, downloadTable } from "../save.mjs";
import { choice, number, numbers, text, whole } from "../state.mjs";
import { RULES } from "../tables.mjs";
import { outcome, table } from "../words.mjs";
import { define, options, View } from "./view.mjs";

const [{ view: VIEW, start: START }] = FUNCTIONS;
const STEP = 1 / 40; // of the view's width, that an arrow key moves the start

const entries = {
  f: text(questions.DESCEND.f, 600), start: numbers(START), view: numbers(VIEW), rate: number(0.1, 1e-6, 100),
  rule: choice(questions.DESCEND.rule, RULES.map(({ name }) => name)), steps: whole(30, 0, 2000),
};

const LAYOUT = `
<div class="laboratory">
  <div>
    <canvas width="720" height="720" tabindex="0" role="img"></canvas>
    <div class="buttons"><button type="button" data-zoom="0.7">Closer</button><button type="button" data-zoom="1.4">Farther</button><button type="button" data-save="png">Download PNG</button></div>
  </div>
  <div>
    <form>
      <label>Example <select name="example"></select></label>
      <label>Function <input name="f" type="text" autocomplete="off" spellcheck="false" maxlength="600"></label>
      <label>Start <input name="start" type="text" autocomplete="off"></label>
      <label>Rate <input name="rate" type="range" min="-4" max="1" step="0.01"></label>
      <label>Rule <select name="rule"></select></label>
      <label>Steps <input name="steps" type="number" min="0" max="2000"></label>
    </form>
    <p class="wrong" role="alert"></p>
    <output aria-live="polite"></output>
    <div class="formula wide"></div>
  </div>
</div>
<h2>The derivation</h2><div class="derivation wide"></div>
<h2>The steps</h2><div class="steps wide"></div>
<div class="buttons"><button type="button" data-save="csv">Download the steps as CSV</button></div>
<section class="program"><h2>As Python</h2><pre class="wide"><code></code></pre></section>`;

export class Descend extends View {
  static entries = entries;
  static layout = LAYOUT;
  /** @type {Surface | undefined} */
  surface;
  /** @type {Way | undefined} */
  way;

  begin() {
    this.plane = new Plane(this.find("canvas"));
    const { example, rule } = this.form.elements;
    options(example, [["", "choose …"], ...FUNCTIONS.map(({ title }, i) => [String(i), title])]);
    options(rule, RULES.map(({ name, title }) => [name, title]));
    example.addEventListener("change", () => this.choose(example.value));
    this.listen();
    this.fill();
    this.load();
  }

  listen() {
    const canvas = this.find("canvas");
    const drag = (event) => {
      if (!(event.buttons & 1) || !this.plane.view) return;
      this.moveStart(this.plane.point(event));
    };
    canvas.addEventListener("pointerdown", (event) => (canvas.setPointerCapture(event.pointerId), drag(event)));
    canvas.addEventListener("pointermove", drag);
    canvas.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!way) return;
      event.preventDefault();
      this.moveStart(this.state.start.map((x, i) => x + way[i] * STEP * this.state.view[2]));
    });
    this.find("[data-save=png]").addEventListener("click", () => downloadPicture(canvas, "descend.png"));
    this.find("[data-save=csv]").addEventListener("click", () => {
      const head = ["step", ...this.function.variables, "value", ...this.function.variables.map((name) => `derivative by ${name}`)];
      downloadTable([head, ...this.ways.map(({ point, value, slope }, i) => [i, ...point, value, ...slope])], "descend.csv");
    });
    for (const button of this.all("[data-zoom]")) {
      button.addEventListener("click", () => {
        const [x, y, width] = this.state.view;
        this.keep({ view: [x, y, width * Number(button.dataset.zoom)] });
        this.lay();
      });
    }
  }

  /** One of the functions offered. */
  choose(number) {
    if (number === "") return;
    const { f, view, start } = FUNCTIONS[Number(number)];
    this.keep({ f, view, start });
    this.fill();
    this.load();
  }

  changed(name) {
    if (name === "f" || name === "rule") this.load();
    else this.walk();
  }

  /** What computes the same in Python. */
  program() {
    const { f, start, rate, rule, steps } = this.state;
    const { call } = RULES.find(({ name }) => name === rule);
    return `import gradlab as gl

f = gl.function(${JSON.stringify(f)})
trace = gl.descend(f, start=${listOf(start)}, rule=gl.rules.${call}(${asNumbers(rate)}), max_steps=${steps})
print(trace)
`;
  }

  moveStart(start) {
    this.keep({ start: start.map((x) => Number(x.toPrecision(4))) });
    this.form.elements.start.value = this.state.start.join(",");
    this.walk();
  }

  /** Ask Python for the function and the rule, and show what it answers. */
  async load() {
    const { f, rule } = this.state;
    const [surface, way] = await Promise.all([this.ask(...questions.surface(this.state)), this.ask(...questions.way(this.state))]);
    if (f !== this.state.f || rule !== this.state.rule) return;
    const wrong = surface.error ?? way.error ?? "";
    this.say(wrong);
    if (wrong) return;
    this.function = surface;
    [this.surface, this.way] = await Promise.all([Surface.of(surface.module), Way.of(way.module)]);
    this.numbers = way.numbers;
    show(this.find(".formula"), [surface.formula, surface.gradient, surface.hessian]);
    show(this.find(".derivation"), surface.derivations);
    this.lay();
  }

  lay() {
    const [x, y, width] = this.state.view;
    if (!this.surface) return;
    this.plane.lay(this.surface, { x, y, width });
    this.walk();
  }

  walk() {
    if (!this.way || !this.plane.view) return;
    const { start, rate, steps, rule } = this.state;
    const way = this.way.from(start, [rate, ...this.numbers], steps);
    this.plane.draw(way);
    const words = outcome(way, this.function, rate, rule);
    this.find("output").textContent = words;
    this.find("canvas").setAttribute("aria-label", `Lines of equal height and the way down. ${words} Arrow keys move the start.`);
    this.find(".steps").replaceChildren(table(way, this.function.variables));
    this.ways = way;
    this.told();
  }
}

define("gradlab-descend", Descend);
