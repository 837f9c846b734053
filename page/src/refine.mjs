// A square of cells computed by worker threads: blocks of cells at once, then refined.
import { AHEAD, Crew } from "./crew.mjs";

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
   * Compute the cells anew; those before are given up. Of a block the lower left cell is known first.
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
    const levels = [];
    for (let size = this.first; size >= 1; size /= 2) levels.push({ size, parts: this.parts(size, most), early: [] });
    const left = levels.map(({ parts }) => parts.length);
    let at = 0; // the level that is shown: what is finer waits for it
    const showAll = ({ cells }, made, { size }) => cells.forEach(({ row, column }, i) => show({ column, row, size, made: made[i] }));
    const told = ({ cells }) => ({ settings: cells.map(({ row, column }) => setting(column, row)) });
    return this.crew.run(setup, levels.flatMap(({ parts }, depth) => parts.map((cells) => ({ cells, depth }))), (part, made) => {
      part.cells.forEach(({ row, column }, i) => (known[row * count + column] = made[i]));
      left[part.depth]--;
      if (part.depth > at) levels[part.depth].early.push([part, made]);
      else showAll(part, made, levels[at]);
      for (; at < levels.length && !left[at]; at++) {
        level(levels[at].size);
        for (const [each, done] of levels[at + 1]?.early ?? []) showAll(each, done, levels[at + 1]);
      }
    }, told);
  }

  /** The cells that blocks of a size add to those of larger ones, in parts. */
  parts(size, most) {
    const { count } = this;
    const wanted = [];
    for (let row = 0; row < count; row += size) {
      for (let column = 0; column < count; column += size) {
        if (size === this.first || row % (2 * size) || column % (2 * size)) wanted.push({ row, column });
      }
    }
    // All workers are to end a level at about the same time.
    const share = Math.min(most, Math.ceil(wanted.length / (2 * AHEAD * this.crew.members.length)));
    return Array.from({ length: Math.ceil(wanted.length / share) }, (_, i) => wanted.slice(i * share, (i + 1) * share));
  }

  /** What is known at a cell: of itself, or of the smallest block around it; undefined where nothing is yet. */
  near(column, row) {
    for (let size = 1; size <= this.first; size *= 2) {
      const [x, y] = [column, row].map((place) => place - (place % size));
      const made = this.known?.[y * this.count + x];
      if (made) return { column: x, row: y, made };
    }
    return undefined;
  }

  close() {
    this.crew.cancel();
  }
}
