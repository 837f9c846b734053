// Kernels that Python printed, run on the page's own thread: they take microseconds.

const LANES = 2; // numbers of 8 bytes in a vector
const PAGE = 65536;

/** A kernel with a memory of its own, in which arrays of numbers lie one behind the other. */
class Kernel {
  /** @param {BufferSource} code */
  static async of(code) {
    const made = new this();
    made.memory = new WebAssembly.Memory({ initial: 1 });
    ({ exports: made.exports } = (await WebAssembly.instantiate(code, { env: { memory: made.memory } })).instance);
    return made;
  }

  /** The whole memory as numbers, so many of them at least. */
  numbers(count) {
    const missing = count * 8 - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    return new Float64Array(this.memory.buffer);
  }
}

/** A function of two variables with its gradient. */
export class Surface extends Kernel {
  /**
   * The values on a grid, row by row from the top.
   * @param {{x: number, y: number, width: number}} view the middle of a square and its width
   * @param {number} count points a side
   */
  grid(view, count) {
    const all = count * count;
    const stride = Math.ceil(all / LANES) * LANES;
    const numbers = this.numbers(5 * stride);
    const cell = view.width / count;
    for (let row = 0, i = 0; row < count; row++) {
      for (let column = 0; column < count; column++, i++) {
        numbers[i] = view.x + (column + 0.5 - count / 2) * cell;
        numbers[stride + i] = view.y - (row + 0.5 - count / 2) * cell;
      }
    }
    this.exports.evaluate(0, 2 * stride * 8, stride, stride / LANES);
    return numbers.slice(2 * stride, 2 * stride + all);
  }
}

/** The way down of an update rule. */
export class Way extends Kernel {
  /**
   * @param {number[]} start
   * @param {number[]} settings the learning rate and the rule's own numbers
   * @param {number} steps
   * @returns {{point: number[], value: number, slope: number[]}[]} the start and where each step leads
   */
  from(start, settings, steps) {
    const row = 2 * start.length + 1;
    const path = 8 * LANES;
    const numbers = this.numbers(path + (steps + 1) * row * LANES);
    numbers.set(start, 0);
    numbers.set(settings, 4);
    this.exports.descend(0, 4 * 8, path * 8, steps);
    return Array.from({ length: steps + 1 }, (_, step) => {
      const entries = Array.from({ length: row }, (_, k) => numbers[path + (step * row + k) * LANES]);
      return { point: entries.slice(0, start.length), value: entries[start.length], slope: entries.slice(start.length + 1) };
    });
  }
}
