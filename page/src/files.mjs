// Where the page's files are: this module stands at their root, and so does the one that it is built into.

/** @param {string} name of a file from the page's folder @returns {URL} */
export const file = (name) => new URL(name, import.meta.url);
