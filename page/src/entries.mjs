// The entries of all views' states, and the states of which a link says nothing.
import { entriesOf } from "./state.mjs";
import { STATE } from "./tables.mjs";

/** @template T @param {(view: Record<string, import("./state.mjs").Told>) => T} of @returns {Record<keyof typeof STATE, T>} */
const each = (of) => /** @type {any} */ (Object.fromEntries(Object.entries(STATE).map(([name, view]) => [name, of(view)])));

export const ENTRIES = each(entriesOf);
/** @type {Record<keyof typeof STATE, any>} */
export const USUAL = each((view) => Object.fromEntries(Object.entries(view).map(([name, { usual }]) => [name, usual])));
