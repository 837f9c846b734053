// What all views have in common: their state, their fields, their messages, and what can be taken away from them.
import { copyButton } from "../save.mjs";
import { show } from "../mathematics.mjs";
import { ask } from "../python.mjs";

const PATIENCE = 300; // milliseconds until it is said that Python is being waited for

// What scrolls sideways can be reached by keys; not every browser sees to that.
const SCROLLED = new ResizeObserver((seen) => seen.forEach(({ target }) => (/** @type {HTMLElement} */ (target).tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1)));

export class View extends HTMLElement {
  /** @returns {Record<string, import("../state.mjs").Entry>} */
  static entries = {};
  static layout = "";
  /** @type {any} */
  state;
  /** @type {((question: string, given: object) => Promise<any>) | undefined} */
  engine;
  said = { field: "", answer: "", remark: "" };
  loads = 0;

  /** What a view is made of. */
  get kind() {
    return /** @type {typeof View} */ (this.constructor);
  }

  /** The view is laid out: it begins. */
  begin() {}

  /** @param {string} name of an entry that somebody has changed */
  // eslint-disable-next-line no-unused-vars
  changed(name) {}

  /** @returns {string} what computes the same in Python */
  program() {
    return "";
  }

  connectedCallback() {
    show(this, [this.kind.layout]);
    this.form = this.find("form");
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("change", (event) => this.read(event.target));
    this.form.addEventListener("input", (event) => event.target.type === "range" && this.read(event.target));
    for (const field of this.all("[data-beside]")) field.addEventListener("change", () => this.read({ name: field.dataset.beside, value: field.value, type: "text" }));
    for (const place of this.all(".wide")) SCROLLED.observe(place);
    this.find(".program")?.append(copyButton(() => this.program()));
    for (const button of this.all("[data-save]")) button.disabled = true;
    this.begin();
  }

  /** @returns {any} an element of the view */
  find(selector) {
    return this.querySelector(selector);
  }

  /** @returns {any[]} elements of the view */
  all(selector) {
    return [...this.querySelectorAll(selector)];
  }

  /** What an entry may be, each with its words. @returns {[string, string][]} */
  named(name) {
    return this.kind.entries[name].names.map((each) => [each, each.replaceAll("_", " ")]);
  }

  /** Take over what somebody wrote into a field, if it can be read. */
  read({ name, value, type }) {
    const entry = this.kind.entries[name];
    if (!entry) return;
    const given = { range: () => String(Number((10 ** Number(value)).toPrecision(3))), checkbox: () => this.all(`[name=${name}]:checked`).map((box) => box.value).join(",") }[type]?.() ?? value;
    const read = entry.read(given);
    this.say(read === undefined ? `${name}: write ${entry.means}` : "", "field");
    if (read === undefined) return;
    this.state = { ...this.state, [name]: read };
    this.changed(name); // first: what is asked is worked at while the address and the fields are written
    this.keep({});
  }

  /** The ranges, and the numbers beside them. */
  beside() {
    for (const field of this.all("[data-beside]")) {
      const { beside } = field.dataset;
      field.value = this.kind.entries[beside].write(this.state[beside]);
      this.form.elements[beside].value = String(Math.log10(this.state[beside])); // a range's entries are powers of ten
    }
  }

  /** Change the state; with an entry of its own in the browser's history, so that one can go back. */
  keep(change, push = false) {
    this.state = { ...this.state, ...change };
    this.dispatchEvent(new CustomEvent("state", { detail: { state: this.state, push } }));
    this.beside();
    const text = this.find(".program code");
    if (text) text.textContent = this.program();
  }

  /** Go back, or forward, among the states that have entries of their own. */
  go(steps) {
    this.dispatchEvent(new CustomEvent("go", { detail: steps }));
  }

  /** A load begins. @returns {() => boolean} whether no later one has begun, so that its answers are wanted */
  latest() {
    const number = ++this.loads;
    return () => this.isConnected && number === this.loads;
  }

  /** Ask Python: the page's own, or that of a notebook. Whoever waits long is told what for. */
  async ask(question, given) {
    const long = setTimeout(() => (this.dataset.waiting = ""), PATIENCE);
    const answer = await (this.engine ?? ask)(question, given);
    clearTimeout(long);
    delete this.dataset.waiting;
    return answer;
  }

  /** The fields as the state has them. */
  fill() {
    this.say("", "field");
    for (const [name, entry] of Object.entries(this.kind.entries)) {
      const field = this.form.elements[name];
      if (!field) continue;
      const written = entry.write(this.state[name]);
      if (field instanceof RadioNodeList) field.forEach((/** @type {any} */ box) => (box.checked = this.state[name].includes(box.value)));
      else if (field.type !== "range") field.value = written;
    }
    this.beside();
    const text = this.find(".program code");
    if (text) text.textContent = this.program();
  }

  /** Say what is wrong; what was said of a field stays until that is mended, whatever answer comes in between. */
  say(message, of = "answer") {
    this.said[of] = message;
    this.find(".wrong").textContent = Object.values(this.said).filter(Boolean).join("\n");
  }

  /** A picture is drawn, which can be taken away: tests and whoever waits see how many there were. */
  told() {
    for (const button of this.all("[data-save]")) button.disabled = false;
    this.dataset.drawn = String(Number(this.dataset.drawn ?? 0) + 1);
  }
}

/** An element of a view, once: a notebook loads this module anew for each of its pictures. */
export const define = (name, kind) => customElements.get(name) ?? customElements.define(name, kind);

/** Options of a selection. */
export const options = (select, pairs) => pairs.forEach(([value, title]) => select.add(new Option(title, value)));
