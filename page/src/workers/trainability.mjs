// Pixels of a map of trainability: one start and one set of points, trained with the learning rates of each pixel.
import { Drawing, Training } from "../kernels.mjs";
import { measured } from "../counting.mjs";

const POINTS = 1n << 64n; // where in the generator's counter the points begin, far behind the starts

let job;
let training;
let start;

self.onmessage = async ({ data }) => {
  if (data.setup) {
    job = data.setup;
    const { about, seed } = job;
    const drawing = await Drawing.of(job.drawing);
    const wanted = { uniform: false, seed };
    const table = drawing.standard({ ...wanted, parameters: about.columns, runs: about.points, first: POINTS });
    training = await Training.of(job.kernel, { ...about, table });
    start = training.starts(drawing.standard({ ...wanted, parameters: about.factors.length, runs: 1, first: 0n }), 1);
    self.postMessage({ ready: true });
  } else {
    const { settings, number } = data;
    const starts = new training.kind(settings.length * start.length);
    settings.forEach((_, i) => starts.set(start, i * start.length));
    const { curves } = training.train(starts, settings.flat(), job.steps, true);
    self.postMessage({ number, made: settings.map((_, i) => measured(curves.subarray(i * (job.steps + 1), (i + 1) * (job.steps + 1)))) });
  }
};
