// How many runs of a setting succeed: a kernel in a thread of its own, a few settings at a time.
import { Drawing, Training } from "../kernels.mjs";
import { counted } from "../counting.mjs";

let job;
let training;
let standard;

self.onmessage = async ({ data }) => {
  if (data.setup) {
    job = data.setup;
    const drawing = await Drawing.of(job.drawing);
    training = await Training.of(job.kernel, job.about);
    standard = drawing.standard({ parameters: job.about.factors.length, runs: job.runs, uniform: job.about.uniform, seed: job.seed, first: 0n });
    self.postMessage({ ready: true });
  } else {
    const made = data.settings.map(({ rate, scale }) => counted(training.train(training.starts(standard, scale), [rate], job.steps)));
    self.postMessage({ number: data.number, made });
  }
};
