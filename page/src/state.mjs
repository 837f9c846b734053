// The state of a view in the URL's hash: #1/descend?f=x**2+y**2&rate=0.1. What is not understood is named and replaced.

export const VERSION = "1";

/**
 * One entry of a view's state.
 * @typedef {{fallback: any, read: (text: string) => any, write?: (value: any) => string, means: string}} Entry
 * `read` gives undefined for what it does not understand; `means` says what is understood.
 */

/** @returns {Entry} a text of at most so many characters; none where there is none anyway */
export const text = (fallback, most) => ({
  fallback, means: `at most ${most} characters`, read: (given) => ((given || !fallback) && given.length <= most ? given : undefined),
});

/** @returns {Entry} a finite number from one to another */
export const number = (fallback, least, most) => ({
  fallback, means: `a number from ${least} to ${most}`,
  read: (given) => (given.trim() !== "" && Number(given) >= least && Number(given) <= most ? Number(given) : undefined),
});

/** @returns {Entry} a whole number from one to another */
export const whole = (fallback, least, most) => {
  const entry = number(fallback, least, most);
  return { ...entry, means: `a whole number from ${least} to ${most}`, read: (given) => (Number.isInteger(Number(given)) ? entry.read(given) : undefined) };
};

/** @returns {Entry} so many finite numbers, with commas between them */
export const numbers = (fallback) => ({
  fallback, means: `${fallback.length} numbers with commas, such as ${fallback.join(",")}`, write: (value) => value.join(","),
  read: (given) => {
    const parts = given.split(",");
    const made = parts.map(Number);
    return parts.every((part) => part.trim() !== "") && made.length === fallback.length && made.every((x) => Number.isFinite(x) && Math.abs(x) <= 1e9) ? made : undefined;
  },
});

/** @returns {Entry} a square: its middle and its width */
export const square = (fallback) => {
  const entry = numbers(fallback);
  const read = (given) => (entry.read(given)?.[2] > 0 ? entry.read(given) : undefined);
  return { ...entry, means: `the middle of a square and its width above zero, such as ${fallback.join(",")}`, read };
};

/** @returns {Entry} at most so many finite numbers, with commas between them */
export const reals = (fallback, most) => ({
  fallback, means: `up to ${most} numbers with commas, such as 1,0.5`, write: (value) => value.join(","),
  read: (given) => {
    const count = given.trim() === "" ? 0 : given.split(",").length;
    return count > most ? undefined : count ? numbers(Array(count).fill(0)).read(given) : [];
  },
});

/** @returns {Entry} from where to where two settings go that are above zero: four numbers */
export const spans = (fallback) => {
  const entry = numbers(fallback);
  const fits = (given) => given && [[given[0], given[1]], [given[2], given[3]]].every(([from, to]) => from >= 1e-9 && to > from);
  return { ...entry, means: `where each of two settings begins and ends, above zero, such as ${fallback.join(",")}`, read: (given) => (fits(entry.read(given)) ? entry.read(given) : undefined) };
};

/** @returns {Entry} at most so many whole numbers from one to another, with commas between them; none is a dash */
export const wholes = (fallback, most, least, largest) => ({
  fallback, means: `up to ${most} whole numbers from ${least} to ${largest} with commas, such as ${fallback.join(",")}`,
  write: (value) => value.join(",") || "-",
  read: (given) => {
    const made = given.trim() === "-" || given.trim() === "" ? [] : given.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
    return made.length <= most && made.every((x) => Number.isInteger(x) && x >= least && x <= largest) ? made : undefined;
  },
});

/** @returns {Entry} points in the plane, each with its class, 0 or 1 */
export const points = (most) => ({
  fallback: [], means: `up to ${most} points, each two numbers and a class 0 or 1, such as 0,0,1;1,0.5,0`,
  write: (value) => value.map((point) => point.join(",")).join(";"),
  read: (given) => {
    const made = given === "" ? [] : given.split(";").map((point) => point.split(",").map((part) => (part.trim() === "" ? NaN : Number(part))));
    const fit = ([x, y, label, ...more]) => [x, y].every((z) => Number.isFinite(z) && Math.abs(z) <= 1e6) && (label === 0 || label === 1) && !more.length;
    return made.length <= most && made.every(fit) ? made : undefined;
  },
});

/** @returns {Entry} one of some names */
export const choice = (fallback, names) => ({
  fallback, means: `one of ${names.join(", ")}`, read: (given) => (names.includes(given) ? given : undefined),
});

/** @returns {Entry} one or several of some names, with commas between them, in the order of the names */
export const choices = (fallback, names) => ({
  fallback, means: `one or several of ${names.join(", ")}, with commas`, write: (value) => value.join(","),
  read: (given) => {
    const parts = given.split(",");
    return parts.every((part) => names.includes(part)) ? names.filter((name) => parts.includes(name)) : undefined;
  },
});

/**
 * What a hash says.
 * @param {string} hash with or without the # in front
 * @param {Record<string, Record<string, Entry>>} views by name, the first of them where the hash names none
 * @returns {{view: string, state: Record<string, any>, complaints: string[]}}
 */
export function readHash(hash, views) {
  const complaints = [];
  const [, version, name = "", query = ""] = /^#?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(hash) ?? [];
  const empty = hash.replace("#", "") === "";
  if (!empty && version !== VERSION) complaints.push(`this link is of version “${short(version)}”; the page reads version ${VERSION}`);
  const first = Object.keys(views)[0];
  const known = Object.hasOwn(views, name);
  if (!empty && !known) complaints.push(`there is no view “${short(name)}”; here is ${first}`);
  const view = known ? name : first;
  const read = known && version === VERSION ? readQuery(query, view, views[view]) : { state: {}, complaints: [] };
  const usual = Object.entries(views[view]).map(([key, entry]) => [key, entry.fallback]);
  return { view, state: { ...Object.fromEntries(usual), ...read.state }, complaints: [...complaints, ...read.complaints] };
}

/** What a query says of a view's state. */
function readQuery(query, view, entries) {
  const state = {};
  const complaints = [];
  for (const [key, given] of new URLSearchParams(query)) {
    const entry = Object.hasOwn(entries, key) ? entries[key] : undefined;
    const value = entry?.read(given);
    if (!entry) complaints.push(`“${short(key)}” means nothing to ${view}`);
    else if (value === undefined) complaints.push(`${key} is ${entry.means}, not “${short(given)}”; it is ${short((entry.write ?? String)(entry.fallback)) || "none"} here`);
    else state[key] = value;
  }
  return { state, complaints };
}

/** The hash of a state: what is not as it is anyway. */
export function writeHash(view, state, entries) {
  const query = new URLSearchParams();
  for (const [key, entry] of Object.entries(entries)) {
    const write = entry.write ?? String;
    if (write(state[key]) !== write(entry.fallback)) query.set(key, write(state[key]));
  }
  const written = query.toString();
  return `#${VERSION}/${view}${written ? `?${written}` : ""}`;
}

const short = (given = "") => (given.length > 40 ? `${given.slice(0, 40)}…` : given);
