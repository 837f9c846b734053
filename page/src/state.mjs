// The state of a view in the URL's hash: #1/descend?f=x**2+y**2&rate=0.1. What is not understood is named and replaced.

export const VERSION = "1";

/**
 * What Python says of one entry of a view's state.
 * @typedef {{kind: string, usual: any, means: string, limits: any[]}} Told
 * One entry: `read` gives undefined for what it does not understand; `means` says what is understood.
 * @typedef {{fallback: any, means: string, names: string[], read: (text: string) => any, write: (value: any) => string}} Entry
 */

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;
const QUOTIENT = /^\s*([-+]?\d{1,15})\s*\/\s*(\d{1,15})\s*$/;
const LONG = 17; // characters of a number whose digits do not end by themselves
const LARGEST_BELOW = 1000; // of what is taken for a quotient
const MOST_SAID = 20; // things that are wrong with a link
const LARGEST = 1e9; // of numbers that come as lists

/** The number that a text is; NaN for what nobody writes so. */
export const decimal = (text) => (NUMBER.test(text) ? Number(text) : NaN);

/** The same, also of a quotient such as 1/3. */
function digits(text) {
  const [, above, below] = QUOTIENT.exec(text) ?? [];
  if (!below) return decimal(text);
  return Number(below) ? Number(above) / Number(below) : NaN;
}

/** A number as somebody wrote it who wrote a quotient: that is shorter than its digits. */
export function written(x) {
  const text = String(x);
  if (text.length < LONG) return text;
  for (let below = 3; below < LARGEST_BELOW; below++) {
    const above = Math.round(x * below);
    if (above / below === x) return `${above}/${below}`;
  }
  return text;
}

const list = (text) => (text.trim() === "" ? [] : text.split(",").map(digits));
const within = (most) => (x) => Math.abs(x) <= most;
const joined = (value) => value.join(",");
const span = (from, to) => from >= 1e-9 && to > from;
/** A way to read numbers that have commas between them, and to write them. */
const several = (fits) => ({
  write: (value) => joined(value.map(written)),
  read: (text) => {
    const made = list(text);
    return made.every(within(LARGEST)) && fits(made) ? made : undefined;
  },
});

/** How each kind of entry is read, and written where that is not as text, as gradlab.play does it. */
const KINDS = {
  text: (_, [least, most]) => ({ read: (text) => (text.length >= least && text.length <= most ? text : undefined) }),
  number: (_, [least, most]) => ({ write: written, read: (text) => (digits(text) >= least && digits(text) <= most ? digits(text) : undefined) }),
  whole: (_, limits) => ({ read: (text) => (Number.isInteger(digits(text)) ? KINDS.number(_, limits).read(text) : undefined) }),
  numbers: (usual) => several((made) => made.length === usual.length),
  square: () => several((made) => made.length === 3 && made[2] > 0),
  reals: (_, [most]) => several((made) => made.length <= most),
  spans: () => several((made) => made.length === 4 && span(made[0], made[1]) && span(made[2], made[3])),
  wholes: (_, [most, largest]) => ({
    write: (value) => joined(value) || "-",
    read: (text) => {
      const made = text.trim() === "-" ? [] : list(text);
      return made.length <= most && made.every((x) => Number.isInteger(x) && x >= 1 && x <= largest) ? made : undefined;
    },
  }),
  points: (_, [most]) => ({
    write: (value) => value.map(joined).join(";"),
    read: (text) => {
      const made = text === "" ? [] : text.split(";").map(list);
      const fit = ([x, y, label, ...more]) => within(1e6)(x) && within(1e6)(y) && (label === 0 || label === 1) && !more.length;
      return made.length <= most && made.every(fit) ? made : undefined;
    },
  }),
  choice: (_, names) => ({ read: (text) => (names.includes(text) ? text : undefined) }),
  choices: (_, names) => ({
    write: joined,
    read: (text) => (text.split(",").every((part) => names.includes(part)) ? names.filter((name) => text.split(",").includes(name)) : undefined),
  }),
};

/**
 * The entries of a view's state.
 * @param {Record<string, Told>} told
 * @returns {Record<string, Entry>}
 */
export const entriesOf = (told) => Object.fromEntries(Object.entries(told).map(([name, { kind, usual, means, limits }]) =>
  [name, { fallback: usual, means, names: limits, write: String, ...KINDS[kind](usual, limits) }]));

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
  const said = [...complaints, ...read.complaints];
  const more = said.length - MOST_SAID;
  return { view, state: { ...Object.fromEntries(usual), ...read.state }, complaints: more > 1 ? [...said.slice(0, MOST_SAID), `and ${more} more`] : said };
}

/** What a query says of a view's state. */
function readQuery(query, view, entries) {
  const state = {};
  const complaints = [];
  for (const [key, given] of new URLSearchParams(query)) {
    const entry = Object.hasOwn(entries, key) ? entries[key] : undefined;
    const value = entry?.read(given);
    if (!entry) complaints.push(`“${short(key)}” means nothing to ${view}`);
    else if (value === undefined) complaints.push(`${key} is ${entry.means}, not “${short(given)}”; it is ${short(entry.write(entry.fallback)) || "none"} here`);
    else {
      if (Object.hasOwn(state, key)) complaints.push(`${key} stands there twice; the last counts`);
      state[key] = value;
    }
  }
  return { state, complaints };
}

/** The hash of a state: what is not as it is anyway. */
export function writeHash(view, state, entries) {
  const query = new URLSearchParams();
  for (const [key, entry] of Object.entries(entries)) {
    const written = entry.write(state[key]);
    if (written !== entry.write(entry.fallback)) query.set(key, written);
  }
  const written = query.toString();
  return `#${VERSION}/${view}${written ? `?${written}` : ""}`;
}

const short = (given = "") => (given.length > 40 ? `${given.slice(0, 40)}…` : given);
