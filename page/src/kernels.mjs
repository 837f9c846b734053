// Kernels that Python printed: functions, ways down, draws, trainings and predictions.

const PAGE = 65536;
const LINE = 64; // arrays begin at multiples of so many bytes
const WORD = 1n << 64n;

// All kernels of a thread have one memory: browsers set aside gigabytes of addresses for each, and give few away.
const memory = new WebAssembly.Memory({ initial: 1 });

/** A kernel for which arrays lie one behind the other in the memory, laid anew for each call. */
class Kernel {
  /** @type {Record<string, any>} */
  exports;

  /**
   * @template {Kernel} T
   * @this {new () => T}
   * @param {BufferSource | WebAssembly.Module} code
   * @param {object} about what else there is to know of it
   * @returns {Promise<T>}
   */
  static async of(code, about = {}) {
    const made = Object.assign(new this(), about);
    const module = code instanceof WebAssembly.Module ? code : await WebAssembly.compile(code);
    made.exports = (await WebAssembly.instantiate(module, { env: { memory } })).exports;
    return made;
  }

  /**
   * Room for arrays of so many numbers each.
   * @param {typeof Float32Array | typeof Float64Array} kind
   * @param {number[]} counts
   * @returns {(Float32Array | Float64Array)[]} as they lie in the memory, until the next call
   */
  arrays(kind, counts) {
    let end = 0;
    const places = counts.map((count) => {
      const place = end;
      end = Math.ceil((end + count * kind.BYTES_PER_ELEMENT) / LINE) * LINE;
      return place;
    });
    const missing = end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    return counts.map((count, i) => new kind(memory.buffer, places[i], count));
  }
}

/**
 * The middles of the cells of a square, row by row from the top.
 * @param {Float32Array | Float64Array} across
 * @param {Float32Array | Float64Array} down
 * @param {{x: number, y: number, width: number}} view the middle of the square and its width
 * @param {number} count cells a side
 */
function fillGrid(across, down, view, count) {
  const { x, y, width } = view;
  const cell = width / count;
  for (let row = 0, i = 0; row < count; row++) {
    for (let column = 0; column < count; column++, i++) {
      across[i] = x + (column + 0.5 - count / 2) * cell;
      down[i] = y - (row + 0.5 - count / 2) * cell;
    }
  }
}

/** A function of two variables with its gradient. */
export class Surface extends Kernel {
  /** The value at a point. @param {number[]} point */
  at([x, y]) {
    return this.grid({ x, y, width: 0 }, 1)[0];
  }

  /** The values on a grid. */
  grid(view, count) {
    const stride = Math.ceil((count * count) / 2) * 2;
    const [points, results] = this.arrays(Float64Array, [2 * stride, 3 * stride]);
    fillGrid(points, points.subarray(stride), view, count);
    this.exports.evaluate(points.byteOffset, results.byteOffset, stride, stride / 2);
    return results.slice(0, count * count);
  }
}

/** The Hessian of a function of two variables. */
export class Curvature extends Kernel {
  /** @param {number[]} point @returns {number[][]} its rows */
  at([x, y]) {
    const [points, results] = this.arrays(Float64Array, [8, 4]);
    points.set([x, x, y, y, 1, 0, 0, 1]); // the point twice, with a vector along each axis
    this.exports.bend(points.byteOffset, results.byteOffset, 2, 1);
    return [[results[0], results[1]], [results[2], results[3]]];
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
    const [at, numbers, path] = this.arrays(Float64Array, [start.length, settings.length, (steps + 1) * row * 2]);
    at.set(start);
    numbers.set(settings);
    this.exports.descend(at.byteOffset, numbers.byteOffset, path.byteOffset, steps);
    let lost = false; // where the function has no value its derivatives' formulas may have one, which leads nowhere
    return Array.from({ length: steps + 1 }, (_, step) => {
      const entries = Array.from({ length: row }, (_, k) => (lost ? NaN : path[(step * row + k) * 2]));
      const [point, value] = [entries.slice(0, start.length), entries[start.length]];
      lost ||= !Number.isFinite(value);
      return { point, value, slope: entries.slice(start.length + 1).map((each) => (lost ? NaN : each)) };
    });
  }
}

/** The standard numbers that starts are made of. */
export class Drawing extends Kernel {
  /**
   * @param {{parameters: number, runs: number, uniform: boolean, seed: bigint, first: bigint}} wanted
   * @returns {Float64Array} a row for each run
   */
  standard({ parameters, runs, uniform, seed, first }) {
    const blocks = Math.ceil(parameters / 4);
    const [numbers] = this.arrays(Float64Array, [runs * blocks * 4]);
    const halves = [first * BigInt(blocks), seed].flatMap((number) => [number % WORD, number / WORD]);
    this.exports.draw(numbers.byteOffset, blocks, runs, uniform ? 1 : 0, ...halves);
    const made = new Float64Array(runs * parameters);
    for (let run = 0; run < runs; run++) made.set(numbers.subarray(run * blocks * 4, run * blocks * 4 + parameters), run * parameters);
    return made;
  }
}

/** What Python says of a network, with its data. */
export class Training extends Kernel {
  /** @type {number[]} */
  factors;
  /** @type {number[]} */
  numbers;
  /** @type {ArrayLike<number>} */
  table;
  /** @type {"float32" | "float64"} */
  dtype;
  /** @type {number} */
  kept;
  /** @type {number} */
  rates;
  /** @type {number} */
  scratch;
  /** @type {number} */
  lanes;
  /** @type {number} */
  gap;
  /** @type {boolean} */
  uniform;
  /** @type {[number, number]} */
  labels;
  /** @type {string[]} */
  parameters;

  /** What its arrays are. */
  get kind() {
    return this.dtype === "float64" ? Float64Array : Float32Array;
  }

  /**
   * Starts of runs, rounded once.
   * @param {Float64Array} standard
   * @param {number} scale of the initialisation
   * @param {Float32Array | Float64Array} made where they are written
   */
  starts(standard, scale, made = new this.kind(standard.length)) {
    const factors = this.factors.map((factor) => scale * factor);
    for (let i = 0, k = 0; i < made.length; i++, k = k + 1 === factors.length ? 0 : k + 1) made[i] = standard[i] * factors[k];
    return made;
  }

  /** What `run` finds, kept. */
  train(...given) {
    return Object.fromEntries(Object.entries(this.run(.../** @type {[any, any, number, boolean?]} */ (given))).map(([name, array]) => [name, array.slice()]));
  }

  /**
   * Train runs from their starts; what is found lies in the memory until the next call, as copies of it cost workers half of their time.
   * @param {Float32Array | Float64Array} starts a row of parameters for each run
   * @param {ArrayLike<number>} given one learning rate, or a row of so many as the kernel takes for each run
   * @param {number} steps
   * @param {boolean} curves whether the loss of every step is wanted
   */
  run(starts, given, steps, curves = false) {
    const count = this.factors.length;
    const runs = starts.length / count;
    const owned = this.numbers.length + this.kept * count;
    const kept = curves ? runs * (steps + 1) : 1;
    const { table } = this;
    const sizes = [starts.length, runs * this.rates, runs * owned, table.length + 1, this.scratch + this.lanes, runs, runs, runs, runs, runs, kept];
    const [parameters, rates, own, data, scratch, initial, loss, right, lived, success, curve] = this.arrays(this.kind, sizes);
    parameters.set(starts);
    if (given.length === 1) rates.fill(given[0]);
    else rates.set(given);
    own.fill(0);
    for (let run = 0; this.numbers.length && run < runs; run++) own.set(this.numbers, run * owned);
    data.set(table);
    data[table.length] = 0;
    curve.fill(NaN); // of networks that have all diverged no more is written
    const places = [parameters, rates, own, data].map((array) => array.byteOffset);
    const ends = [scratch, initial, loss, right, lived, success, curve].map((array) => array.byteOffset);
    this.exports.kernel(...places, this.gap, steps, 0, Math.ceil(runs / this.lanes), runs, curves ? 1 : 0, ...ends);
    return { parameters, initial, loss, right, lived, success, curves: curve };
  }
}

/** What a network says of points. */
export class Prediction extends Kernel {
  /** The outputs of one network on a grid. */
  grid(parameters, view, count) {
    const stride = Math.ceil((count * count) / 4) * 4;
    const [given, points, results] = this.arrays(Float32Array, [parameters.length, 2 * stride, stride]);
    given.set(parameters);
    fillGrid(points, points.subarray(stride), view, count);
    this.exports.predict(given.byteOffset, points.byteOffset, results.byteOffset, stride, stride / 4);
    return results.slice(0, count * count);
  }
}

/** What there is at parameters of a network where a run stands still: losses, second derivatives, hidden units; in float64. */
export class Looking extends Kernel {
  /** @type {number[]} a row for each point: its inputs and its label */
  table;
  /** @type {number} */
  points;
  /** @type {number} */
  count;
  /** @type {number} */
  hidden;

  /** A mean over the points: results by column, for rows that are given by column. */
  mean(name, columns, results) {
    const stride = Math.ceil(columns[0].length / 2) * 2;
    const [given, data, made] = this.arrays(Float64Array, [columns.length * stride, this.table.length, results * stride]);
    columns.forEach((column, k) => given.set(column, k * stride));
    data.set(this.table);
    this.exports[name](given.byteOffset, data.byteOffset, made.byteOffset, stride, this.points, stride / 2);
    return Array.from({ length: results }, (_, k) => [...made.subarray(k * stride, k * stride + columns[0].length)]);
  }

  /** The mean losses at rows of parameters. */
  losses(rows) {
    return this.mean("loss", rows[0].map((_, k) => rows.map((row) => row[k])), 1 + this.count)[0];
  }

  /** @param {number[]} at */
  look(at) {
    const [loss, ...gradient] = this.mean("loss", at.map((x) => [x]), 1 + this.count).map(([x]) => x);
    const unit = at.map((_, i) => at.map((__, k) => (i === k ? 1 : 0)));
    const hessian = this.mean("bend", [...at.map((x) => at.map(() => x)), ...unit], this.count);
    return { loss, gradient, hessian, hidden: this.units(at) };
  }

  /** What each hidden unit gives at every point. */
  units(at) {
    if (!this.hidden) return [];
    const stride = Math.ceil(this.points / 2) * 2;
    const [given, points, made] = this.arrays(Float64Array, [this.count, 2 * stride, this.hidden * stride]);
    given.set(at);
    for (let i = 0; i < this.points; i++) for (const k of [0, 1]) points[k * stride + i] = this.table[3 * i + k];
    this.exports.units(given.byteOffset, points.byteOffset, made.byteOffset, stride, stride / 2);
    return Array.from({ length: this.hidden }, (_, k) => [...made.subarray(k * stride, k * stride + this.points)]);
  }
}
