import assert from "node:assert/strict";
import { test } from "node:test";
import { eigen } from "../../src/symmetric.mjs";

test("a symmetric matrix is its eigenvalues times their directions, which stand at right angles", () => {
  for (const n of [1, 2, 9, 40]) {
    const given = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, k) => Math.sin(1 + i * k) + Math.cos(i + k)));
    const { values, vectors } = eigen(given);
    assert.deepEqual(values, values.toSorted((a, b) => a - b));
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < n; k++) {
        const made = values.reduce((sum, value, j) => sum + value * vectors[j][i] * vectors[j][k], 0);
        assert.ok(Math.abs(made - given[i][k]) < 1e-12, `${n}: ${i}, ${k}`);
        const product = vectors[i].reduce((sum, x, j) => sum + x * vectors[k][j], 0);
        assert.ok(Math.abs(product - (i === k ? 1 : 0)) < 1e-12);
      }
    }
  }
});

test("what is diagonal stays, and nothing is nothing", () => {
  assert.deepEqual(eigen([[3, 0], [0, -1]]), { values: [-1, 3], vectors: [[0, 1], [1, 0]] });
  assert.deepEqual(eigen([[0, 0], [0, 0]]).values, [0, 0]);
});
