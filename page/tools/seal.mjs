// What a folder of the page holds, as its service worker keeps it: each file by the hash of what is in it.
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const NAME = "offline.js";
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), crypto.createHash("sha256"));

/**
 * Write a folder's service worker.
 * @param {string} folder the built page
 * @param {string} source the worker without what it keeps
 * @returns {string[]} all files of the folder
 */
export function seal(folder, source) {
  const worker = fs.readFileSync(source, "utf8");
  const names = fs.readdirSync(folder, { recursive: true }).filter((name) => name !== NAME && fs.statSync(path.join(folder, name)).isFile()).sort();
  const files = names.map((name) => [name.replaceAll(path.sep, "/"), `sha256-${sha256(fs.readFileSync(path.join(folder, name))).digest("base64")}`]);
  const version = sha256(JSON.stringify(files), worker).digest("hex").slice(0, 12);
  fs.writeFileSync(path.join(folder, NAME), `const VERSION = "${version}";\nconst FILES = ${JSON.stringify(files)};\n${worker}`);
  return [...names, NAME];
}
