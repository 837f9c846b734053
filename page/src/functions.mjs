// The functions of two variables that Descend offers, each with what is seen of it, a start, and a rate that goes down.
import { USUAL } from "./entries.mjs";

const { descend } = USUAL;

/** @type {[string, string, number[], number[], number][]} */
const KNOWN = [
  ["the lab's bowl", descend.f, descend.view, descend.start, descend.rate],
  ["Rosenbrock's valley", "(1 - x)**2 + 100*(y - x**2)**2", [0, 1, 4], [-1.2, 1], 0.001],
  ["Himmelblau's four hollows", "(x**2 + y - 11)**2 + (x + y**2 - 7)**2", [0, 0, 11], [0, 0], 0.01],
  ["a saddle", "x**2 - y**2 + y**4/8", [0, 0, 6], [2, 0.1], 0.1],
  ["a narrow valley", "x**2 + 25*y**2", [0, 0, 12], [5, 2], 0.03],
  ["Beale", "(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2", [0, 0, 9], [1, 1], 0.01],
];

export const FUNCTIONS = KNOWN.map(([title, f, view, start, rate]) => ({ title, f, view, start, rate }));
