// Derive: a network that one builds, the chain rule of one of its derivatives, its numbers, and one's own line judged.
import { Diagram } from "../drawing/diagram.mjs";
import { ENTRIES, USUAL } from "../entries.mjs";
import { show } from "../mathematics.mjs";
import { derivation as program } from "../program.mjs";
import { cancel } from "../python.mjs";
import * as questions from "../questions.mjs";
import { copyButton } from "../save.mjs";
import { figure, rowsOf } from "../words.mjs";
import { define, options, View } from "./view.mjs";

const LOSS = "L";

const LAYOUT = `
<div class="laboratory">
  <div>
    <section class="diagram" aria-label="The network"></section>
    <p class="hint">Click a weight, or a unit for its bias. In each unit stands its value, over it the derivative of the loss by its sum.</p>
  </div>
  <div>
    <form>
      <label>Layers <input name="sizes" type="text" autocomplete="off"></label>
      <label>Activation <select name="activation"></select></label>
      <label>Loss <select name="loss"></select></label>
      <label>Derive by <select name="by"></select></label>
      <label>Inputs <input name="x" type="text" autocomplete="off"></label>
      <label>Labels <input name="y" type="text" autocomplete="off"></label>
      <label>Weights <input name="weights" type="text" autocomplete="off"></label>
      <label>Written <select name="form"></select></label>
      <label>Derivation <select name="derivation"></select></label>
      <label>Your line <input name="line" type="text" autocomplete="off" spellcheck="false" maxlength="600"></label>
    </form>
    <p class="wrong" role="alert"></p>
    <output aria-live="polite"></output>
    <p class="verdict" role="status"></p>
    <button type="button" data-do="stop" hidden>Stop judging</button>
  </div>
</div>
<section class="solution"><h2>The derivation</h2><div class="derivation wide"></div>
<div class="buttons latex"></div></section>
<h2>The numbers</h2>
<div class="numbers wide"></div>
<section class="program"><h2>As Python</h2><pre class="wide"><code></code></pre></section>`;

export class Derive extends View {
  static entries = ENTRIES.derive;
  static layout = LAYOUT;

  begin() {
    this.diagram = new Diagram(this.find(".diagram"));
    const fields = this.form.elements;
    for (const name of ["activation", "loss", "form", "derivation"]) options(fields[name], this.named(name));
    this.find(".latex").append(copyButton(() => this.latex, "Copy as LaTeX"));
    this.find("[data-do=stop]").addEventListener("click", cancel);
    // A link that says how many units there are need not say the point, which is for other ones then.
    const [known, said] = [USUAL.derive, this.state].map(({ x, y }) => `${x};${y}`);
    if (known === said && (this.state.x.length !== this.state.sizes[0] || this.state.y.length !== this.state.sizes.at(-1))) this.fit();
    this.fill();
    this.load();
    if (this.state.line) this.judge();
  }

  program() {
    return program(this.state);
  }

  changed(name) {
    if (name === "sizes") {
      this.fit();
      this.keep({ by: "" });
    }
    if (name === "line") return this.judge();
    if (["sizes", "activation", "loss", "by"].includes(name)) this.unjudged();
    this.fill();
    return this.load();
  }

  /** The point and the weights of a network of other sizes. */
  fit() {
    const { sizes, x, y } = this.state;
    const filled = (numbers, count, more) => Array.from({ length: count }, (_, i) => numbers[i] ?? (i ? more : 1));
    this.keep({ x: filled(x, sizes[0], 1), y: filled(y, sizes.at(-1), 0), weights: [] });
  }

  choose(by) {
    if (by === this.state.by) return;
    this.keep({ by });
    this.unjudged();
    this.fill();
    this.load();
  }

  /** What was said of a line does not hold for another derivative. */
  unjudged() {
    if (this.asked && !this.engine) cancel();
    this.asked = undefined;
    this.find("[data-do=stop]").hidden = true;
    this.find(".verdict").textContent = "";
    if (this.state.line) this.keep({ line: "" });
  }

  /** Ask Python for the derivation and the numbers, and show what it answers. */
  async load() {
    const wanted = this.latest();
    const { form, by } = this.state;
    /** @type {any[]} */
    const [made, matrices, flow] = await Promise.all([
      this.ask(...questions.chain(this.state)), form === "matrix" ? this.ask(...questions.matrices(this.state)) : {}, this.ask(...questions.numbers(this.state)),
    ]);
    if (!wanted()) return;
    const wrong = made.error ?? matrices.error;
    this.say(wrong ?? flow.error ?? "");
    if (wrong) {
      this.nothing();
      if (by) await this.instead();
      return;
    }
    if (made.by !== this.state.by) this.keep({ by: made.by });
    this.find(".solution").hidden = this.hides;
    this.latex = form === "matrix" ? matrices.latex : made.latex;
    show(this.find(".derivation"), form === "matrix" ? matrices.formulas : [made.derivation]);
    const list = this.form.elements.by;
    list.replaceChildren();
    options(list, made.candidates.map((name) => [name, name]));
    list.value = this.state.by;
    this.lay(made, flow);
    this.told();
  }

  /** Where it is the quantity alone that is wrong, as in a link with other layers, the first weight is taken instead. */
  async instead() {
    const wanted = this.latest();
    const made = await this.ask(...questions.chain({ ...this.state, by: "" }));
    if (!wanted() || made.error) return;
    this.say(`${this.said.answer}; here is ${made.by}`, "field");
    this.keep({ by: made.by });
    await this.load();
  }

  /** Whether somebody wants to find the derivation without seeing it. */
  get hides() {
    return this.state.derivation === "hidden";
  }

  /** There is nothing to be shown, and nothing of what was shown before. */
  nothing() {
    for (const place of [".diagram", ".derivation", ".numbers", "output"]) this.find(place).replaceChildren();
    this.latex = "";
    this.told();
  }

  /** The network with the paths lit and its numbers. */
  lay(made, { values, slopes, weights }) {
    this.diagram.lay(made.units, made.parameters, { end: LOSS, pick: (name) => this.choose(name), quantities: made.quantities });
    if (values) {
      this.diagram.draw(weights);
      this.diagram.tell(values, slopes);
    }
    this.form.elements.weights.placeholder = weights?.join(",") ?? "";
    this.diagram.light(made.lit, made.by);
    const ways = made.paths === 1 ? "One path leads" : made.paths ? `${made.paths} paths lead` : "More paths than are written out lead";
    const at = values ? ` At this point the loss is ${figure(values[LOSS])} and the derivative is ${figure(slopes[made.by])}.` : "";
    this.find("output").textContent = `${ways} from ${made.by} to the loss${this.hides ? "" : `: dL/d${made.by} = ${made.result}`}.${at}`;
    const names = values ? [...made.inputs, ...made.parameters, ...made.candidates.filter((name) => !made.parameters.includes(name) && !made.inputs.includes(name)).reverse()] : [];
    const rows = names.map((name) => [name, figure(values[name]), figure(slopes[name])]);
    this.find(".numbers").replaceChildren(...(values ? [rowsOf(["quantity", "forward: its value", "backward: dL by it"], rows)] : []));
  }

  /** What the prover says of the line. */
  async judge() {
    const { line } = this.state;
    const verdict = this.find(".verdict");
    if (!line) {
      verdict.textContent = "";
      return;
    }
    const asked = (this.asked = JSON.stringify(questions.judged(this.state)));
    verdict.textContent = "The prover is reading your line …";
    const stop = this.find("[data-do=stop]");
    stop.hidden = Boolean(this.engine); // a notebook has its own way to stop its Python
    const said = await this.ask(...questions.judged(this.state));
    if (this.asked === asked) stop.hidden = true;
    if (!this.isConnected || this.asked !== asked) return;
    this.asked = undefined;
    verdict.textContent = said.error ?? [`dL/d${this.state.by}: ${said.outcome}`, said.hint, said.remedy === "nothing" ? "" : `what to do: ${said.remedy}`].filter(Boolean).join("\n");
    this.dataset.judged = String(Number(this.dataset.judged ?? 0) + 1);
  }

  disconnectedCallback() {
    if (this.asked && !this.engine) cancel();
  }
}

define("gradlab-derive", Derive);
