// How a way down or a run went, in words and as a table: what was seen and no more.
const SMALL = 1.5e-8; // of a gradient, at which gl.descend stops too
const SHOWN = 12; // rows from the start; behind them the last one

const LARGE = 1e7; // from here on nobody counts digits

/** A number as people read it. */
export function figure(x) {
  if (!Number.isFinite(x)) return "not finite";
  const short = Number(x.toPrecision(5));
  return Math.abs(short) >= LARGE ? short.toExponential() : String(short);
}

const counted = (steps) => `${steps} step${steps === 1 ? "" : "s"}`;

const length = (slope) => Math.hypot(...slope);

/** The first step with a number that is not finite. */
const lostAt = (steps) => steps.findIndex((step) => ![...step.point, step.value, ...step.slope].every(Number.isFinite));

/** A way's steps, but none behind a number that is not finite. @param {Steps} steps */
export const gone = (steps) => (lostAt(steps) < 0 ? steps : steps.slice(0, lostAt(steps) + 1));

/**
 * Where a way ends: at the first step with a gradient of zero, before the first number that is not finite, or after all steps.
 * @typedef {{point: number[], value: number, slope: number[]}[]} Steps
 * @param {Steps} steps
 */
function endOf(steps) {
  const lost = lostAt(steps);
  const there = steps.findIndex((step) => length(step.slope) <= SMALL);
  if (there >= 0 && (lost < 0 || there < lost)) {
    const said = `The gradient is within ${SMALL} of zero after ${counted(there)}, at (${steps[there].point.map(figure).join(", ")}).`;
    return { after: there, short: "gradient zero", said };
  }
  if (lost >= 0) return { after: lost, short: "not finite", said: `After ${counted(lost)} a number is no longer finite: try a smaller rate, or a start where the function is defined.` };
  const last = steps[steps.length - 1];
  const [from, to] = [steps[0].value, last.value];
  const change = to > from ? "rose" : to < from ? "fell" : "went";
  const by = to !== from && figure(from) === figure(to) ? ` by ${figure(Math.abs(to - from))}` : "";
  const said = `After ${counted(steps.length - 1)} the gradient's length is ${figure(length(last.slope))}; the value ${change}${by} from ${figure(from)} to ${figure(to)}.`;
  return { after: steps.length - 1, short: "all steps taken", said };
}

/**
 * @param {{name: string, title: string, steps: Steps}[]} ways
 * @param {{curvatures?: number[] | null}} made what Python says of the function
 * @param {number} rate
 */
export function outcome(ways, { curvatures }, rate) {
  const said = ways.map(({ title, steps }) => (ways.length > 1 ? `${title[0].toUpperCase()}${title.slice(1)}: ` : "") + endOf(steps).said);
  return [`Rate ${figure(rate)}.`, ...said, ways.some(({ name }) => name === "gradient_descent") ? limit(curvatures, rate) : ""].join(" ").trim();
}

/** How all ways ended, a row for each. */
export function outcomes(ways, variables) {
  const rows = ways.map(({ title, steps }) => {
    const { after, short } = endOf(steps);
    const { point, value, slope } = steps[after];
    return [title, short, String(after), ...point.map(figure), figure(value), figure(length(slope))];
  });
  return rowsOf(["rule", "end", "after steps", ...variables, "value", "gradient's length"], rows);
}

/** The rate at which gradient descent on a quadratic stops to shrink the steps. */
function limit(curvatures, rate) {
  if (!(curvatures?.[0] > 0)) return "";
  const bound = 2 / curvatures[1];
  const side = rate < bound ? "below" : rate > bound ? "above" : "at";
  return `The largest curvature is ${figure(curvatures[1])}: gradient descent converges for rates below 2/${figure(curvatures[1])} = ${figure(bound)}; this rate is ${side} it. ${shrinking(curvatures.map((each) => rate * each))}`;
}

/** By what a step multiplies a distance of which it goes so many times: what is hardly less than 1 or more is not rounded to it. */
export function multiplied(times) {
  const [factor, less] = times <= 1 ? [1 - times, times] : [times - 1, 2 - times];
  return less && figure(factor) === "1" ? `1 ${less > 0 ? "-" : "+"} ${figure(Math.abs(less))}` : figure(factor);
}

/** What a step of gradient descent does on a bowl, by the rate times its smallest and its largest curvature. */
function shrinking(products) {
  const [flat, steep] = products.map((times) => `${multiplied(times)}${times > 1 ? ", to the other side of it" : ""}`);
  return `Each step multiplies the distance to the lowest point ${flat === steep ? `by ${steep}` : `along the flat direction by ${flat}, along the steep one by ${steep}`}.`;
}

/** @returns {HTMLTableElement} cells under their heads */
export function rowsOf(head, rows) {
  const made = document.createElement("table");
  [head, ...rows].forEach((cells, i) => {
    const line = made.insertRow();
    cells.forEach((cell) => line.append(Object.assign(document.createElement(i ? "td" : "th"), { textContent: cell })));
  });
  return made;
}

/**
 * Where ways leave a picture: what is not seen has to be said.
 * @param {{title: string, steps: Steps}[]} ways
 * @param {number[]} view the middle of the picture and its width
 */
export function leaving(ways, [x, y, width]) {
  const outside = ({ point }) => point.every(Number.isFinite) && Math.max(Math.abs(point[0] - x), Math.abs(point[1] - y)) > width / 2;
  return ways.flatMap(({ title, steps }) => {
    const place = steps.findIndex(outside);
    if (place < 0) return [];
    const name = ways.length > 1 ? `the way of ${title}` : "the way";
    return [place ? `The picture does not show all of ${name}, which leaves it with step ${place}.` : `The picture does not show where ${name} starts.`];
  }).join(" ");
}

/**
 * The first steps and the last.
 * @param {Steps} way
 * @param {string[]} variables
 * @param {string[][]} exact the first points and the values there as fractions, where they are known
 * @returns {HTMLTableElement}
 */
export function table(way, variables, exact = []) {
  const rounded = (x) => (exact.length && x !== 0 ? `≈ ${figure(x)}` : figure(x));
  const steps = gone(way).map((step, i) => [String(i), ...(exact[i] ?? [...step.point, step.value].map(rounded)), rounded(length(step.slope))]);
  const rows = steps.slice(0, SHOWN);
  if (steps.length > SHOWN + 1) rows.push(["…", ...variables.map(() => ""), "", ""]);
  if (steps.length > SHOWN) rows.push(steps[steps.length - 1]);
  return rowsOf(["step", ...variables, "value", "gradient's length"], rows);
}
