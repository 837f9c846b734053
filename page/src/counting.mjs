// What became of the runs of one setting, in a few numbers.

const ROUNDING = 1 + Math.sqrt(2 ** -23); // by so much a loss may end above where it began

/** Which runs diverged: no longer finite, or a loss that ended above where it began; as gl.train has it. */
export const diverged = ({ initial, loss }, run) => !(loss[run] <= Math.fround(ROUNDING * initial[run]));

/**
 * @param {{right: Float32Array, initial: Float32Array, loss: Float32Array, success: Float32Array}} ended
 * @returns {{successes: number, diverged: number, steps: number[]}} steps: the first at which each successful run had all points right
 */
export function counted(ended) {
  const steps = [];
  let lost = 0;
  for (let run = 0; run < ended.right.length; run++) {
    if (ended.right[run] === 1) steps.push(ended.success[run]);
    if (diverged(ended, run)) lost++;
  }
  return { successes: steps.length, diverged: lost, steps };
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
  const from = curve.length - Math.min(LAST, curve.length);
  let [last, sum, inverses] = [0, 0, 0];
  for (let i = 0; i < curve.length; i++) {
    const relative = curve[i] / curve[0];
    const loss = relative <= LARGEST ? relative : LARGEST;
    sum += loss;
    inverses += 1 / Math.max(loss, 1 / LARGEST);
    if (i >= from) last += loss;
  }
  const converged = last / (curve.length - from) < 1;
  return { converged, sum: converged ? sum : inverses };
}
