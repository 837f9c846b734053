// The map of success: how many of the runs of each setting have all points right, coarse at once and then refined.
import { Crew } from "./crew.mjs";

export const COUNT = 64; // settings a side in the end
const LEVELS = [4, 2, 1]; // settings a block of the map has, before it is refined
const WORK = 4e7; // parameters x points x steps x runs of a part: a few hundredths of a second

/** So many values between two others, evenly spaced by their ratios, of three digits. */
export const axis = (from, to) =>
  Array.from({ length: COUNT }, (_, i) => Number((from * (to / from) ** (i / (COUNT - 1))).toPrecision(3)));

export class Success {
  constructor() {
    this.crew = new Crew(new URL("workers/success.mjs", import.meta.url));
  }

  /**
   * Compute the map; the one before is given up.
   * @param {{rates: number[], scales: number[], setup: object, cost: number}} wanted
   * @param {(block: {column: number, row: number, size: number, made: object}) => void} show
   * @param {(size: number) => void} level is called when all blocks of a size are known
   */
  async compute({ rates, scales, setup, cost }, show, level) {
    this.close();
    this.known = Array.from({ length: COUNT * COUNT });
    const { known } = this;
    const most = Math.min(64, Math.max(1, Math.round(WORK / cost)));
    for (const size of LEVELS) {
      const wanted = [];
      for (let row = size >> 1; row < COUNT; row += size) {
        for (let column = size >> 1; column < COUNT; column += size) {
          if (!known[row * COUNT + column]) wanted.push({ row, column });
        }
      }
      const parts = [];
      for (let i = 0; i < wanted.length; i += most) parts.push({ cells: wanted.slice(i, i + most) });
      for (const part of parts) part.settings = part.cells.map(({ row, column }) => ({ rate: rates[column], scale: scales[row] }));
      const done = await this.crew.run(setup, parts, ({ cells }, made) => {
        cells.forEach(({ row, column }, i) => {
          known[row * COUNT + column] = made[i];
          show({ column: column - (size >> 1), row: row - (size >> 1), size, made: made[i] });
        });
      });
      if (!done) return false;
      level(size);
    }
    return true;
  }

  close() {
    this.crew.cancel();
  }
}
