// Lines of equal height on a grid: each cell is crossed by straight pieces between its edges.

/**
 * Heights at which lines are drawn: denser near the lowest, as a valley has more to show than its walls.
 * @param {Float32Array | Float64Array} values
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
 * The pieces of lines of equal height: each cell is looked at once, as most are crossed by no line.
 * @param {Float32Array | Float64Array} values row by row
 * @param {number} count points a side
 * @param {number[]} heights from the lowest
 * @returns {[number, number, number, number][][]} of each height, from and to, in columns and rows
 */
export function pieces(values, count, heights) {
  /** @type {[number, number, number, number][][]} */
  const found = heights.map(() => []);
  for (let row = 0; row + 1 < count; row++) {
    for (let column = 0; column + 1 < count; column++) {
      const place = row * count + column;
      const a = values[place];
      const b = values[place + 1];
      const c = values[place + count + 1];
      const d = values[place + count];
      if (!Number.isFinite(a + b + c + d)) continue;
      const low = Math.min(a, b, c, d);
      const high = Math.max(a, b, c, d);
      for (let k = 0; k < heights.length && heights[k] <= high; k++) {
        if (low < heights[k]) cross([[column, row, a], [column + 1, row, b], [column + 1, row + 1, c], [column, row + 1, d]], heights[k], found[k]);
      }
    }
  }
  return found;
}

/** The pieces of a line within a cell, whose corners are given around it. */
function cross(corners, level, found) {
  const crossings = [];
  corners.forEach(([x, y, height], i) => {
    const [nextX, nextY, next] = corners[(i + 1) % 4];
    if (height < level === next < level) return;
    const share = (level - height) / (next - height);
    crossings.push([x + share * (nextX - x), y + share * (nextY - y)]);
  });
  for (let i = 0; i + 1 < crossings.length; i += 2) found.push([...crossings[i], ...crossings[i + 1]]);
}
