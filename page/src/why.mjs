// Why a run failed: Python says what is to be tried, the kernels try it, until the cause is found.
import { diverged } from "./counting.mjs";
import * as questions from "./questions.mjs";
import { eigen } from "./symmetric.mjs";

const MORE = 10; // times its steps a failed run goes on for, as runs.diagnose has it
const MOST = 40; // answers; there are far fewer

/** The standard deviation of numbers. */
function spreadOf(numbers) {
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  return Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length);
}

/** A run and how it goes on, as gradlab.train has it. */
export function factsOf({ kernel, starts, ended }, run, { rate, steps }) {
  const count = kernel.factors.length;
  const born = starts.slice(run * count, (run + 1) * count);
  const long = kernel.train(born, [rate], steps * (1 + MORE), true);
  return {
    run, diverged: diverged(ended, run), rate, steps, more: MORE, spread: spreadOf(Array.from(starts)), born: [...born],
    here: [...ended.parameters.slice(run * count, (run + 1) * count)], far: [...long.parameters],
    curve: [...long.curves.slice(0, steps + 1)], end: long.loss[0], success_step: long.success[0], succeeds: long.right[0] === 1,
  };
}

/** Trainings as Python asks for them. */
function train({ kernel, drawing }, { rate }, { starts, steps, slower, curves, moved, by, anew }) {
  const count = kernel.factors.length;
  const drawn = moved.length ? drawing.standard({ parameters: count, runs: starts.length, uniform: false, seed: 1n, first: 0n }) : [];
  const rows = starts.map((start, row) => {
    const made = [...start];
    for (const place of moved) made[place] = (anew ? 0 : made[place]) + drawn[row * count + place] * by;
    return made;
  });
  const made = kernel.train(kernel.kind.from(rows.flat()), [rate / slower], steps, curves);
  return { loss: [...made.loss], diverged: rows.map((_, i) => diverged(made, i)), curve: curves ? [...made.curves.slice(0, steps + 1)] : [] };
}

/**
 * How many of the runs of a setting fail of each cause.
 * @param {(question: string, given: object) => Promise<any>} ask
 * @param {any} room the kernels `kernel`, `drawing` and `looking`
 * @param {any} state of the view, with the setting in it
 * @param {number[][]} points
 * @returns {Promise<Record<string, number>>}
 * @throws {Error} if Python does not answer
 */
export async function causesOf(ask, room, state, points) {
  const { kernel, drawing } = room;
  const wanted = { parameters: kernel.factors.length, runs: state.runs, uniform: kernel.uniform, seed: BigInt(state.seed), first: 0n };
  const starts = kernel.starts(drawing.standard(wanted), state.scale);
  const ended = kernel.train(starts, [state.rate], state.steps);
  const failed = Array.from({ length: state.runs }, (_, run) => run).filter((run) => ended.right[run] !== 1 || diverged(ended, run));
  const counts = {};
  for (const { cause, error } of await Promise.all(failed.map((run) => whyFailed(ask, { ...room, starts, ended }, run, state, points)))) {
    if (error) throw new Error(error);
    counts[cause] = (counts[cause] ?? 0) + 1;
  }
  return counts;
}

/** What there is at some parameters. */
function look(looking, { at }) {
  const { hessian, ...seen } = looking.look(at);
  return { ...seen, ...eigen(hessian) };
}

/**
 * @param {(question: string, given: object) => Promise<any>} ask
 * @param {any} room the kernels `kernel`, `drawing` and `looking`; `starts` of all runs, and how they `ended`
 * @param {number} run which of them
 * @param {any} state of the view
 * @param {number[][]} points
 * @returns {Promise<{cause?: string, words?: string, units?: string[], error?: string}>}
 */
export async function whyFailed(ask, room, run, state, points) {
  const facts = factsOf(room, run, state);
  const answers = [];
  while (answers.length < MOST) {
    const [question, given] = questions.why(state, points, facts, answers);
    const said = await ask(/** @type {string} */ (question), /** @type {object} */ (given));
    if (!said.wanted) return said;
    const { kind, ...wanted } = said.wanted;
    answers.push({ train: () => train(room, state, wanted), losses: () => room.looking.losses(wanted.at), look: () => look(room.looking, wanted) }[kind]());
  }
  return { error: "Python asked for more than there is to be found out." };
}
