// How a function bends at a point: the eigenvalues of its Hessian and their directions, in numbers and in words.
import { figure } from "./words.mjs";

const FLAT = 1e-9; // a curvature that is so much smaller than the other one may be rounding

/**
 * @param {number[][]} hessian symmetric, two rows of two
 * @returns {{values: [number, number], vectors: [number[], number[]]} | undefined} from the smallest; undefined where one is not finite
 */
export function curvaturesOf([[a, b], [, d]]) {
  if (![a, b, d].every(Number.isFinite)) return undefined;
  const middle = (a + d) / 2;
  const spread = Math.hypot((a - d) / 2, b);
  const far = middle + (middle < 0 ? -spread : spread);
  const rounding = Math.abs(a * d - b * b) <= 4 * Number.EPSILON * b * b;
  const near = far && !rounding ? (a / far) * d - (b / far) * b : 0; // as a difference of the two it would be rounding where it is small
  const angle = Math.atan2(2 * b, a - d) / 2; // of the direction of the largest
  const [x, y] = [Math.cos(angle), Math.sin(angle)];
  return { values: far < near ? [far, near] : [near, far], vectors: [[-y, x], [x, y]] };
}

/** -1, 0 or 1 for each curvature; 0 where it is hardly more than rounding beside the other. */
export function signsOf([low, high]) {
  const least = FLAT * Math.max(Math.abs(low), Math.abs(high));
  return [low, high].map((value) => (Math.abs(value) <= least ? 0 : Math.sign(value)));
}

const SHAPES = {
  "1,1": "it bends up in every direction, as in a bowl", "-1,-1": "it bends down in every direction, as on a hilltop",
  "-1,1": "it bends down along the first and up along the second, as at a saddle", "0,1": "it bends up along the second and hardly along the first, as in a valley",
  "-1,0": "it bends down along the first and hardly along the second, as on a ridge", "0,0": "second derivatives show no bend, as on a plane; higher ones may",
};

/**
 * @param {number[]} point
 * @param {ReturnType<typeof curvaturesOf>} found
 * @param {number} value of the function there: where it has none its formulas for derivatives may have one
 * @param {boolean} kink whether a part of the function changes from one branch to another there
 */
export function curvatureInWords(point, found, value, kink = false) {
  const place = `At (${point.map(figure).join(", ")})`;
  if (!Number.isFinite(value)) return `${place} the function has no finite value.`;
  if (kink) return `${place} a part of the function changes from one branch to another, as |x| does at 0: second derivatives need not exist there.`;
  if (!found) return `${place} the second derivatives are not finite.`;
  const { values, vectors } = found;
  const signs = signsOf(values);
  const along = vectors.map((vector) => `(${vector.map((x) => figure(Number(x.toFixed(3)) + 0)).join(", ")})`);
  const times = signs[0] && signs[1] ? Math.max(...values.map(Math.abs)) / Math.min(...values.map(Math.abs)) : 1;
  const condition = times > 1.0005 ? `, ${figure(times)} times as much along one as along the other` : "";
  return `${place} the curvatures, the eigenvalues of the Hessian, are ${figure(values[0])} along ${along[0]} and ${figure(values[1])} along ${along[1]}: ${SHAPES[signs.join()]}${condition}.`;
}
