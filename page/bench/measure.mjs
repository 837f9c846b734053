// The page measured in a browser, as JSON on the last line: node bench/measure.mjs [--rounds N] [--playground NN.TS]
// NN.TS is src/nn.ts of TensorFlow Playground's repository, which is not kept here.
import path from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { close, laboratory } from "../test/browser.mjs";

const { values: chosen } = parseArgs({ options: { rounds: { type: "string", default: "7" }, playground: { type: "string" } } });
const rounds = Number(chosen.rounds);
const PRACTICE = 5000;
const VIEWS = ["descend", "derive", "train", "boundary"];
const FUNCTIONS = ["sin(x)*cos(y) + x**2/9 + y**2/7", "exp(x/5) + (y - x**2/3)**2", "tanh(x*y) + x**2 + y**2/3", "log(1 + x**2 + 3*y**2)", "x**4/8 - x**2 + y**2 + x*y/3"];
const lab = await laboratory({ thrifty: false });

/** Milliseconds from the navigation of a page of a new browser profile until a picture was told, and until it was on the screen. */
async function cold(hash, view) {
  const page = await lab.opened("", { viewport: { width: 1280, height: 800 } });
  await page.goto("about:blank");
  await page.addInitScript((name) => {
    const seen = new MutationObserver(() => {
      if (!document.querySelector(`gradlab-${name}`)?.dataset.drawn) return;
      seen.disconnect();
      window.told = performance.now();
      requestAnimationFrame(() => setTimeout(() => (window.shown = performance.now())));
    });
    seen.observe(document, { subtree: true, attributes: true, childList: true });
  }, view);
  await page.goto(`${lab.address}?${Math.random()}${hash}`);
  await page.waitForFunction(() => window.shown, null, { polling: 20, timeout: 60000 });
  const found = await page.evaluate(() => [window.told, window.shown]);
  await page.context().close();
  return found;
}

/**
 * Functions that are typed, in a page whose Python has started: milliseconds until the derivation is seen, until the
 * picture is told, and until the curvatures are.
 * @param {number} practised milliseconds that Python had before to practise
 */
async function warm(practised) {
  const page = await lab.opened("#1/descend?f=x**2%2By**4");
  await page.waitForFunction(() => document.querySelector("gradlab-descend")?.dataset.explained, null, { timeout: 60000 });
  await page.waitForTimeout(practised);
  const times = [];
  for (const f of FUNCTIONS.slice(0, Math.max(1, rounds))) {
    times.push(await page.evaluate(async (text) => {
      const view = document.querySelector("gradlab-descend");
      const until = (name) => {
        const before = Number(view.dataset[name]);
        return new Promise((resolve) => new MutationObserver((_, seen) => Number(view.dataset[name]) > before && (seen.disconnect(), resolve(performance.now()))).observe(view, { attributes: true }));
      };
      const done = [until("derived"), until("drawn"), until("explained")];
      const field = view.querySelector("[name=f]");
      field.value = text;
      const began = performance.now();
      field.dispatchEvent(new Event("change", { bubbles: true }));
      return (await Promise.all(done)).map((at) => at - began);
    }, f));
  }
  await page.context().close();
  return times;
}

/**
 * A start that is dragged: milliseconds until its frame is done, from when the page hears of each movement, and from the
 * movement itself, which the browser holds back until the next refresh of the screen.
 */
async function dragged() {
  const page = await lab.opened("");
  await lab.drawn(page, "descend");
  await page.evaluate(() => {
    window.frames = [];
    document.querySelector("main").addEventListener("pointermove", ({ timeStamp }) => {
      const heard = performance.now();
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => window.frames.push([heard, timeStamp].map((from) => performance.now() - from));
        port2.postMessage(0);
      });
    }, { capture: true });
  });
  const box = await page.locator(".plane").boundingBox();
  await page.mouse.move(box.x + 40, box.y + 60);
  await page.mouse.down();
  for (let i = 0; i < 30 * rounds; i++) await page.mouse.move(box.x + 40 + (i % 200), box.y + 60 + ((7 * i) % 150));
  await page.mouse.up();
  const found = await page.evaluate(() => window.frames);
  await page.context().close();
  return found;
}

/** Milliseconds until blocks of these sizes are known, of maps that are computed anew. */
async function map(hash, sizes) {
  const times = [];
  for (let round = 0; round < Math.min(3, rounds); round++) {
    const page = await lab.opened(hash);
    const row = [];
    for (const size of sizes) {
      await page.waitForFunction((n) => Number(document.querySelector(".map")?.dataset.level ?? 999) <= n, size, { timeout: 120000, polling: 5 });
      row.push(Number(await page.getAttribute(".map", "data-milliseconds")));
    }
    times.push(row);
    await page.context().close();
  }
  return times;
}

/** Nanoseconds for a step of one of many of the lab's networks, on one core: ours, and in turns with it Playground's if it is there. */
async function steps() {
  const page = await lab.opened("#1/train?tries=4&steps=1");
  await lab.drawn(page, "train");
  if (chosen.playground) {
    const made = await build({ entryPoints: [path.resolve(chosen.playground)], bundle: true, write: false, format: "iife", globalName: "playground", target: "es2020", logLevel: "error" });
    await page.evaluate(`${made.outputFiles[0].text}; globalThis.playground = playground;`);
  }
  const times = [];
  for (let round = 0; round < rounds; round++) {
    times.push(await page.evaluate(() => {
      const [many, count] = [4096, 100];
      const { kernel, drawing } = document.querySelector("gradlab-train");
      const standard = drawing.standard({ parameters: kernel.factors.length, runs: many, uniform: false, seed: 7n, first: 0n });
      const starts = kernel.starts(standard, 1);
      let began = performance.now();
      kernel.train(starts, [1], count);
      const ours = ((performance.now() - began) * 1e6) / (many * count);
      const nn = globalThis.playground;
      if (!nn) return [ours];
      const data = [[0, 0, 1], [1, 0, -1], [0, 1, -1], [-1, 0, -1], [0, -1, -1]];
      const network = nn.buildNetwork([2, 2, 1], nn.Activations.TANH, nn.Activations.TANH, null, ["x", "y"]);
      const taken = 20000;
      began = performance.now();
      for (let step = 0; step < taken; step++) {
        for (const [x, y, label] of data) {
          nn.forwardProp(network, [x, y]);
          nn.backProp(network, label, nn.Errors.SQUARE);
        }
        nn.updateWeights(network, 0.1, 0);
      }
      return [ours, ((performance.now() - began) * 1e6) / taken];
    }));
  }
  await page.context().close();
  return times;
}

const repeated = async (what) => {
  const found = [];
  for (let round = 0; round < rounds; round++) found.push(await what());
  return found;
};
const measured = { browser: lab.browser.version(), rounds, first: {} };
for (const view of VIEWS) measured.first[view] = await repeated(() => cold(`#1/${view}`, view));
let turn = 0;
measured.typedCold = await repeated(() => cold(`#1/descend?f=${encodeURIComponent(FUNCTIONS[turn++ % FUNCTIONS.length])}`, "descend"));
measured.typedSoon = await warm(0);
measured.typedWarm = await warm(PRACTICE);
measured.dragged = await dragged();
measured.success = await map("#1/train", [4, 1]);
measured.trainability = await map("#1/boundary", [4, 2]);
measured.steps = await steps();
await close();
console.log(JSON.stringify(measured));
