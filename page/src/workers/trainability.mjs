// Pixels of a map of trainability: one start and one set of points, trained with the learning rates of each pixel.
import { Drawing, Training } from "../kernels.mjs";
import { measured } from "../counting.mjs";

const POINTS = 1n << 64n; // where in the generator's counter the points begin, far behind the starts

let prepared;

async function prepare({ drawing, kernel, about, steps, seed }) {
  const drawn = await Drawing.of(drawing);
  const wanted = { uniform: false, seed };
  const table = drawn.standard({ ...wanted, parameters: about.columns, runs: about.points, first: POINTS });
  const training = await Training.of(kernel, { ...about, table });
  const start = training.starts(drawn.standard({ ...wanted, parameters: about.factors.length, runs: 1, first: 0n }), 1);
  let starts = new training.kind(0); // the same one for each pixel
  return (settings) => {
    const wanted = settings.length * start.length;
    if (starts.length < wanted) starts = new training.kind(wanted).map((_, i) => start[i % start.length]);
    const { curves } = training.run(starts.subarray(0, wanted), settings.flat(), steps, true);
    return settings.map((_, i) => measured(curves.subarray(i * (steps + 1), (i + 1) * (steps + 1))));
  };
}

self.onmessage = async ({ data: { setup, number, settings } }) => {
  if (setup) prepared = prepare(setup);
  else self.postMessage({ number, made: (await prepared)(settings) });
};
