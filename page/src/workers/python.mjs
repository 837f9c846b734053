// gradlab's core in a worker: Python from what its memory held when the page was built.
import { loadPyodide } from "pyodide";
import { FUNCTIONS } from "../functions.mjs";
import { LOCK } from "../lock.mjs";
import * as questions from "../questions.mjs";

// A browser runs new WebAssembly slowly, and compiles well what is run often: where it may, Python practises while nobody asks.
const IDLE = 300; // milliseconds without a question
const ROUNDS = 8; // after which an answer takes no less: a few seconds
const PRACTICE = Array.from({ length: ROUNDS }, (_, round) => FUNCTIONS.flatMap(({ f }) => {
  const about = { f: `${f} + ${["exp", "sin", "tanh", "log"][round % 4]}(x*y/${round + 2})` };
  return [questions.derived(about), questions.surface(about), questions.way(about, "gradient_descent"), questions.bent(about)];
})).flat();

const at = (name) => new URL(`../python/${name}`, import.meta.url);
// Hosts that compress nothing are the rule where teachers put files: what is large is kept compressed. Its name does not say
// so, or some hosts would have browsers unpack it.
const unpacked = (name, type) => fetch(at(name)).then((response) =>
  new Response(response.body.pipeThrough(new DecompressionStream("gzip")), { headers: { "Content-Type": type } }));
const compiled = WebAssembly.compileStreaming(unpacked("pyodide.bin", "application/wasm"));
const script = import(at("pyodide.asm.js").href);
const memory = unpacked("memory.bin", "application/octet-stream").then((response) => response.arrayBuffer());

// Pyodide asks for its module by its own name before it takes the one below, and for Python's modules, which are in the
// memory: these requests are answered here, the second one by the record that ends every zip.
const fetched = self.fetch;
const OWN = { "pyodide.asm.wasm": [], "python_stdlib.zip": [0x50, 0x4b, 5, 6, ...Array(18).fill(0)] };
self.fetch = (what, ...rest) => {
  const own = OWN[String(what).split("/").at(-1)];
  return own ? Promise.resolve(new Response(Uint8Array.from(own))) : fetched(what, ...rest);
};

// What was kept is larger than the memory that the module starts with: it grows before Python looks at it.
WebAssembly.instantiateStreaming = async (_, imports) => {
  const [module, kept] = await Promise.all([compiled, memory]);
  const instance = await WebAssembly.instantiate(module, imports);
  const own = /** @type {WebAssembly.Memory} */ (instance.exports.memory);
  own.grow(Math.max(0, Math.ceil((kept.byteLength - own.buffer.byteLength) / 65536)));
  return { instance, module };
};

const ready = loadPyodide({
  indexURL: at("").href,
  lockFileContents: LOCK,
  createPyodideModule: async (settings) => (await script).default(settings),
  _loadSnapshot: memory.then((kept) => new Uint8Array(kept)),
}).then((python) => python.globals.get("gradlab_answer"));

/** What Python says, as plain data. */
async function answered(question, given) {
  const answer = await ready;
  const made = answer(question, given);
  const plain = made.toJs({ dict_converter: Object.fromEntries });
  made.destroy();
  return plain;
}

let resting;
let open = 0;
let practising = false;

/** Practise, one question after the other, until somebody asks. */
async function practise() {
  await ready;
  if (open) return;
  const [question, given] = PRACTICE.shift() ?? [];
  if (!question) return;
  await answered(question, JSON.stringify(given));
  resting = setTimeout(practise);
}

function rest() {
  if (practising && !open) resting = setTimeout(practise, IDLE);
}

/** Hold a lock as long as this worker lives, where the browser has such. */
function hold(lock) {
  navigator.locks?.request(lock, () => (self.postMessage({ held: true }), new Promise(() => {}))).catch(() => {}); // a frame of no origin may hold none
}

self.onmessage = async ({ data: { lock, practise: may, number, question, given } }) => {
  if (lock) {
    hold(lock);
    practising = may;
    return rest();
  }
  const began = performance.now();
  clearTimeout(resting);
  open++;
  try {
    const plain = await answered(question, given);
    self.postMessage({ number, answer: { ...plain, milliseconds: performance.now() - began } });
  } catch (problem) {
    const last = String(problem).trim().split("\n").at(-1);
    self.postMessage({ number, answer: { error: `this is a mistake of the page, not yours: ${last}` } });
  }
  open--;
  return rest();
};
