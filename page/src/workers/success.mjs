// How many runs of a setting succeed: a kernel in a thread of its own, a few settings at a time.
import { Drawing, Training } from "../kernels.mjs";
import { counted } from "../counting.mjs";

let prepared;

async function prepare({ drawing, kernel, about, runs, steps, seed }) {
  const [drawn, training] = await Promise.all([Drawing.of(drawing), Training.of(kernel, about)]);
  const standard = drawn.standard({ parameters: about.factors.length, runs, uniform: about.uniform, seed, first: 0n });
  const starts = new training.kind(standard.length);
  return ({ rate, scale }) => counted(/** @type {any} */ (training.run(training.starts(standard, scale, starts), [rate], steps)));
}

self.onmessage = async ({ data: { setup, number, settings } }) => {
  if (setup) prepared = prepare(setup);
  else self.postMessage({ number, made: settings.map(await prepared) });
};
