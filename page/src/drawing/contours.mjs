// Lines of equal height on a grid: each cell is crossed by straight pieces between its edges.

/**
 * Heights at which lines are drawn: denser near the lowest, as a valley has more to show than its walls.
 * @param {Float64Array} values
 * @param {number} count
 */
export function levels(values, count) {
  const sorted = Float64Array.from(values.filter(Number.isFinite)).sort();
  if (!sorted.length) return [];
  const low = sorted[0];
  const range = sorted[Math.floor((sorted.length - 1) * 0.97)] - low;
  return range > 0 ? Array.from({ length: count }, (_, k) => low + range * ((k + 0.5) / count) ** 2) : [];
}

/**
 * The pieces of a line of equal height.
 * @param {Float64Array} values row by row
 * @param {number} count points a side
 * @param {number} level
 * @returns {[number, number, number, number][]} from and to, in columns and rows
 */
export function pieces(values, count, level) {
  const found = [];
  for (let row = 0; row + 1 < count; row++) {
    for (let column = 0; column + 1 < count; column++) {
      const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([x, y]) => [column + x, row + y, values[(row + y) * count + column + x]]);
      if (!corners.every((corner) => Number.isFinite(corner[2]))) continue;
      const crossings = [];
      corners.forEach(([x, y, height], i) => {
        const [nextX, nextY, next] = corners[(i + 1) % 4];
        if (height < level === next < level) return;
        const share = (level - height) / (next - height);
        crossings.push([x + share * (nextX - x), y + share * (nextY - y)]);
      });
      for (let i = 0; i + 1 < crossings.length; i += 2) found.push([...crossings[i], ...crossings[i + 1]]);
    }
  }
  return found;
}
