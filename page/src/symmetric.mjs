// The eigenvalues of a symmetric matrix and their directions, by Jacobi's rotations.

const SWEEPS = 60;

/**
 * @param {number[][]} given rows; the two halves are averaged
 * @returns {{values: number[], vectors: number[][]}} from the smallest value; a row for each direction
 */
export function eigen(given) {
  const n = given.length;
  const matrix = given.map((row, i) => Float64Array.from(row, (x, k) => (x + given[k][i]) / 2));
  const vectors = given.map((_, i) => Float64Array.from(given, (__, k) => (i === k ? 1 : 0)));
  for (let sweep = 0; sweep < SWEEPS && rotateAll(matrix, vectors); sweep++);
  const order = Array.from({ length: n }, (_, i) => i).sort((i, k) => matrix[i][i] - matrix[k][k]);
  return { values: order.map((i) => matrix[i][i]), vectors: order.map((i) => [...vectors[i]]) };
}

/** One rotation for each entry beside the diagonal; whether any was needed. */
function rotateAll(matrix, vectors) {
  let rotated = false;
  for (let i = 0; i < matrix.length; i++) {
    for (let k = i + 1; k < matrix.length; k++) {
      const off = matrix[i][k];
      if (!(Math.abs(off) > 1e-17 * (Math.abs(matrix[i][i]) + Math.abs(matrix[k][k]))) || Math.abs(off) < 1e-300) continue;
      rotated = true;
      const theta = (matrix[k][k] - matrix[i][i]) / (2 * off);
      const tangent = Math.abs(theta) > 1e150 ? 0.5 / theta : Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
      rotate(matrix, vectors, [i, k], tangent);
    }
  }
  return rotated;
}

function rotate(matrix, vectors, [i, k], tangent) {
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  const turn = (one, other) => [cosine * one - sine * other, sine * one + cosine * other];
  for (const row of matrix) [row[i], row[k]] = turn(row[i], row[k]);
  for (let j = 0; j < matrix.length; j++) {
    [matrix[i][j], matrix[k][j]] = turn(matrix[i][j], matrix[k][j]);
    [vectors[i][j], vectors[k][j]] = turn(vectors[i][j], vectors[k][j]);
  }
  matrix[i][k] = matrix[k][i] = 0;
}
