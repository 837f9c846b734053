import assert from "node:assert/strict";
import { test } from "node:test";
import { curvatureInWords, curvaturesOf } from "../../src/curvature.mjs";
import { figure, leaving, outcome } from "../../src/words.mjs";

const told = (steps, made, rate, name) => outcome([{ name, title: name, steps }], made, rate);
const step = (x, value, slope) => ({ point: [x, 0], value, slope: [slope, 0] });
const none = { curvatures: null };

test("an end is told by what was seen", () => {
  assert.match(told([step(1, 1, 2), step(0, 0, 0)], none, 0.5, "adam"), /within 1.5e-8 of zero after 1 step, at \(0, 0\)/);
  assert.match(told([step(1, 1, 2), step(Infinity, NaN, NaN)], none, 9, "adam"), /After 1 step a number is no longer finite/);
  assert.match(told([step(1, 1, 2), step(2, 4, 4)], none, 9, "adam"), /the gradient's length is 4; the value rose from 1 to 4/);
  assert.match(told([step(1, 500, 2), step(2, 499.9999999, 4)], none, 9, "adam"), /the value fell by 1e-7 from 500 to 500\.$/);
  assert.match(told([step(0, 0, 0), step(NaN, NaN, NaN)], none, 9, "adam"), /of zero after 0 steps/);
});

test("the limit of the rate is told for gradient descent on a bowl alone", () => {
  const way = [step(1, 1, 2)];
  assert.match(told(way, { curvatures: [1, 4] }, 0.6, "gradient_descent"), /2\/4 = 0.5; this rate is above it/);
  assert.match(told(way, { curvatures: [1, 4] }, 0.4, "gradient_descent"), /is below it\. Each step .* along the flat direction by 0\.6, along the steep one by 0\.6, to the other side of it\./);
  assert.match(told(way, { curvatures: [2, 2] }, 0.25, "gradient_descent"), /multiplies the distance to the lowest point by 0\.5\.$/);
  assert.match(told(way, { curvatures: [2e-5, 2e3] }, 1e-3, "gradient_descent"), /flat direction by 1 - 2e-8, along the steep one by 1, to the other side of it\./);
  assert.match(told(way, { curvatures: [1, 2] }, 1 + 1e-7, "gradient_descent"), /by 1e-7, to the other .* by 1 \+ 2e-7, to the other side of it\./);
  for (const [curvatures, rule] of [[[1, 4], "adam"], [[-1, 4], "gradient_descent"], [[0, 4], "gradient_descent"], [null, "gradient_descent"]]) {
    assert.doesNotMatch(told(way, { curvatures }, 0.6, rule), /curvature/);
  }
});

test("a function bends as its Hessian has it", () => {
  const said = (...hessian) => curvatureInWords([1, 2], curvaturesOf(hessian), 5);
  assert.match(said([2, -1], [-1, 2]), /^At \(1, 2\) .* are 1 along \(0\.707, 0\.707\) and 3 along \(0\.707, -0\.707\): it bends up in every direction, as in a bowl, 3 times as much/);
  assert.match(said([2, 0], [0, -4]), /are -4 along \(0, 1\) and 2 along \(1, 0\): it bends down along the first and up along the second, as at a saddle/);
  assert.match(said([-3, 0], [0, -3]), /in every direction, as on a hilltop\.$/);
  assert.match(said([1e-14, 0], [0, 5]), /hardly along the first, as in a valley\.$/);
  assert.match(said([0, 0], [0, 0]), /no bend, as on a plane; higher ones may/);
  assert.match(said([3e8, 0], [0, 5e-10]), /are 5e-10 along .* and 3e\+8 along/);
  assert.match(curvatureInWords([2, 2], curvaturesOf([[0, 0], [0, 0]]), 5, true), /^At \(2, 2\) a part of the function changes from one branch to another, .* need not exist there\.$/);
  assert.match(said([NaN, 0], [0, 1]), /are not finite/);
  assert.equal(curvatureInWords([-1, 0], curvaturesOf([[-1, 0], [0, 2]]), NaN), "At (-1, 0) the function has no finite value.");
});

test("several ways are told one by one", () => {
  const ways = ["momentum", "gradient_descent"].map((name) => ({ name, title: name, steps: [step(1, 1, 2)] }));
  assert.match(outcome(ways, { curvatures: [1, 4] }, 0.4), /Momentum: After 0 steps .* Gradient_descent: After 0 steps .*2\/4 = 0.5; this rate is below it/);
});

test("what a picture does not show of a way is said", () => {
  const seen = (steps, view, more = []) => leaving([{ title: "Adam", steps }, ...more], view);
  assert.equal(seen([step(1, 1, 2), step(2, 4, 4)], [0, 0, 4]), "");
  assert.match(seen([step(1, 1, 2), step(3, 9, 6), step(0, 0, 0)], [0, 0, 4]), /does not show all of the way, which leaves it with step 1\.$/);
  assert.equal(seen([step(1, 1, 2), step(NaN, NaN, NaN)], [0, 0, 4]), "");
  assert.match(seen([step(9, 1, 2)], [0, 0, 4], [{ title: "momentum", steps: [step(0, 0, 0)] }]), /^The picture does not show where the way of Adam starts\.$/);
});

test("numbers are short", () => {
  assert.deepEqual([1 / 3, 1e-20, 12, 2305843009213693952, -1234567, NaN].map(figure), ["0.33333", "1e-20", "12", "2.3058e+18", "-1234600", "not finite"]);
});
