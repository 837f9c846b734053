// The JavaScript that the docs show runs, and prints what stands beside it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";

const python = process.env.PYTHON ?? "python3";
const WRITE = "import sys, gradlab as gl; sys.stdout.buffer.write(gl.function(sys.argv[1]).compile('wasm').code)";

test("a module is run by JavaScript as the first steps say", () => {
  const page = readFileSync(path.join(import.meta.dirname, "../../../docs/first-steps.md"), "utf8");
  const [, formula] = page.match(/bowl = gl\.function\("(.*)"\)/);
  const [, program] = page.match(/^```js\n(.*?)^```$/ms);
  const [, wanted] = program.match(/console\.log.*\/\/ ([-\d ]+):/);
  const folder = mkdtempSync(path.join(os.tmpdir(), "docs-"));
  writeFileSync(path.join(folder, "bowl.wasm"), execFileSync(python, ["-c", WRITE, formula]));
  writeFileSync(path.join(folder, "run.mjs"), program);
  const said = execFileSync(process.execPath, ["run.mjs"], { cwd: folder, encoding: "utf8" });
  assert.equal(said.trim(), wanted);
});
