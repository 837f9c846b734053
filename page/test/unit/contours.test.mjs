import assert from "node:assert/strict";
import { test } from "node:test";
import { levels, pieces } from "../../src/drawing/contours.mjs";

const grid = (count, height) => Float64Array.from({ length: count * count }, (_, i) => height(i % count, Math.floor(i / count)));

test("on a slope every piece lies where the level is", () => {
  const [found, ...others] = pieces(grid(9, (x, y) => 2 * x + 3 * y), 9, [10.5, 99]);
  assert.deepEqual(others, [[]]);
  assert.ok(found.length > 4);
  for (const [x, y, toX, toY] of found) for (const [a, b] of [[x, y], [toX, toY]]) assert.ok(Math.abs(2 * a + 3 * b - 10.5) < 1e-12);
});

test("around a hollow the pieces close", () => {
  const ends = new Map();
  for (const [x, y, toX, toY] of pieces(grid(15, (x, y) => (x - 7) ** 2 + (y - 7) ** 2), 15, [20.5])[0]) {
    for (const end of [`${x.toFixed(9)},${y.toFixed(9)}`, `${toX.toFixed(9)},${toY.toFixed(9)}`]) ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  assert.ok(ends.size > 8);
  assert.ok([...ends.values()].every((count) => count === 2));
});

test("what is not finite is left out", () => {
  const values = grid(5, (x, y) => (x === 2 && y === 2 ? NaN : x));
  assert.equal(pieces(values, 5, [1.5])[0].length, 2);
  assert.equal(levels(values, 4).length, 4);
  assert.deepEqual(levels(grid(4, () => NaN), 4), []);
  assert.deepEqual(levels(grid(4, () => 3), 4), []);
});
