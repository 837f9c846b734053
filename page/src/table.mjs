// Points from a text with a row for each: two numbers and a class, in any of the usual ways to write tables.

import { decimal } from "./state.mjs";

const LARGEST = 20e6; // bytes
const LONGEST = 1e6; // rows
const SHOWN = 8; // columns or classes that are listed

/**
 * Rows of a text, each with its fields and the line in which it begins; quotes keep a separator or an end of line within.
 * @param {string} text
 * @param {string} separator
 */
function rowsOf(text, separator) {
  const field = new RegExp(`[^\\S\\n\\t]*(?:"([^"]*(?:""[^"]*)*)"[^\\n${separator}]*|([^\\n${separator}]*))([${separator}]|\\n)`, "y");
  /** @type {{fields: string[], number: number}[]} */
  const rows = [];
  let fields = [];
  let [number, began] = [1, 1];
  const whole = `${text}\n`;
  while (field.lastIndex < whole.length) {
    const [all, quoted, plain, after] = field.exec(whole);
    fields.push((quoted?.replaceAll('""', '"') ?? plain).trim());
    number += all.split("\n").length - 1;
    if (after !== "\n") continue;
    if (fields.some((each) => each !== "") && !fields[0].startsWith("#")) rows.push({ fields: separator === " " ? fields.filter((each) => each !== "") : fields, number: began });
    [fields, began] = [[], number];
  }
  const last = rows[0]?.fields.length - 1;
  if (last && rows.every(({ fields: all }) => all.length === last + 1 && all[last] === "")) for (const row of rows) row.fields.pop();
  return rows;
}

const MISSING = /^(|na|n\/a|nan|null|none|\?)$/i;
const isNumber = (text) => Number.isFinite(decimal(text));

/** Names of classes in order: as numbers where they are numbers. */
function ordered(names) {
  const found = [...new Set(names)];
  return found.every(isNumber) ? found.sort((a, b) => Number(a) - Number(b)) : found.sort();
}

const quoted = (names) => names.slice(0, SHOWN).map((each) => `“${each.slice(0, 20)}”`).join(", ") + (names.length > SHOWN ? " …" : "");

/**
 * Which columns are meant, and the value that makes class 1: nobody guesses at them where there are more than three.
 * @param {string} columns as somebody wrote them, by name or number: petal_length, petal_width, species=setosa
 * @param {string[]} head the fields of the first row
 */
function meant(columns, head) {
  const [wanted, one] = columns.split("=").map((part) => part.trim());
  const how = `write under Columns which two are coordinates and which the class, by name or number, as ${head.length > 3 ? `1, 2, ${head.length}` : "2, 3, 1"}`;
  if (!wanted && head.length > 3) throw new Error(`it has ${head.length} columns, ${quoted(head)}: ${how}`);
  const parts = wanted.split(/[,;\t]/);
  const asked = wanted ? (parts.length > 1 ? parts : wanted.split(/\s+/)).map((part) => part.trim()) : ["1", "2", "3"];
  const places = asked.map((name) => (/^\d+$/.test(name) ? Number(name) - 1 : head.indexOf(name)));
  if (wanted) {
    const lost = asked.find((_, i) => !(places[i] in head));
    if (lost !== undefined) throw new Error(`there is no column “${lost.slice(0, 20)}”; there are ${quoted(head)}: ${how}`);
    if (new Set(places).size !== 3 || asked.length !== 3) throw new Error(how);
  }
  return { places, one };
}

/** @throws {Error} for a coordinate that is no number, or too large */
function checked(field, number, classFirst) {
  const remedy = field.includes(",") ? "write decimal points, or separate the columns with semicolons"
    : classFirst && !/\d/.test(field) ? "where the class is not the last column, write under Columns 2, 3, 1" : "write a number, or nothing where it is not known";
  if (!isNumber(field)) throw new Error(`line ${number}: “${field.slice(0, 40)}” is no number; ${remedy}`);
  if (Math.abs(Number(field)) > 1e6) throw new Error(`line ${number}: ${field.slice(0, 40)} is larger than a million; scale the coordinates`);
}

const leftOut = (lost) => (lost.length ? ` ${lost.length} row${lost.length === 1 ? " is" : "s are"} left out, as a value is missing: line ${lost.slice(0, SHOWN).join(", ")}${lost.length > SHOWN ? " …" : ""}.` : "");

/** A text with the ends of lines of one kind, and without what programs write in front of a table. */
function plain(text) {
  if (text.startsWith("PK\u0003\u0004")) throw new Error("this is a spreadsheet or an archive: save the table as CSV");
  return text.replace(/\r\n?/g, "\n").replace(/^\uFEFF?(sep=.\n)?/, "");
}

/** What is between the columns of a text. */
function separatorOf(text) {
  const first = text.slice(0, 1e5).replace(/"[^"]*"/g, '""').split("\n").find((line) => /^\s*[^\s#]/.test(line)) ?? "";
  return ["\t", ";", ",", "|"].find((each) => first.includes(each)) ?? " ";
}

/**
 * @param {string} text
 * @param {number} most how many points are taken
 * @param {string} columns which of them are meant, where there are more than three or they stand otherwise
 * @returns {{rows: [number, number, number][], notice: string}} points with classes 0 and 1, and what is to be said
 * @throws {Error} that says in which line something is wrong
 */
export function parseTable(text, most, columns = "") {
  const read = plain(text);
  const separator = separatorOf(read);
  const lines = rowsOf(read, separator);
  if (!lines.length) throw new Error("there is nothing in it: write a row for each point, as 0.5,1,0");
  if (lines.length > LONGEST) throw new Error(`it has ${lines.length} rows; the page reads up to ${LONGEST}`);
  const pointed = (field) => (separator === "," ? field : field.replace(/^([-+]?\d*),(\d)/, "$1.$2")).replace(/^−/, "-"); // commas that are decimal points
  const head = lines[0].fields;
  const { places, one } = meant(columns, head);
  const row = (found) => places.map((place, i) => (i < 2 ? pointed(found[place] ?? "") : found[place] ?? ""));
  const names = lines.length > 1 && !row(head).slice(0, 2).some((field) => MISSING.test(field) || isNumber(field));
  if (names) lines.shift();
  const count = columns ? head.length : 3;
  const lost = [];
  const rows = lines.flatMap(({ fields, number }) => {
    if (fields.length !== count) throw new Error(`line ${number} has ${fields.length} column${fields.length === 1 ? "" : "s"}; there must be ${count}${columns ? ", as in the first" : ": two coordinates and a class. Separate them with commas"}`);
    const found = row(fields);
    if (found.some((field) => MISSING.test(field))) return lost.push(number), [];
    found.slice(0, 2).forEach((field) => checked(field, number, !columns && isNumber(found[2])));
    return [found];
  });
  if (!rows.length) throw new Error("no row has two numbers and a class");
  const step = Math.ceil(rows.length / most);
  const { classes, said } = twoOf(ordered(rows.map((each) => each[2])), one);
  const kept = rows.filter((_, i) => i % step === 0).map(([x, y, name]) => /** @type {[number, number, number]} */ ([Number(x), Number(y), classes(name)]));
  const part = step > 1 ? ` Of ${rows.length} rows one in ${step} is used: ${kept.length} points.` : "";
  const taken = columns && names ? ` The coordinates are ${quoted(places.slice(0, 2).map((place) => head[place]))}.` : "";
  return { rows: kept, notice: `${said}${names ? " The first row is taken for names." : ""}${taken}${leftOut(lost)}${part}` };
}

/** The classes as 0 and 1, and in words; where a value is given, that is 1 and all others are 0. */
function twoOf(found, one) {
  if (one !== undefined && !found.includes(one)) throw new Error(`no row has the class “${one.slice(0, 20)}”; there are ${quoted(found)}`);
  if (found.length !== 2 && (one === undefined || found.length < 2)) {
    const remedy = found.length > 2 ? ": write under Columns which one is class 1 against all others, as 1, 2, 3=" + found[0].slice(0, 20) : "";
    throw new Error(`the column of classes must have two different ones; it has ${found.length}: ${quoted(found)}${remedy}`);
  }
  const first = one ?? found[1];
  const others = found.filter((name) => name !== first);
  return { classes: (name) => Number(name === first), said: `Class 0 is ${quoted(others)}, class 1 ${quoted([first])}.` };
}

/** The same of a file or a text. */
export async function readTable(source, most, columns) {
  if (typeof source !== "string" && source.size > LARGEST) throw new Error(`the file has ${Math.round(source.size / 1e6)} MB; the page reads up to ${LARGEST / 1e6}`);
  return parseTable(typeof source === "string" ? source : await source.text(), most, columns);
}
