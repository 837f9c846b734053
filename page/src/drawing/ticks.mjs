// Where an axis with a logarithmic scale has its marks, and how they are written.

/**
 * Powers of ten where there are several, with twice and five times these where there are few; on a short piece of the axis
 * three values with as many digits as tell them apart.
 * @param {number} low
 * @param {number} high
 * @returns {{value: number, label: string}[]}
 */
export function ticks(low, high) {
  const decades = Math.log10(high / low);
  if (!(decades > 0)) return [];
  if (decades < 1) {
    const digits = Math.min(17, Math.max(2, Math.ceil(1 - Math.log10(high / low - 1)) + 1));
    return [0.15, 0.5, 0.85].map((share) => {
      const value = Number((low * (high / low) ** share).toPrecision(digits));
      return { value, label: String(value) };
    });
  }
  const [from, to] = [Math.floor(Math.log10(low) + 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const every = Math.max(1, Math.ceil((to - from) / 6));
  const made = [];
  for (let k = from; k <= to; k += every) for (const digit of decades > 2.5 ? [1] : [1, 2, 5]) made.push(Number(`${digit}e${k}`));
  return made.filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)).map((value) => ({ value, label: written(value) }));
}

const written = (value) => (value >= 0.001 && value < 1e5 ? String(value) : value.toExponential(0));
