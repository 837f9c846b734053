// The page's side of the worker in which Python runs: questions go out in order, answers come back by number.
// What was answered when the page was built stands in the page, so that pictures need not wait for Python.
import { ANSWERS } from "./answers.mjs";
import { file } from "./files.mjs";
import { nameOf } from "./questions.mjs";

const QUIET = 1500; // milliseconds after such an answer until Python is started, so that it does not hold up pictures
// Where data are to be saved, Python is fetched when something is asked that it must answer, and does nothing by itself.
const thrifty = /** @type {any} */ (navigator).connection?.saveData === true;
const open = new Map();
let worker;
let asked = 0;
let waiting;

function start() {
  clearTimeout(waiting);
  if (worker) return;
  const own = (worker = new Worker(file("workers/python.js"), { type: "module" }));
  const lock = `gradlab ${Math.random()}`; // which the worker holds as long as it lives: not every end is an error that is heard
  worker.postMessage({ lock, practise: !thrifty });
  worker.onmessage = ({ data }) => {
    if (data.held) return void navigator.locks.request(lock, () => worker === own && lose("it ended"));
    open.get(data.number)?.resolve(data.answer);
    open.delete(data.number);
  };
  worker.onerror = (event) => lose(event.message || "it ended");
}

const lose = (reason) => end(`Python was lost (${reason}). Try again: it starts anew.`);

/** Whoever waits is told; the next question starts Python anew. */
function end(error) {
  worker?.terminate();
  worker = undefined;
  for (const { resolve } of open.values()) resolve({ error });
  open.clear();
}

const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** An answer's bytes as such; in JSON they are text. */
function read(answer) {
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
  if (Object.hasOwn(ANSWERS, name)) {
    const unpacked = new Blob([bytes(ANSWERS[name])]).stream().pipeThrough(new DecompressionStream("gzip"));
    const { asked: about, answer } = await new Response(unpacked).json();
    clearTimeout(waiting);
    if (!thrifty) waiting = setTimeout(start, QUIET);
    if (JSON.stringify(about) === JSON.stringify([question, given])) return read(answer);
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
export const cancel = () => end("This was stopped.");
