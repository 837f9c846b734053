import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesOf, readHash, writeHash } from "../../src/state.mjs";

const VIEWS = {
  hills: entriesOf({
    f: { kind: "text", usual: "x*y", means: "at most 20 characters", limits: [1, 20] }, at: { kind: "numbers", usual: [1, 2], means: "2 numbers", limits: [] },
    rate: { kind: "number", usual: 0.1, means: "a number from 0 to 9", limits: [0, 9] }, steps: { kind: "whole", usual: 3, means: "a whole number", limits: [0, 9] },
    rule: { kind: "choice", usual: "plain", means: "one of plain, adam", limits: ["plain", "adam"] },
  }),
  other: {},
};
const plain = { f: "x*y", at: [1, 2], rate: 0.1, steps: 3, rule: "plain" };

test("a state is read as it was written", () => {
  for (const change of [{}, { f: "a & b = #%é" }, { at: [-1.5, 1e-7], rate: 9 }, { steps: 0, rule: "adam" }]) {
    const state = { ...plain, ...change };
    assert.deepEqual(readHash(writeHash("hills", state, VIEWS.hills), VIEWS), { view: "hills", state, complaints: [] });
  }
  assert.equal(writeHash("hills", plain, VIEWS.hills), "#1/hills");
});

test("nothing is the first view as it is anyway", () => {
  for (const hash of ["", "#"]) assert.deepEqual(readHash(hash, VIEWS), { view: "hills", state: plain, complaints: [] });
});

test("what is bad is named and replaced", () => {
  const bad = {
    "rate=NaN": "rate is a number from 0 to 9", "rate=": "rate is", "rate=10": "rate is", "rate=Infinity": "rate is", "steps=1.5": "steps is a whole number",
    "at=1": "at is 2 numbers", "at=1,": "at is", "at=1,1e99": "at is", "rule=none": "rule is one of plain, adam", "f=": "f is at most",
    [`f=${"x".repeat(21)}`]: "f is at most 20", "toString=1": "“toString” means nothing", "__proto__=1": "means nothing",
  };
  for (const [query, message] of Object.entries(bad)) {
    const { state, complaints } = readHash(`#1/hills?${query}`, VIEWS);
    assert.deepEqual(state, plain, query);
    assert.equal(complaints.length, 1, query);
    assert.ok(complaints[0].includes(message), complaints[0]);
    assert.ok(complaints[0].length < 200);
  }
});

test("what stands there twice is told, and not all of what is too much", () => {
  const { state, complaints } = readHash("#1/hills?rate=1&rate=2", VIEWS);
  assert.deepEqual([state.rate, complaints], [2, ["rate stands there twice; the last counts"]]);
  const many = readHash(`#1/hills?${Array.from({ length: 5000 }, (_, i) => `x${i}=1`).join("&")}`, VIEWS).complaints;
  assert.deepEqual([many.length, many.at(-1)], [21, "and 4980 more"]);
});

test("another version and an unknown view are told", () => {
  assert.match(readHash("#2/hills?rate=1", VIEWS).complaints[0], /version “2”/);
  assert.equal(readHash("#2/hills?rate=1", VIEWS).state.rate, 0.1);
  assert.match(readHash("#1/constructor", VIEWS).complaints[0], /no view “constructor”/);
  for (const hash of ["#%", "#%E0%A4%A", "#1/hills?f=%", "#///???"]) assert.ok(readHash(hash, VIEWS).state);
});

test("some numbers are read, none too, and not too many", () => {
  const { read, write } = entriesOf({ x: { kind: "reals", usual: [], means: "", limits: [3] } }).x;
  assert.deepEqual(["", "1,-0.5", "1,2,3,4", "1,,2", "NaN", "1e10"].map(read), [[], [1, -0.5], undefined, undefined, undefined, undefined]);
  assert.deepEqual(read(write([2, 0.1])), [2, 0.1]);
});
