// A network with its weights: lines as thick as they weigh, blue above zero and orange below.
import { download } from "../save.mjs";
import { figure } from "../words.mjs";

const SPACE = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [420, 240];

function made(name, attributes, ...within) {
  const element = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...within);
  return element;
}

/**
 * The weights of each layer: which unit they go from and to, and the parameter's place; biases go from nowhere.
 * @param {number[]} sizes
 */
function weights(sizes) {
  let first = 0;
  return sizes.slice(1).flatMap((above, layer) => {
    const below = sizes[layer];
    const found = [];
    for (let row = 0; row <= below; row++) {
      for (let to = 0; to < above; to++) found.push({ layer, from: row - 1, to, place: first + row * above + to });
    }
    first += (below + 1) * above;
    return found;
  });
}

export class Diagram {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
  }

  /** @returns {SVGElement} */
  get picture() {
    return this.place.querySelector("svg");
  }

  /**
   * Lay out the units of a network anew.
   * @param {string[][]} units
   * @param {string[]} names of the parameters
   * @param {{end?: string, pick?: (name: string) => void, quantities?: string[][][]}} more a last unit to which all
   * outputs lead, who is told of a weight that somebody chose, and what each unit computes
   */
  lay(units, names, { end, pick, quantities } = {}) {
    const sizes = units.map((layer) => layer.length);
    const columns = end ? [...sizes, 1] : sizes;
    const at = (layer, unit) => [40 + (layer * (WIDTH - 80)) / (columns.length - 1), ((unit + 0.5) * HEIGHT) / columns[layer]];
    const radius = Math.min(18, HEIGHT / Math.max(...sizes) / (quantities ? 3.2 : 2.4));
    const entries = weights(sizes);
    const shown = (entry, from, to) => ({ ...entry, line: made("line", { x1: from[0], y1: from[1], x2: to[0], y2: to[1] }, made("title", {})) });
    this.lines = entries.filter(({ from }) => from >= 0).map((entry) => shown(entry, at(entry.layer, entry.from), at(entry.layer + 1, entry.to)));
    this.rings = entries.filter(({ from }) => from < 0).map((entry) => {
      const [cx, cy] = at(entry.layer + 1, entry.to);
      return { ...entry, line: made("circle", { cx, cy, r: radius }, made("title", {})) };
    });
    const inputs = units[0].map((_, unit) => made("circle", { cx: at(0, unit)[0], cy: at(0, unit)[1], r: radius, class: "unit" }));
    const last = at(sizes.length, 0);
    const ends = end ? units.at(-1).map((_, unit) => made("line", { x1: at(sizes.length - 1, unit)[0], y1: at(sizes.length - 1, unit)[1], x2: last[0], y2: last[1], class: "end", "data-lit": "" })) : [];
    const goal = end ? [made("circle", { cx: last[0], cy: last[1], r: radius, class: "unit", "data-lit": "" })] : [];
    this.words = [];
    const words = [...units, ...(end ? [[end]] : [])].flatMap((layer, i) => layer.map((name, unit) => {
      const [x, y] = at(i, unit);
      const told = made("text", { x, y: y + radius * 0.55, "text-anchor": "middle", "font-size": Math.min(8, radius * 0.45) });
      const back = made("text", { x, y: y - radius - 5, "text-anchor": "middle", "font-size": 7, class: "back" });
      this.words.push({ told, back, name: quantities?.[i]?.[unit].at(-1) ?? name, sum: quantities?.[i]?.[unit][0] });
      return [made("text", { x, y: y + (quantities ? 0 : 4), "text-anchor": "middle", "font-size": Math.min(13, radius) * (quantities ? 0.8 : 1) }, name.replaceAll("_", "")), told, back];
    }).flat());
    this.names = names;
    this.quantities = quantities;
    this.inputs = inputs;
    this.ends = ends;
    const picture = made("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: pick ? "group" : "img", xmlns: SPACE });
    picture.append(...this.lines.map(({ line }) => line), ...ends, ...(pick ? this.handles(pick) : []), ...inputs, ...this.rings.map(({ line }) => line), ...goal, ...words);
    this.place.replaceChildren(picture);
    this.buttons = new Map(Array.from(picture.querySelectorAll("[role=button]"), (button) => [button.dataset.name, button]));
  }

  /** What can be clicked or chosen with the keys: a wide line over each weight, and each ring for its bias. */
  handles(pick) {
    const over = this.lines.map(({ line, place }) => ({ place, element: line.cloneNode() }));
    for (const { element } of over) element.setAttribute("class", "handle");
    for (const { element, place } of [...over, ...this.rings.map(({ line, place }) => ({ element: line, place }))]) {
      const name = this.names[place];
      for (const [key, value] of Object.entries({ tabindex: 0, role: "button", "data-name": name })) element.setAttribute(key, value);
      element.addEventListener("click", () => pick(name));
      element.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        pick(name);
      });
    }
    return over.map(({ element }) => element);
  }

  /** Light up what lies between a quantity and the end, and dim the rest. */
  light(lit, by) {
    const on = new Set(lit);
    const unit = (layer, i) => this.quantities[layer][i].some((name) => on.has(name));
    const mark = (element, is) => (is ? element.setAttribute("data-lit", "") : element.removeAttribute("data-lit"));
    for (const { line, place, layer, from, to } of this.lines) mark(line, this.names[place] === by || (unit(layer, from) && unit(layer + 1, to)));
    for (const { line, layer, to } of this.rings) mark(line, unit(layer + 1, to));
    this.inputs.forEach((circle, i) => mark(circle, unit(0, i)));
    this.ends.forEach((line, i) => mark(line, unit(this.quantities.length - 1, i)));
    this.picture.setAttribute("class", "traced");
  }

  /** Write into each unit what it gives, and over it the derivative of the end by its sum. */
  tell(values, slopes) {
    const short = (x) => figure(Number(x.toPrecision(3)));
    for (const { told, back, name, sum } of this.words) {
      told.textContent = short(values[name]);
      back.textContent = sum in slopes ? short(slopes[sum]) : "";
    }
  }

  /** Give somebody the picture, with the colours that it has here. */
  save() {
    const copy = /** @type {SVGElement} */ (this.picture.cloneNode(true));
    const shown = this.picture.querySelectorAll("*");
    copy.querySelectorAll("*").forEach((element, i) => {
      const { stroke, fill } = getComputedStyle(shown[i]);
      element.setAttribute("stroke", stroke);
      element.setAttribute("fill", fill);
    });
    download("network.svg", new XMLSerializer().serializeToString(copy), "image/svg+xml");
  }

  /** Show weights. */
  draw(parameters) {
    const most = Math.max(1e-9, ...Array.from(parameters, (value) => (Number.isFinite(value) ? Math.abs(value) : 0)));
    for (const { line, place, from } of [...this.lines, ...this.rings]) {
      const value = parameters[place];
      line.setAttribute("class", `${from < 0 ? "unit " : ""}${value < 0 ? "below" : "above"}`);
      line.setAttribute("stroke-width", String(1 + 7 * Math.sqrt(Math.abs(value) / most || 0)));
      const said = `${this.names[place]} = ${figure(value)}`;
      line.firstChild.textContent = said;
      this.buttons.get(this.names[place])?.setAttribute("aria-label", `${said}: derive by it`);
    }
    const told = Array.from(parameters, (value, i) => `${this.names[i]} ${figure(value)}`).join(", ");
    this.picture.setAttribute("aria-label", `The network with its weights: ${told}`);
  }
}
