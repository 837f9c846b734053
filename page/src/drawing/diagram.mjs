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

  /** Lay out the units of a network anew. */
  lay(units, names) {
    const sizes = units.map((layer) => layer.length);
    const at = (layer, unit) => [40 + (layer * (WIDTH - 80)) / (sizes.length - 1), ((unit + 0.5) * HEIGHT) / sizes[layer]];
    const radius = Math.min(18, HEIGHT / Math.max(...sizes) / 2.4);
    const entries = weights(sizes);
    const shown = (entry, from, to) => ({ ...entry, line: made("line", { x1: from[0], y1: from[1], x2: to[0], y2: to[1] }, made("title", {})) });
    this.lines = entries.filter(({ from }) => from >= 0).map((entry) => shown(entry, at(entry.layer, entry.from), at(entry.layer + 1, entry.to)));
    this.rings = entries.filter(({ from }) => from < 0).map((entry) => {
      const [cx, cy] = at(entry.layer + 1, entry.to);
      return { ...entry, line: made("circle", { cx, cy, r: radius }, made("title", {})) };
    });
    const inputs = units[0].map((_, unit) => made("circle", { cx: at(0, unit)[0], cy: at(0, unit)[1], r: radius, class: "unit" }));
    const words = units.flatMap((layer, i) => layer.map((name, unit) => {
      const [x, y] = at(i, unit);
      return made("text", { x, y: y + 4, "text-anchor": "middle", "font-size": Math.min(13, radius) }, name.replaceAll("_", ""));
    }));
    this.names = names;
    const picture = made("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", xmlns: SPACE });
    picture.append(...this.lines.map(({ line }) => line), ...inputs, ...this.rings.map(({ line }) => line), ...words);
    this.place.replaceChildren(picture);
  }

  /** Give somebody the picture, with the colours that it has here. */
  save() {
    const copy = this.place.firstChild.cloneNode(true);
    const shown = this.place.firstChild.querySelectorAll("*");
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
      line.firstChild.textContent = `${this.names[place]} = ${figure(value)}`;
    }
    const told = Array.from(parameters, (value, i) => `${this.names[i]} ${figure(value)}`).join(", ");
    this.place.firstChild.setAttribute("aria-label", `The network with its weights: ${told}`);
  }
}
