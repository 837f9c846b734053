// The page's side of the worker in which Python runs: questions go out in order, answers come back by number.
// What was answered when the page was built is read from a file, so that pictures need not wait for Python.
import { nameOf } from "./questions.mjs";
import { KNOWN } from "./tables.mjs";

const QUIET = 1500; // milliseconds after an answer of a file until Python is started, so that it does not hold up pictures
const known = new Set(KNOWN);
const open = new Map();
let worker;
let asked = 0;
let waiting;

function start() {
  clearTimeout(waiting);
  if (worker) return;
  worker = new Worker(new URL("workers/python.mjs", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => {
    open.get(data.number)?.resolve(data.answer);
    open.delete(data.number);
  };
  worker.onerror = (event) => lose(event.message || "it ended");
}

/** Whoever waits is told; the next question starts Python anew. */
function lose(reason) {
  worker?.terminate();
  worker = undefined;
  for (const { resolve } of open.values()) resolve({ error: `Python was lost (${reason}). Try again: it starts anew.` });
  open.clear();
}

/** An answer's bytes as such; in files they are text. */
function read(answer) {
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, value?.bytes === undefined ? value : bytes(value.bytes)]));
}

/**
 * Ask Python.
 * @param {string} question one of gradlab.play.QUESTIONS
 * @param {object} given plain data
 * @returns {Promise<Record<string, any>>} the answer; what a person did wrong is told under `error`
 */
export async function ask(question, given) {
  const name = nameOf(question, given);
  if (known.has(name)) {
    const packed = await fetch(new URL(`answers/${name}.json.gz`, import.meta.url));
    const file = await new Response(packed.body.pipeThrough(new DecompressionStream("gzip"))).json();
    clearTimeout(waiting);
    waiting = setTimeout(start, QUIET);
    if (JSON.stringify(file.asked) === JSON.stringify([question, given])) return read(file.answer);
  }
  return askPython(question, given);
}

/** Ask Python itself, whatever was answered before. */
export function askPython(question, given) {
  start();
  const number = asked++;
  return new Promise((resolve) => {
    open.set(number, { resolve });
    worker.postMessage({ number, question, given: JSON.stringify(given) });
  });
}

/** End what Python does now; without shared memory nothing else stops it. */
export const cancel = () => lose("it was stopped");
