// What the views ask Python, from their states. What the page asks first of all is answered when it is built.
import { USUAL } from "./entries.mjs";
import { FUNCTIONS } from "./functions.mjs";
import { written } from "./state.mjs";
import { DATA } from "./tables.mjs";

export const surface = ({ f }) => ["surface", { text: f }];
export const derived = ({ f }) => ["derived", { text: f }];
export const bent = ({ f }) => ["bent", { text: f }];
export const way = ({ f }, rule) => ["way", { text: f, rule }];
export const exact = ({ f, start, rate, rule, steps }) => ["exact", { text: f, start: start.map(written), rate: written(rate), rules: rule, steps: String(steps) }];
export const network = ({ hidden, activation, loss, rule, init }, points) =>
  ["network", { hidden, activation, loss, rule, initialisation: init, points }];
export const looking = (state, points) => ["looking", network(state, points)[1]];
export const why = (state, points, facts, answers) => ["why", { .../** @type {object} */ (network(state, points)[1]), facts, answers }];
export const trainability = ({ width, depth, activation, rule }, dtype) => ["trainability", { width, depth, activation, rule, dtype }];
/** @param {any} state */
const built = ({ sizes, activation, loss }) => ({ sizes, activation, loss });
export const chain = (state) => ["chain", { ...built(state), by: state.by }];
export const matrices = (state) => ["matrices", built(state)];
export const numbers = ({ x, y, weights, ...state }) => ["numbers", { ...built(state), x, y, weights }];
export const judged = (state) => ["judged", { .../** @type {object} */ (numbers(state)[1]), by: state.by, line: state.line }];
export const drawing = () => ["drawing", {}];

/** What is answered when the page is built. */
export function shipped() {
  const { descend, derive, train, boundary } = USUAL;
  const sets = Object.values(DATA).map(({ points }) => network(train, points));
  const known = FUNCTIONS.flatMap(({ f, start, rate }) => [surface({ f }), derived({ f }), bent({ f }), exact({ ...descend, f, start, rate }), ...descend.rule.map((rule) => way({ f }, rule))]);
  const maps = ["float32", "float64"].map((dtype) => trainability(boundary, dtype));
  return [...known, ...sets, ...maps, drawing(), chain(derive), matrices(derive), numbers(derive)];
}

/** A name for a question, from its characters (FNV-1a, twice). */
export function nameOf(question, given) {
  const key = JSON.stringify([question, given]);
  const hash = (seed) => {
    let h = seed;
    for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 16777619);
    return (h >>> 0).toString(16).padStart(8, "0");
  };
  return hash(2166136261) + hash(40389);
}
