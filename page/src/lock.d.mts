// Made by the build: what Pyodide's own list of packages says of Pyodide, and no package.
export const LOCK: import("pyodide").Lockfile;
