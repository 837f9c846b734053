// The functions of two variables that Descend offers, each with what is seen of it and a start.
import { DESCEND } from "./questions.mjs";

/** @type {[string, string, number[], number[]][]} */
const KNOWN = [
  ["the lab's bowl", DESCEND.f, [8, 4, 16], [3, 9]],
  ["Rosenbrock's valley", "(1 - x)**2 + 100*(y - x**2)**2", [0, 1, 4], [-1.2, 1]],
  ["Himmelblau's four hollows", "(x**2 + y - 11)**2 + (x + y**2 - 7)**2", [0, 0, 11], [0, 0]],
  ["a saddle", "x**2 - y**2 + y**4/8", [0, 0, 6], [2, 0.1]],
  ["a narrow valley", "x**2 + 25*y**2", [0, 0, 12], [5, 2]],
  ["Beale", "(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2", [0, 0, 9], [1, 1]],
];

export const FUNCTIONS = KNOWN.map(([title, f, view, start]) => ({ title, f, view, start }));
