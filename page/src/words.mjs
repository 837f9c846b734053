// How a way down or a run went, in words and as a table: what was seen and no more.
import { diverged } from "./counting.mjs";

const SMALL = 1.5e-8; // of a gradient, at which gl.descend stops too
const SHOWN = 12; // rows from the start; behind them the last one

/** A number as people read it. */
export const figure = (x) => (Number.isFinite(x) ? String(Number(x.toPrecision(5))) : "not finite");

const length = (slope) => Math.hypot(...slope);

/**
 * @param {{point: number[], value: number, slope: number[]}[]} way
 * @param {{curvatures: number[] | null}} made what Python says of the function
 * @param {number} rate
 * @param {string} rule
 */
export function outcome(way, made, rate, rule) {
  const lost = way.findIndex((step) => ![...step.point, step.value, ...step.slope].every(Number.isFinite));
  const there = way.findIndex((step) => length(step.slope) <= SMALL);
  const last = way[way.length - 1];
  let said;
  if (there >= 0 && (lost < 0 || there < lost)) {
    said = `The gradient is within ${SMALL} of zero after ${there} steps, at (${way[there].point.map(figure).join(", ")}).`;
  } else if (lost >= 0) {
    said = `After ${lost} steps a number is no longer finite: try a smaller rate, or a start where the function is defined.`;
  } else {
    said = `After ${way.length - 1} steps the gradient's length is ${figure(length(last.slope))}; the value went from ${figure(way[0].value)} to ${figure(last.value)}.`;
  }
  return [`Rate ${figure(rate)}.`, said, limit(made.curvatures, rate, rule)].join(" ").trim();
}

/** The rate at which gradient descent on a quadratic stops to shrink the steps. */
function limit(curvatures, rate, rule) {
  if (!curvatures || curvatures[0] <= 0 || rule !== "gradient_descent") return "";
  const bound = 2 / curvatures[1];
  const side = rate < bound ? "below" : rate > bound ? "above" : "at";
  return `The largest curvature is ${figure(curvatures[1])}: gradient descent converges for rates below 2/${figure(curvatures[1])} = ${figure(bound)}; this rate is ${side} it.`;
}

const MORE = 10; // times its steps a failed run goes on for, as runs.diagnose has it

/**
 * Why a run failed, of what can be shown by training it again: that its steps are too long, or too few.
 * @param {{initial: Float32Array, loss: Float32Array}} ended all runs
 * @param {number} run which of them
 * @param {(rate: number, steps: number) => {right: Float32Array, loss: Float32Array, initial: Float32Array, success: Float32Array}} again trains it anew
 * @param {{rate: number, steps: number}} state
 */
export function whyFailed(ended, run, again, { rate, steps }) {
  const [first, last] = [ended.initial[run], ended.loss[run]];
  if (diverged(ended, run)) {
    const tenth = again(rate / 10, steps);
    const seen = Number.isFinite(last) ? `its loss went from ${figure(first)} to ${figure(last)}` : "its loss is no number any more";
    return `It diverged: ${seen}${diverged(tenth, 0) ? "" : `; with a tenth of the learning rate it ends at ${figure(tenth.loss[0])}`}. Try a smaller rate, or a smaller scale.`;
  }
  const long = again(rate, steps * (1 + MORE));
  if (long.right[0] === 1 && long.success[0] > steps) return `It was on its way: it succeeds after ${long.success[0]} steps instead of ${steps}. Try more steps.`;
  if (long.right[0] === 1) return `It had all points right after step ${long.success[0]} and lost that again: its steps are long. Try a smaller rate.`;
  const after = Number.isFinite(long.loss[0]) ? `its loss is ${figure(long.loss[0])}` : "its loss is no number";
  return `Steps are not what it lacks: after ${steps * (1 + MORE)} of them ${after} and not all points are right. Whether that is a plateau, a saddle or a local minimum, runs.diagnose() shows in the program below.`;
}

/** @returns {HTMLTableElement} cells under their heads */
export function rowsOf(head, rows) {
  const made = document.createElement("table");
  [head, ...rows].forEach((cells, i) => {
    const line = made.insertRow();
    cells.forEach((cell) => line.append(Object.assign(document.createElement(i ? "td" : "th"), { textContent: cell })));
  });
  return made;
}

/** @returns {HTMLTableElement} the first steps and the last */
export function table(way, variables) {
  const steps = way.map((step, i) => [String(i), ...step.point.map(figure), figure(step.value), figure(length(step.slope))]);
  const rows = steps.slice(0, SHOWN);
  if (steps.length > SHOWN + 1) rows.push(["…", ...variables.map(() => ""), "", ""]);
  if (steps.length > SHOWN) rows.push(steps[steps.length - 1]);
  return rowsOf(["step", ...variables, "value", "gradient's length"], rows);
}
