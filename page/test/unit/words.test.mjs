import assert from "node:assert/strict";
import { test } from "node:test";
import { figure, outcome, whyFailed } from "../../src/words.mjs";

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

test("a run is trained again before it is said why it failed", () => {
  const run = (initial, loss, right = 0, success = -1) => ({ initial: [initial], loss: [loss], right: [right], success: [success] });
  const state = { rate: 1, steps: 100 };
  const said = (ended, ...others) => whyFailed(ended, 0, () => others.shift(), state);
  assert.match(said(run(1, 5), run(1, 0.5)), /diverged: its loss went from 1 to 5; with a tenth of the learning rate it ends at 0.5/);
  assert.match(said(run(1, NaN), run(1, 2)), /diverged: its loss is no number any more\. Try/);
  assert.match(said(run(1, 0.5), run(1, 0.1, 1, 230)), /succeeds after 230 steps instead of 100/);
  assert.match(said(run(1, 0.5), run(1, 0.1, 1, 40)), /had all points right after step 40 and lost that again/);
  assert.match(said(run(1, 0.5), run(1, 0.4)), /after 1100 of them its loss is 0.4 and not all points are right/);
});
