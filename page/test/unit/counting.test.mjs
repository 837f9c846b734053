import assert from "node:assert/strict";
import { test } from "node:test";
import { counted, measured } from "../../src/counting.mjs";
import { boxDimension } from "../../src/dimension.mjs";
import { ticks } from "../../src/drawing/ticks.mjs";

test("a run is measured by its losses as multiples of the first", () => {
  assert.deepEqual(measured(Float64Array.of(2, 1, 1)), { converged: true, sum: 2 });
  assert.deepEqual(measured(Float64Array.of(2, 4, 8)), { converged: false, sum: 1 + 1 / 2 + 1 / 4 });
  const lost = measured(Float64Array.of(1, NaN, Infinity));
  assert.equal(lost.converged, false);
  assert.ok(Math.abs(lost.sum - (1 + 2e-6)) < 1e-12);
  const late = Float64Array.of(1, ...Array(30).fill(5), ...Array(20).fill(0.5));
  assert.deepEqual(measured(late), { converged: true, sum: 161 });
});

test("runs that are right, that are lost and that rose are counted", () => {
  const ended = { right: Float32Array.of(1, 0, 0, 1), initial: Float32Array.of(1, 1, 1, 1), loss: Float32Array.of(0.1, NaN, 1.1, 1.0002), success: Float32Array.of(3, -1, -1, 7) };
  assert.deepEqual(counted(ended), { successes: 2, diverged: 2, steps: [3, 7] });
});

test("a straight boundary has one dimension, and a plane of chance two", () => {
  const count = 64;
  const line = Array.from({ length: count * count }, (_, i) => i % count > 20);
  assert.ok(Math.abs(boxDimension(line, count).dimension - 1) < 0.01);
  let state = 1;
  const chance = line.map(() => (state = (state * 48271) % 2147483647) % 2 === 0);
  assert.ok(boxDimension(chance, count).dimension > 1.9);
  assert.equal(boxDimension(line.map(() => true), count), undefined);
});

test("axes have a handful of marks that are told apart", () => {
  for (const [low, high] of [[0.01, 100], [1e-9, 1e9], [3, 40], [10, 10.001], [50, 50 * (1 + 1e-11)], [0.9, 1.1]]) {
    const made = ticks(low, high);
    assert.ok(made.length >= 2 && made.length <= 9, `${low} ${high}: ${made.length}`);
    assert.equal(new Set(made.map(({ label }) => label)).size, made.length);
    for (const { value } of made) assert.ok(value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
  }
  assert.deepEqual(ticks(1, 1), []);
});
