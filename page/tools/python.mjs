// gradlab's core for the browser: its sources and those of SymPy and mpmath compiled for the browser's own Python, and kept
// as what its memory holds once they are imported, so that no page load imports anything.
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import zlib from "node:zlib";

const here = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
export const pyodideFolder = path.dirname(createRequire(import.meta.url).resolve("pyodide/package.json"));
const { loadPyodide } = await import(path.join(pyodideFolder, "pyodide.mjs"));
const SETTINGS = { PYTHONHASHSEED: "0", PYTHONOPTIMIZE: "2", PYTHONDONTWRITEBYTECODE: "1", PYTHONNODEBUGRANGES: "1", HOME: "/home/pyodide" };
const PACKAGES = ["gradlab", "sympy", "mpmath"];
const tool = (name) => fs.readFileSync(path.join(here, "tools", name), "utf8");
// What is asked while building, so that all modules are there that will be asked for: mistakes too.
const QUESTIONS = tool("questions.json");

/** What any browser unpacks as gzip, packed by libdeflate, whose best is a twentieth smaller than Node.js's own. */
export const packed = (python, content) =>
  execFileSync(python, ["-c", "import sys, deflate; sys.stdout.buffer.write(deflate.gzip_compress(sys.stdin.buffer.read(), 12))"], { input: content, maxBuffer: 1e8 });

/** Where the packages are that this Python imports. */
function homes(python) {
  const program = `import importlib, json; print(json.dumps({name: importlib.import_module(name).__path__[0] for name in ${JSON.stringify(PACKAGES)}}))`;
  return JSON.parse(execFileSync(python, ["-c", program], { encoding: "utf8" }));
}

/** Compile every module that is imported by use of the core, with Pyodide's Python: a zip of .pyc files. */
async function compiled(sources, questions) {
  const py = await loadPyodide({ env: SETTINGS });
  for (const [name, from] of Object.entries(sources)) {
    py.FS.mkdirTree(`/found/${name}/${name}`);
    py.FS.mount(py.FS.filesystems.NODEFS, { root: from }, `/found/${name}/${name}`);
  }
  py.globals.set("names", py.toPy(PACKAGES));
  py.globals.set("questions", QUESTIONS);
  py.runPython(tool("unseen.py"));
  py.runPython(tool("compile.py"));
  return { core: py.FS.readFile("/home/core.zip"), answers: answered(py, questions) };
}

/** What the browser's Python answers to what the page asks first of all: packed, by name. */
function answered(py, { shipped, nameOf }) {
  const ask = py.runPython("lambda question, given: json.dumps(answer(question, json.loads(given)), default=plain)");
  const made = shipped().map((asked) => {
    const answer = JSON.parse(ask(asked[0], JSON.stringify(asked[1])));
    if (answer.error) throw new Error(`${JSON.stringify(asked)}: ${answer.error}`);
    return [nameOf(...asked), zlib.gzipSync(JSON.stringify({ asked, answer }), { level: 9 }).toString("base64")];
  });
  return Object.fromEntries(made);
}

/** Write zeros over what is free, which is kept too: they take no room. */
function forget(module) {
  const { _malloc, _free } = module;
  const end = _malloc(1 << 22); // what is so large lies behind all else
  const taken = [];
  for (let size = 1 << 20; size >= 8; size -= Math.ceil(size / 64) * 8) {
    for (let place = _malloc(size); ; place = _malloc(size)) {
      taken.push(place);
      if (place > end) break;
      module.HEAPU8.fill(0, place, place + size);
    }
  }
  for (const place of [end, ...taken]) _free(place);
}

/** What Python's memory holds when everything is imported and has been used once. */
async function snapshot(core) {
  const py = await loadPyodide({ _makeSnapshot: true, env: SETTINGS });
  py.FS.writeFile("/home/core.zip", core);
  py.globals.set("questions", QUESTIONS);
  py.runPython(tool("unseen.py"));
  py.runPython(tool("warm.py"));
  forget(py._module);
  return py.makeMemorySnapshot();
}

/** A name for all that decides what comes out. */
function keyOf(sources, { shipped }) {
  const hash = crypto.createHash("sha256").update(JSON.stringify([sources, shipped()]));
  const tools = ["tools", "package-lock.json"].map((name) => path.join(here, name));
  for (const place of [...tools, ...Object.values(sources)]) {
    const inside = fs.statSync(place).isDirectory() ? fs.readdirSync(place, { recursive: true }).map((name) => path.join(place, name)) : [place];
    for (const name of inside.filter((each) => /\.(py|m?js|json)$/.test(each)).sort()) hash.update(name).update(fs.readFileSync(name));
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * The core, made anew only if something in it has changed.
 * @param {string} python one in which gradlab is installed
 * @param {string} kept a folder for what was made last
 * @param {{shipped: () => any[], nameOf: (question: string, given: object) => string}} questions what is answered now, and its names
 * @returns {Promise<{memory: Buffer, answers: Record<string, string>}>} both packed
 */
export async function core(python, kept, questions) {
  const sources = homes(python);
  const key = keyOf(sources, questions);
  const [keyFile, memoryFile, answersFile] = ["key", "memory.gz", "answers.json"].map((name) => path.join(kept, name));
  if (!fs.existsSync(keyFile) || fs.readFileSync(keyFile, "utf8") !== key) {
    fs.rmSync(kept, { recursive: true, force: true });
    const made = await compiled(sources, questions);
    const memory = packed(python, await snapshot(made.core));
    fs.mkdirSync(kept, { recursive: true });
    fs.writeFileSync(memoryFile, memory);
    fs.writeFileSync(answersFile, JSON.stringify(made.answers));
    fs.writeFileSync(keyFile, key); // last: what has a key is whole
  }
  return { memory: fs.readFileSync(memoryFile), answers: JSON.parse(fs.readFileSync(answersFile, "utf8")) };
}
