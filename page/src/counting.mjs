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
