// Points from a text with a row for each: two numbers and a class, in any of the usual ways to write tables.

import { digits } from "./state.mjs";

const LARGEST = 20e6; // bytes
const LONGEST = 1e6; // rows

/** Fields of a line; quotes keep a separator that stands within. */
function fields(line, separator) {
  const found = [];
  let field = "";
  let quoted = false;
  for (const character of line) {
    if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) found.push(field), (field = "");
    else field += character;
  }
  return [...found, field].map((each) => each.trim());
}

const isNumber = (text) => Number.isFinite(digits(text));

/** Names of classes in order: as numbers where they are numbers. */
function ordered(names) {
  const found = [...new Set(names)];
  return found.every(isNumber) ? found.sort((a, b) => Number(a) - Number(b)) : found.sort();
}

/**
 * @param {string} text
 * @param {number} most how many points are taken
 * @returns {{rows: [number, number, number][], notice: string}} points with classes 0 and 1, and what is to be said
 * @throws {Error} that says in which line something is wrong
 */
export function parseTable(text, most) {
  const lines = text.split(/\r\n|\r|\n/).map((line, i) => ({ line, number: i + 1 })).filter(({ line }) => /^\s*[^\s#]/.test(line));
  if (!lines.length) throw new Error("there is nothing in it: write a row for each point, as 0.5,1,0");
  if (lines.length > LONGEST) throw new Error(`it has ${lines.length} rows; the page reads up to ${LONGEST}`);
  const separator = ["\t", ";", ","].find((each) => lines[0].line.includes(each)) ?? " ";
  const decimal = (field) => (separator === "," ? field : field.replace(/^([-+]?\d*),(\d)/, "$1.$2")); // commas that are decimal points
  const row = (line) => fields(line, separator).map((field, i) => (i < 2 ? decimal(field) : field));
  const head = row(lines[0].line);
  const names = lines.length > 1 && !head.slice(0, 2).some((field) => field === "" || isNumber(field));
  if (names) lines.shift();
  const step = Math.ceil(lines.length / most);
  const rows = lines.map(({ line, number }) => {
    const found = row(line);
    if (found.length !== 3) throw new Error(`line ${number} has ${found.length} columns; there must be 3: two coordinates and a class. ${found.length > 3 ? "Leave out the others" : "Separate them with commas"}`);
    found.slice(0, 2).forEach((field) => {
      const remedy = field.includes(",") ? "write decimal points, or separate the columns with semicolons" : "leave out points that are not complete";
      if (!isNumber(field)) throw new Error(`line ${number}: “${field.slice(0, 40)}” is no number; ${remedy}`);
      if (Math.abs(Number(field)) > 1e6) throw new Error(`line ${number}: ${field.slice(0, 40)} is larger than a million; scale the coordinates`);
    });
    if (found[2] === "" || /^nan$/i.test(found[2])) throw new Error(`line ${number}: the class is missing (“${found[2]}”); leave out points without one`);
    return found;
  });
  const classes = ordered(rows.map((each) => each[2]));
  if (classes.length !== 2) {
    const said = classes.slice(0, 4).map((each) => `“${each.slice(0, 20)}”`).join(", ");
    throw new Error(`the third column must have two different classes; it has ${classes.length}: ${said}${classes.length > 4 ? " …" : ""}`);
  }
  const kept = rows.filter((_, i) => i % step === 0).map(([x, y, name]) => /** @type {[number, number, number]} */ ([Number(x), Number(y), classes.indexOf(name)]));
  const part = step > 1 ? ` Of ${rows.length} rows one in ${step} is used: ${kept.length} points.` : "";
  return { rows: kept, notice: `Class 0 is “${classes[0].slice(0, 20)}”, class 1 “${classes[1].slice(0, 20)}”.${names ? " The first row is taken for names." : ""}${part}` };
}

/** The same of a file or a text. */
export async function readTable(source, most) {
  if (typeof source !== "string" && source.size > LARGEST) throw new Error(`the file has ${Math.round(source.size / 1e6)} MB; the page reads up to ${LARGEST / 1e6}`);
  return parseTable(typeof source === "string" ? source : await source.text(), most);
}
