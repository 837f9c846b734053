// How the length of a boundary grows as it is looked at more closely.

/**
 * The box-counting dimension of the boundary between cells that have a property and those that have not.
 * @param {boolean[]} cells row by row
 * @param {number} count cells a side, a power of two
 * @returns {{dimension: number, error: number, sizes: number[]} | undefined} the slope of the number of boxes that are crossed over
 *   their size, both as logarithms, with the standard error of the fit; undefined where hardly any boundary is
 */
export function boxDimension(cells, count) {
  const points = [];
  for (let size = 2; size <= count / 8; size *= 2) {
    let crossed = 0;
    for (let row = 0; row < count; row += size) {
      for (let column = 0; column < count; column += size) crossed += Number(mixed(cells, count, row, column, size));
    }
    if (crossed) points.push([Math.log(1 / size), Math.log(crossed), size]);
  }
  if (points.length < 3) return undefined;
  const mean = (i) => points.reduce((sum, point) => sum + point[i], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const spread = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  const dimension = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / spread;
  const rest = points.reduce((sum, point) => sum + (point[1] - y - dimension * (point[0] - x)) ** 2, 0);
  return { dimension, error: Math.sqrt(rest / (points.length - 2) / spread), sizes: points.map((point) => point[2]) };
}

/** Whether a box has cells of both kinds. */
function mixed(cells, count, row, column, size) {
  const first = cells[row * count + column];
  for (let i = row; i < row + size; i++) {
    for (let k = column; k < column + size; k++) if (cells[i * count + k] !== first) return true;
  }
  return false;
}
