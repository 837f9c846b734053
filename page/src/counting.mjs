// What became of the runs of one setting, in a few numbers.

const ROUNDING = 1 + Math.sqrt(2 ** -23); // by so much a loss may end above where it began

/** Which runs diverged: no longer finite, or a loss that ended above where it began; as gl.train has it. */
export const diverged = ({ initial, loss }, run) => !(loss[run] <= Math.fround(ROUNDING * initial[run]));

/**
 * @param {{right: Float32Array, initial: Float32Array, loss: Float32Array, success: Float32Array}} ended
 * @returns {{successes: number, diverged: number, steps: number[]}} steps: the first at which each successful run had all points right
 */
export function counted(ended) {
  const runs = [...ended.right.keys()];
  const succeeded = runs.filter((run) => ended.right[run] === 1);
  return { successes: succeeded.length, diverged: runs.filter((run) => diverged(ended, run)).length, steps: succeeded.map((run) => ended.success[run]) };
}

const LARGEST = 1e6; // a loss that is this many times the first, or not finite, counts as this many times
const LAST = 20; // losses over which is averaged, for the sake of those that oscillate

/**
 * How a run of a map of trainability went: whether the mean of its last losses is below the first, and the sum of its losses
 * as multiples of the first, where it diverged of their inverses: the larger, the closer to the boundary.
 * Source: Sohl-Dickstein, "The boundary of neural network trainability is fractal", 2024.
 * @param {Float32Array | Float64Array} curve the losses before the first step and after each
 * @returns {{converged: boolean, sum: number}}
 */
export function measured(curve) {
  const relative = Array.from(curve, (loss) => (loss / curve[0] <= LARGEST ? loss / curve[0] : LARGEST));
  const last = relative.slice(-LAST);
  const converged = last.reduce((sum, loss) => sum + loss, 0) / last.length < 1;
  const term = converged ? (loss) => loss : (loss) => 1 / Math.max(loss, 1 / LARGEST);
  return { converged, sum: relative.reduce((sum, loss) => sum + term(loss), 0) };
}
