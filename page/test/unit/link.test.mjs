// A link is read by the page as Python reads it, which has the one table of what stands in it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { entriesOf } from "../../src/state.mjs";

const python = process.env.PYTHON ?? "python3";
const run = (...given) => JSON.parse(execFileSync(python, given, { encoding: "utf8" }));
const { STATE } = run(path.join(import.meta.dirname, "../../tools/tables.py"));
const TEXTS = [
  "", " ", "-", "0", "1", " 3 ", "+4", "05", "1.5", ".5", "5.", "1e3", "1E-2", "-2", "1_000", "0x10", "1e", "e1", "NaN", "nan", "Infinity", "inf", "1e400", "1e-400", "9007199254740991", "9007199254740993", "1/2", "1/3,2/7", "-1/3", "1/0", "0/0", "1/2/3", "1//2", "4 / 2", "0.5/2", "1/9007199254740993", "\u0663", "\u22121",
  "1,2", "1,2,3", "1, 2 ,3,4", "1,,2", "1,2,", ",", "1;2", "3,9", "8,4,16", "8,4,0", "0.1,1,0.1,1", "1,0.1,1,2", "0,1,0,1", "1e9,1", "1e10,1", "2,2,1", "2.5,1", "7,7", "1,1,1,1,1,1", "0,0,1", "0,0,1;1,0.5,0", "0,0,2", "0,0", "0,0,1;",
  "tanh", "Tanh", "adam", "adam,momentum", "momentum,adam,adam", "adam,", "own", "moons", "shown", "matrix", "x".repeat(700),
];
const READ = `
import json, sys
from gradlab.play._link import entries_of
def read(entry, text):
    try:
        return entry.read(text)
    except (ValueError, OverflowError):
        return None
asked = json.load(open(0))
print(json.dumps({view: {name: [read(entry, text) for text in asked["texts"]] for name, entry in entries_of(view).items()} for view in asked["views"]}))
`;

test("every entry of every view is read as Python reads it, and what is read is written", () => {
  const asked = JSON.stringify({ views: Object.keys(STATE), texts: TEXTS });
  const theirs = JSON.parse(execFileSync(python, ["-c", READ], { encoding: "utf8", input: asked }));
  for (const [view, told] of Object.entries(STATE)) {
    const entries = entriesOf(told);
    assert.ok(Object.keys(entries).length > 5);
    for (const [name, { read, write, fallback }] of Object.entries(entries)) {
      TEXTS.forEach((text, i) => {
        const made = read(text) ?? null;
        assert.deepEqual(made, theirs[view][name][i], `${view} ${name} ${text}`);
        if (made !== null) assert.deepEqual(read(write(made)), made, `${view} ${name} ${text}`);
      });
      assert.deepEqual(read(write(fallback)), fallback, `${view} ${name}`);
    }
  }
});
