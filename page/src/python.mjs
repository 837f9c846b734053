// The page's side of the worker in which Python runs: questions go out in order, answers come back by number.

const open = new Map();
let worker;
let asked = 0;

function start() {
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

/**
 * Ask Python.
 * @param {string} question one of gradlab.play.QUESTIONS
 * @param {object} given plain data
 * @returns {Promise<Record<string, any>>} the answer; what a person did wrong is told under `error`
 */
export function ask(question, given) {
  if (!worker) start();
  const number = asked++;
  return new Promise((resolve) => {
    open.set(number, { resolve });
    worker.postMessage({ number, question, given: JSON.stringify(given) });
  });
}

/** End what Python does now; without shared memory nothing else stops it. */
export const cancel = () => lose("it was stopped");
