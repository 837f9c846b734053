// Builds the page into a folder of static files: node tools/build.mjs FOLDER PYTHON
// PYTHON is one in which gradlab's core is installed; its sources and those of SymPy and mpmath are compiled for the
// browser's own Python, and kept as what its memory holds once they are imported, so that no page load imports anything.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import zlib from "node:zlib";
import { nameOf, shipped } from "../src/questions.mjs";
import { FUNCTIONS } from "../src/functions.mjs";

const [folder, python] = process.argv.slice(2);
if (!python) {
  console.error("write: node tools/build.mjs FOLDER PYTHON");
  process.exit(2);
}
// Node.js would print the line of Pyodide's source that threw, which is all of it.
process.on("uncaughtException", (problem) => {
  console.error(problem.stack ?? problem);
  process.exit(1);
});
const here = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const pyodideFolder = path.dirname(createRequire(import.meta.url).resolve("pyodide/package.json"));
const { loadPyodide } = await import(path.join(pyodideFolder, "pyodide.mjs"));
const SETTINGS = { PYTHONHASHSEED: "0", PYTHONOPTIMIZE: "2", PYTHONDONTWRITEBYTECODE: "1", PYTHONNODEBUGRANGES: "1", HOME: "/home/pyodide" };

// What is asked while building, so that all modules are there that will be asked for: mistakes too.
const QUESTIONS = fs.readFileSync(path.join(here, "tools/questions.json"), "utf8");

const home = (name) =>
  path.dirname(execFileSync(python, ["-c", `import ${name}; print(${name}.__path__[0])`], { encoding: "utf8" }).trim());
const sources = Object.fromEntries(["gradlab", "sympy", "mpmath"].map((name) => [name, home(name)]));

/** Compile every module that is imported by use of the core, with Pyodide's Python: a zip of .pyc files. */
async function compiled() {
  const py = await loadPyodide({ env: SETTINGS });
  for (const [name, from] of Object.entries(sources)) {
    py.FS.mkdirTree(`/sources/${name}`);
    py.FS.mkdirTree(`/found/${name}/${name}`);
    py.FS.mount(py.FS.filesystems.NODEFS, { root: path.join(from, name) }, `/found/${name}/${name}`);
  }
  py.globals.set("names", py.toPy(Object.keys(sources)));
  py.globals.set("questions", QUESTIONS);
  py.runPython(fs.readFileSync(path.join(here, "tools/compile.py"), "utf8"));
  return { core: py.FS.readFile("/home/core.zip"), answers: answered(py) };
}

/** What the browser's Python answers to what the page asks first of all, by name. */
function answered(py) {
  const ask = py.runPython("lambda question, given: json.dumps(answer(question, json.loads(given)), default=plain)");
  return shipped(tables.DATA, FUNCTIONS.map(({ f }) => f)).map((asked) => {
    const answer = JSON.parse(ask(asked[0], JSON.stringify(asked[1])));
    if (answer.error) throw new Error(`${JSON.stringify(asked)}: ${answer.error}`);
    return [nameOf(...asked), { asked, answer }];
  });
}

/** What Python's memory holds when everything is imported and has been used once. */
async function snapshot(core) {
  const py = await loadPyodide({ _makeSnapshot: true, env: SETTINGS });
  py.FS.writeFile("/home/core.zip", core);
  py.globals.set("questions", QUESTIONS);
  py.runPython(fs.readFileSync(path.join(here, "tools/warm.py"), "utf8"));
  return py.makeMemorySnapshot();
}

const tables = JSON.parse(execFileSync(python, [path.join(here, "tools/tables.py")], { encoding: "utf8" }));
const { core, answers } = await compiled();
const memory = zlib.gzipSync(await snapshot(core), { level: 9 });
fs.rmSync(folder, { recursive: true, force: true });
fs.cpSync(path.join(here, "src"), folder, { recursive: true });
// What each module needs is asked for at once, and not once the one before it has come.
const modules = fs.readdirSync(path.join(here, "src"), { recursive: true }).filter((name) => name.endsWith(".mjs") && !name.startsWith("workers"));
const early = [...modules, "tables.mjs"].map((name) => `<link rel="modulepreload" href="${name}">\n`).join("");
const index = path.join(folder, "index.html");
fs.writeFileSync(index, fs.readFileSync(index, "utf8").replace("</head>", `${early}</head>`));
fs.mkdirSync(path.join(folder, "python"), { recursive: true });
fs.mkdirSync(path.join(folder, "answers"));
for (const [name, answer] of answers) fs.writeFileSync(path.join(folder, `answers/${name}.json.gz`), zlib.gzipSync(JSON.stringify(answer), { level: 9 }));
const named = Object.entries({ ...tables, KNOWN: answers.map(([name]) => name) });
fs.writeFileSync(path.join(folder, "tables.mjs"), named.map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};\n`).join(""));
for (const name of ["pyodide.mjs", "pyodide.asm.mjs", "pyodide-lock.json"]) {
  fs.copyFileSync(path.join(pyodideFolder, name), path.join(folder, "python", name));
}
const wasm = fs.readFileSync(path.join(pyodideFolder, "pyodide.asm.wasm"));
fs.writeFileSync(path.join(folder, "python/pyodide.asm.wasm.gz"), zlib.gzipSync(wasm, { level: 9 }));
fs.writeFileSync(path.join(folder, "python/memory.bin.gz"), memory);
// An archive without files: the record that ends every zip.
fs.writeFileSync(path.join(folder, "python/empty.zip"), Buffer.from([0x50, 0x4b, 5, 6, ...Array(18).fill(0)]));
const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const size = files.reduce((sum, entry) => sum + fs.statSync(path.join(entry.parentPath, entry.name)).size, 0);
console.log(`${folder}: ${files.length} files, ${(size / 1e6).toFixed(1)} MB; Python's memory ${(memory.length / 1e6).toFixed(1)} MB`);
