// The part of Train that shows why runs fail: of each setting the commonest cause, of all runs the counts.
import { css, dark } from "../drawing/colours.mjs";
import { SettingsMap } from "../drawing/map.mjs";
import { show } from "../mathematics.mjs";
import { CAUSES } from "../tables.mjs";
import { causesOf } from "../why.mjs";

const RUNS = 4; // of each setting, the first ones of the map
const SIZES = [16, 8, 4]; // cells of the map of success that are looked at as one, the larger ones first
const LAYOUT = `
<h2>Why runs fail</h2>
<div>
  <canvas class="map" width="720" height="720" role="img"></canvas>
  <div><p class="progress" role="status"></p><ul></ul><p class="cell" aria-live="polite"></p></div>
</div>`;

export class CauseMap {
  /** @type {Map<number, Record<string, number>>} for each setting by its place, how many runs failed of each cause */
  known = new Map();
  /** @type {object | undefined} what is being looked at */
  job;
  /** @type {import("./train_map.mjs").MapRoom} */
  room;
  /** @type {HTMLElement} */
  place;
  /** @type {HTMLElement} */
  button;

  /** @param {import("./train_map.mjs").MapRoom} room @param {HTMLElement} place @param {HTMLElement} button that asks for it */
  constructor(room, place, button) {
    Object.assign(this, { room, place, button });
    show(place, [LAYOUT]);
    /** @type {(selector: string) => any} */
    const find = (selector) => place.querySelector(selector);
    this.canvas = find(".map");
    this.cellLine = find(".cell");
    this.progress = find(".progress");
    this.list = find("ul");
    this.map = new SettingsMap(this.canvas, room.map.names);
    this.button.addEventListener("click", () => (this.job ? this.stop("Stopped.") : this.start()));
    this.canvas.addEventListener("pointermove", (event) => this.tell(this.map.cell(event)));
    this.canvas.addEventListener("click", (event) => room.choose(this.map.cell(event)));
  }

  /** Nothing is known of a new map. */
  clear() {
    this.stop("");
    this.place.hidden = true;
    this.known.clear();
  }

  stop(words) {
    this.job = undefined;
    this.button.textContent = "Why do runs fail?";
    this.progress.textContent = words;
  }

  /** Find out of the settings, one after the other, why their first runs fail. */
  async start() {
    const { room } = this;
    const { rates, scales, view, count } = room;
    if (!rates || !view.kernel) return;
    const job = (this.job = {});
    this.known.clear();
    this.place.hidden = false;
    this.button.textContent = "Stop";
    this.map.lay(count, rates, scales);
    const cells = SIZES.flatMap((size, level) => {
      const places = Array.from({ length: count / size }, (_, i) => i * size);
      const fresh = (row, column) => !level || row % SIZES[level - 1] || column % SIZES[level - 1];
      return places.flatMap((row) => places.filter((column) => fresh(row, column)).map((column) => ({ row, column, size })));
    });
    try {
      const looking = await view.looking();
      for (const [i, { row, column, size }] of cells.entries()) {
        const found = await causesOf((...asked) => view.ask(...asked), { kernel: view.kernel, drawing: view.drawing, looking }, { ...view.state, runs: RUNS, rate: rates[column], scale: scales[row] }, view.points);
        if (this.job !== job) return;
        this.known.set(row * count + column, found);
        this.map.paint(column, row, size, colourOf(found));
        this.map.later(() => this.draw());
        this.progress.textContent = `${i + 1} of ${cells.length} settings.`;
      }
      this.stop(`The first ${RUNS} runs of each of ${cells.length} settings.`);
    } catch (problem) {
      if (this.job === job) this.stop(problem.message);
    }
    this.draw();
  }

  draw() {
    const { rate, scale } = this.room.view.state;
    this.map.draw([rate, scale]);
    const counts = {};
    for (const found of this.known.values()) for (const [cause, runs] of Object.entries(found)) counts[cause] = (counts[cause] ?? 0) + runs;
    const all = this.known.size * RUNS;
    const seen = CAUSES.filter(({ name }) => counts[name]).sort((one, other) => counts[other.name] - counts[one.name]);
    this.list.replaceChildren(...seen.map(({ name, words, colour }) => {
      const line = document.createElement("li");
      const swatch = Object.assign(document.createElement("span"), { className: "swatch" });
      swatch.style.background = css(colour);
      line.append(swatch, `${name.replaceAll("_", " ")}, ${counts[name]} of ${all} runs: ${words}`);
      return line;
    }));
    this.canvas.setAttribute("aria-label", `Of which cause most of the failed runs of a setting fail. ${seen.map(({ name }) => `${name.replaceAll("_", " ")} ${counts[name]}`).join(", ")} of ${all} runs.`);
  }

  /** What is known of a cell. */
  tell(cell) {
    if (!cell) return;
    for (const size of [...SIZES].reverse()) {
      const [column, row] = cell.map((place) => place - (place % size));
      const found = this.known.get(row * this.room.count + column);
      if (!found) continue;
      const said = Object.entries(found).map(([cause, runs]) => `${runs} ${cause.replaceAll("_", " ")}`).join(", ");
      this.cellLine.textContent = `${this.room.name(column, row)}: of ${RUNS} runs ${said || "none fails"}.`;
      return;
    }
  }

  /** How many runs of a setting failed of each cause; nothing where nobody has looked. @param {number} place @returns {(string | number)[]} */
  row(place) {
    const found = this.known.get(place);
    return CAUSES.map(({ name }) => (found ? (found[name] ?? 0) : ""));
  }
}

/** That of the commonest cause, the paler, the fewer runs fail; as gl.plot.failure_map has it. */
function colourOf(found) {
  const failed = Object.values(found).reduce((sum, runs) => sum + runs, 0);
  const paper = dark() ? [20, 24, 31] : [255, 255, 255];
  if (!failed) return paper;
  const [commonest] = CAUSES.filter(({ name }) => found[name]).sort((one, other) => found[other.name] - found[one.name]);
  const strength = 0.25 + (0.75 * failed) / RUNS;
  return commonest.colour.map((value, i) => Math.round(strength * value + (1 - strength) * paper[i]));
}
