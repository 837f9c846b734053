// All tests of the built page in one process, with one browser: node test/web.mjs; one file alone: node --test test/web/train.test.mjs
import fs from "node:fs";

for (const name of fs.readdirSync(new URL("web/", import.meta.url)).sort()) await import(`./web/${name}`);
