// The programs of Python that compute what a view shows.
import { DATA, RULES, SIGNS } from "./tables.mjs";

/** The shortest digits that give the same number; a whole one gets its point, so that it is no integer. */
export const asNumbers = (x) => (Number.isInteger(x) && Math.abs(x) < 1e16 ? `${x}.0` : String(x));

/** @param {number[]} numbers */
export const listOf = (numbers) => `(${numbers.map(asNumbers).join(", ")})`;

const ROWS = 5; // points that stand in one line of a program

/** A data set as Python makes it. */
function dataOf({ data, points }) {
  if (data !== "own") return `data = ${DATA[data].call}`;
  const lines = (each) => points.map((point, i) => (i % ROWS ? " " : "\n    ") + each(point) + ",").join("");
  return `x = [${lines(([x, y]) => `[${x}, ${y}]`)}\n]\ny = [${points.map((point) => point[2]).join(", ")}]\ndata = gl.datasets.dataset(x, y)`;
}

/** The ways down of the state of Descend, and the curvatures at a point. */
export function descent({ f, start, rate, rule, steps }, point) {
  const made = rule.map((each) => `gl.rules.${RULES.find(({ name }) => name === each).call}(${asNumbers(rate)})`);
  const call = (each) => `gl.descend(f, start=${listOf(start)}, rule=${each}, max_steps=${steps})`;
  const ways = made.length > 1 ? `for rule in (${made.join(", ")}):\n    print(${call("rule")}, end="\\n\\n")` : `trace = ${call(made[0])}\nprint(trace)`;
  return `import gradlab as gl
import numpy as np

f = gl.function(${JSON.stringify(f)})
${ways}
curvatures, directions = np.linalg.eigh(f.hessian_at(${listOf(point)}))
print(f"curvatures {curvatures}, along the columns of\\n{directions}")
`;
}

/** A training of the state of Train, and its map. */
export function training(state) {
  const { hidden, activation, loss, rule, rate, init, scale, steps, runs, seed } = state;
  const { call } = RULES.find(({ name }) => name === rule);
  const signs = SIGNS.includes(loss) && state.data !== "own" ? "\ndata = gl.datasets.dataset(data.x, 2*data.y - 1)" : "";
  const own = SIGNS.includes(loss) && state.data === "own" ? dataOf(state).replace("dataset(x, y)", "dataset(x, [2*each - 1 for each in y])") : dataOf(state);
  return `import gradlab as gl

net = gl.mlp([${[2, ...hidden, 1].join(", ")}], hidden="${activation}", loss="${loss}")
${own}${signs}
runs = gl.train(
    net, data, rule=gl.rules.${call}(${asNumbers(rate)}), steps=${steps}, restarts=${runs}, seed=${seed},
    initialisation="${init}", init_scale=${asNumbers(scale)}, dtype="float32",
)
print(runs)
print(runs.diagnose())
`;
}

/** A derivation, its numbers, and one's own line. */
export function derivation({ sizes, activation, loss, by, form, x, y, weights, line }) {
  const shown = form === "matrix" ? "net.vector_form()" : `net.derive("L", ${JSON.stringify(by)})`;
  const own = weights.length ? `[${weights.join(", ")}]` : "[round(math.sin(1 + 2*i), 1) for i in range(len(net.parameters))]";
  const judged = line ? `print(gl.answer(${JSON.stringify(`dL/d${by}`)}, ${JSON.stringify(line)}, net))\n` : "";
  return `${weights.length ? "" : "import math\n\n"}import gradlab as gl

net = gl.mlp([${sizes.join(", ")}], hidden="${activation}", loss="${loss}")
print(${shown})
parameters = ${own}
loss, gradient = net.compile()(parameters, x=[[${x.join(", ")}]], y=[[${y.join(", ")}]])
print(loss, net.named(gradient))
${judged}`;
}

/** A map of trainability. */
export function trainability({ width, depth, activation, rule, steps, seed, view }, dtype, count) {
  const { call } = RULES.find(({ name }) => name === rule);
  const side = (layer, low, high) => `("learning_rate[${layer}]", ${asNumbers(low)}, ${asNumbers(high)})`;
  return `import gradlab as gl

grid = gl.trainability(
    width=${width}, depth=${depth}, activation="${activation}", rule=gl.rules.${call}(),
    x=${side(0, view[0], view[1])}, y=${side(depth - 1, view[2], view[3])},
    resolution=${count}, steps=${steps}, seed=${seed}, dtype="${dtype}",
)
print(grid)
gl.plot.trainability(grid)
`;
}
