// A square of cells computed by worker threads: blocks of cells at once, then refined.
import { Crew } from "./crew.mjs";

/** So many values between two others, evenly spaced by their ratios. */
export const axis = (from, to, count) => Array.from({ length: count }, (_, i) => (i === count - 1 ? to : from * (to / from) ** (i / (count - 1))));

export class Refined {
  /** @param {URL} script of the workers @param {number} count cells a side @param {number} first cells a side of the first blocks */
  constructor(script, count, first) {
    this.crew = new Crew(script);
    this.count = count;
    this.first = first;
  }

  /** @type {any[] | undefined} */
  known;

  /**
   * Compute the cells anew; those before are given up.
   * @param {object} setup what each worker is told first
   * @param {number} most cells of a part
   * @param {(column: number, row: number) => object} setting what a worker is asked for a cell
   * @param {(block: {column: number, row: number, size: number, made: any}) => void} show is called for each block, of the size given
   * @param {(size: number) => void} level is called when all blocks of a size are known
   * @returns {Promise<boolean>} whether all was done
   */
  async compute(setup, most, setting, show, level) {
    this.close();
    const { count } = this;
    const known = Array.from({ length: count * count });
    this.known = known;
    for (let size = this.first; size >= 1; size /= 2) {
      const middle = size >> 1;
      const wanted = [];
      for (let row = middle; row < count; row += size) {
        for (let column = middle; column < count; column += size) {
          if (known[row * count + column] === undefined) wanted.push({ row, column });
        }
      }
      const parts = [];
      for (let i = 0; i < wanted.length; i += most) {
        const cells = wanted.slice(i, i + most);
        parts.push({ cells, settings: cells.map(({ row, column }) => setting(column, row)) });
      }
      const done = await this.crew.run(setup, parts, ({ cells }, made) => {
        cells.forEach(({ row, column }, i) => {
          known[row * count + column] = made[i];
          show({ column: column - middle, row: row - middle, size, made: made[i] });
        });
      });
      if (!done) return false;
      level(size);
    }
    return true;
  }

  /** What is known at a cell: of itself, or of the smallest block around it; undefined where nothing is yet. */
  near(column, row) {
    for (let size = 1; size <= this.first; size *= 2) {
      const [x, y] = [column, row].map((place) => Math.floor(place / size) * size + (size >> 1));
      const made = this.known?.[y * this.count + x];
      if (made) return { column: x, row: y, made };
    }
    return undefined;
  }

  close() {
    this.crew.cancel();
  }
}
