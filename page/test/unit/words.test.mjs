import assert from "node:assert/strict";
import { test } from "node:test";
import { figure, outcome } from "../../src/words.mjs";

const step = (x, value, slope) => ({ point: [x, 0], value, slope: [slope, 0] });
const none = { curvatures: null };

test("an end is told by what was seen", () => {
  assert.match(outcome([step(1, 1, 2), step(0, 0, 0)], none, 0.5, "adam"), /within 1.5e-8 of zero after 1 steps, at \(0, 0\)/);
  assert.match(outcome([step(1, 1, 2), step(Infinity, NaN, NaN)], none, 9, "adam"), /After 1 steps a number is no longer finite/);
  assert.match(outcome([step(1, 1, 2), step(2, 4, 4)], none, 9, "adam"), /the gradient's length is 4; the value went from 1 to 4/);
  assert.match(outcome([step(0, 0, 0), step(NaN, NaN, NaN)], none, 9, "adam"), /of zero after 0 steps/);
});

test("the limit of the rate is told for gradient descent on a bowl alone", () => {
  const way = [step(1, 1, 2)];
  assert.match(outcome(way, { curvatures: [1, 4] }, 0.6, "gradient_descent"), /2\/4 = 0.5; this rate is above it/);
  assert.match(outcome(way, { curvatures: [1, 4] }, 0.4, "gradient_descent"), /is below it/);
  for (const [curvatures, rule] of [[[1, 4], "adam"], [[-1, 4], "gradient_descent"], [null, "gradient_descent"]]) {
    assert.doesNotMatch(outcome(way, { curvatures }, 0.6, rule), /curvature/);
  }
});

test("numbers are short", () => {
  assert.deepEqual([1 / 3, 1e-20, 12, NaN].map(figure), ["0.33333", "1e-20", "12", "not finite"]);
});
