import assert from "node:assert/strict";
import { test } from "node:test";
import { Crew } from "../../src/crew.mjs";

/** A worker that doubles what it is given, unless it is to be lost. */
const made = [];
globalThis.Worker = class {
  constructor() {
    made.push(this);
  }
  postMessage({ setup, number, value }) {
    queueMicrotask(() => {
      if (this.ended) return;
      if (setup) this.onmessage({ data: { ready: true } });
      else if (value === "lost" || (value === "once" && made.length < 3)) this.onerror({ message: "it broke" });
      else this.onmessage({ data: { number, made: value * 2 } });
    });
  }
  terminate() {
    this.ended = true;
  }
};

test("parts are shared, and what a lost worker had goes to another one", async () => {
  const crew = new Crew(new URL("file:///none"), 2);
  const seen = [];
  assert.equal(await crew.run({}, [1, 2, 3].map((value) => ({ value })), (part, answer) => seen.push([part.value, answer])), true);
  assert.deepEqual(seen.sort(), [[1, 2], [2, 4], [3, 6]]);
  assert.equal(made.length, 2);
  seen.length = 0;
  assert.equal(await crew.run({}, [{ value: "once" }, { value: 4 }], (part, answer) => seen.push(answer)), true);
  assert.equal(made.length, 3);
  assert.equal(seen.length, 2);
});

test("a part that is lost again and again is told, and a job that is given up says so", async () => {
  const crew = new Crew(new URL("file:///none"), 2);
  await assert.rejects(crew.run({}, [{ value: "lost" }], () => {}), /a worker was lost 3 times \(it broke\)/);
  const first = crew.run({}, [{ value: 1 }], () => {});
  const second = crew.run({}, [{ value: 1 }], () => {});
  assert.deepEqual(await Promise.all([first, second]), [false, true]);
  assert.equal(await crew.run({}, [], () => {}), true);
});
