// Descend: a function of two variables, and the way down from a start that is dragged.
import { Plane } from "../drawing/plane.mjs";
import { Surface, Way } from "../kernels.mjs";
import { show } from "../mathematics.mjs";
import { ask } from "../python.mjs";
import { choice, number, numbers, text, whole } from "../state.mjs";
import { outcome, table } from "../words.mjs";

const FUNCTIONS = [
  ["the lab's bowl", "(x1 - 6)**2 + x2**2 - x1*x2", [8, 4, 16], [3, 9]],
  ["Rosenbrock's valley", "(1 - x)**2 + 100*(y - x**2)**2", [0, 1, 4], [-1.2, 1]],
  ["Himmelblau's four hollows", "(x**2 + y - 11)**2 + (x + y**2 - 7)**2", [0, 0, 11], [0, 0]],
  ["a saddle", "x**2 - y**2 + y**4/8", [0, 0, 6], [2, 0.1]],
  ["a narrow valley", "x**2 + 25*y**2", [0, 0, 12], [5, 2]],
  ["Beale", "(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2", [0, 0, 9], [1, 1]],
];
const [, BOWL, VIEW, START] = FUNCTIONS[0];
const RULES = ["gradient_descent", "momentum", "nesterov", "adam", "adamw", "rmsprop"];
const STEP = 1 / 40; // of the view's width, that an arrow key moves the start

export const entries = {
  f: text(BOWL, 600), start: numbers(START), view: numbers(VIEW), rate: number(0.1, 1e-6, 100),
  rule: choice("gradient_descent", RULES), steps: whole(30, 0, 2000),
};

const LAYOUT = `
<div class="laboratory">
  <div>
    <canvas width="720" height="720" tabindex="0" role="img"></canvas>
    <div class="buttons"><button type="button" data-zoom="0.7">Closer</button><button type="button" data-zoom="1.4">Farther</button></div>
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
<h2>The steps</h2><div class="steps wide"></div>`;

class Descend extends HTMLElement {
  connectedCallback() {
    show(this, [LAYOUT]);
    this.form = this.find("form");
    this.plane = new Plane(this.find("canvas"));
    const { example, rule } = this.form.elements;
    example.add(new Option("choose …", ""));
    FUNCTIONS.forEach(([name], i) => example.add(new Option(name, String(i))));
    RULES.forEach((name) => rule.add(new Option(name.replaceAll("_", " "), name)));
    this.listen();
    this.fill();
    this.load();
  }

  find(selector) {
    return this.querySelector(selector);
  }

  listen() {
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("change", (event) => this.changed(event.target));
    this.form.elements.rate.addEventListener("input", (event) => this.changed(event.target));
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
    for (const button of this.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => {
        const [x, y, width] = this.state.view;
        this.keep({ view: [x, y, width * Number(button.dataset.zoom)] });
        this.lay();
      });
    }
  }

  /** What somebody chose or typed. */
  changed({ name, value }) {
    if (name === "example") {
      if (value === "") return;
      const [, f, view, start] = FUNCTIONS[Number(value)];
      this.keep({ f, view, start });
      this.fill();
      this.load();
      return;
    }
    const given = name === "rate" ? String(Number((10 ** Number(value)).toPrecision(3))) : value;
    const read = entries[name].read(given);
    this.say(read === undefined ? `${name}: write ${entries[name].means}` : "");
    if (read === undefined) return;
    this.keep({ [name]: read });
    if (name === "f" || name === "rule") this.load();
    else this.walk();
  }

  moveStart(start) {
    this.keep({ start: start.map((x) => Number(x.toPrecision(4))) });
    this.form.elements.start.value = this.state.start.join(",");
    this.walk();
  }

  keep(change) {
    this.state = { ...this.state, ...change };
    this.dispatchEvent(new CustomEvent("state", { detail: this.state }));
  }

  /** The fields as the state has them. */
  fill() {
    const { f, start, rate, rule, steps } = this.form.elements;
    [f.value, start.value, rule.value] = [this.state.f, this.state.start.join(","), this.state.rule];
    [steps.value, rate.value] = [this.state.steps, Math.log10(this.state.rate)];
  }

  say(message) {
    this.find(".wrong").textContent = message;
  }

  /** Ask Python for the function and the rule, and show what it answers. */
  async load() {
    const { f, rule } = this.state;
    const [surface, way] = await Promise.all([ask("surface", { text: f }), ask("way", { text: f, rule })]);
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
    this.dataset.drawn = String(Number(this.dataset.drawn ?? 0) + 1);
  }
}

customElements.define("gradlab-descend", Descend);
