// Builds the page into a folder of static files: node tools/build.mjs FOLDER PYTHON
// PYTHON is one in which gradlab's core is installed; what it becomes in the browser is kept beside the folder.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { core, packed, pyodideFolder } from "./python.mjs";
import { seal } from "./seal.mjs";

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
const source = path.join(here, "src");
const put = (name, content) => {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  fs.writeFileSync(path.join(folder, name), content);
};
const pyodide = (name) => fs.readFileSync(path.join(pyodideFolder, name));
const constants = (named) => Object.entries(named).map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};\n`).join("");

const tables = JSON.parse(execFileSync(python, [path.join(here, "tools/tables.py")], { encoding: "utf8" }));
/** Modules that are made here and stand in no folder, each by the end of its name. */
const generated = (made) => ({
  name: "generated",
  setup(of) {
    of.onResolve({ filter: new RegExp(`/(${Object.keys(made).join("|").replaceAll(".", "[.]")})$`) }, ({ path: name }) => ({ path: path.basename(name), namespace: "generated" }));
    of.onLoad({ filter: /./, namespace: "generated" }, ({ path: name }) => ({ contents: made[name] }));
  },
});
/** What a module of the page exports, here. */
async function evaluated(name) {
  const { outputFiles } = await build({ entryPoints: [path.join(source, name)], bundle: true, write: false, format: "esm", plugins: [generated({ "tables.mjs": constants(tables) })] });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}
const { memory, answers } = await core(python, `${folder}-python`, await evaluated("questions.mjs"));
fs.rmSync(folder, { recursive: true, force: true });
for (const name of ["index.html", "style.css", "icon.svg"]) put(name, fs.readFileSync(path.join(source, name)));
put("math.woff", fs.readFileSync(path.join(here, "node_modules/@fontsource/noto-sans-math/files/noto-sans-math-latin-400-normal.woff")));
const bundled = (made, options) => build({
  outbase: source, outdir: folder, bundle: true, minify: !process.env.PLAIN, format: "esm", target: "es2023",
  charset: "utf8", external: ["node:*", "ws"], plugins: [generated(made)], logLevel: "warning", ...options,
});

// One file for the page and one for each worker: that many requests are answered before something is seen. Their names end
// in .js, which is JavaScript to every host; many know no .mjs, and browsers run no module of an unknown type.
const workers = fs.readdirSync(path.join(source, "workers")).map((name) => `workers/${name}`);
const lock = JSON.parse(pyodide("pyodide-lock.json"));
const made = { "tables.mjs": constants(tables), "answers.mjs": constants({ ANSWERS: answers }), "lock.mjs": constants({ LOCK: { ...lock, packages: {} } }) };
await bundled(made, { entryPoints: ["main.mjs", ...workers].map((name) => path.join(source, name)) });

// In a notebook nothing is fetched: the workers' scripts and the styles, for its own root, stand in the one file.
const scripts = Object.fromEntries(workers.filter((name) => !name.includes("python")).map((name) => name.replace(".mjs", ".js")).map((name) => [name, fs.readFileSync(path.join(folder, name), "utf8")]));
const files = `const made = {};
const scripts = ${JSON.stringify(scripts)};
export const file = (name) => (made[name] ??= URL.createObjectURL(new Blob([scripts[name]], { type: "text/javascript" })));`;
const styles = fs.readFileSync(path.join(source, "style.css"), "utf8").replace(":root {", ":host {").replace(/^body \{.*\}$/m, ":host { display: block; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }");
await bundled({ "tables.mjs": made["tables.mjs"], "answers.mjs": constants({ ANSWERS: {} }), "files.mjs": files, "styles.mjs": constants({ CSS: styles }) }, { entryPoints: [path.join(source, "widget.mjs")] });

put("python/pyodide.asm.js", (await transform(pyodide("pyodide.asm.mjs"), { minify: true, format: "esm", target: "es2023", charset: "utf8" })).code);
put("python/pyodide.bin", packed(python, pyodide("pyodide.asm.wasm")));
put("python/memory.bin", memory);

const names = seal(folder, path.join(source, "offline.js"));
const size = names.reduce((sum, name) => sum + fs.statSync(path.join(folder, name)).size, 0);
console.log(`${folder}: ${names.length} files, ${(size / 1e6).toFixed(1)} MB; Python's memory ${(memory.length / 1e6).toFixed(1)} MB`);
