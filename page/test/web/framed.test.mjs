// A view in a lab's HTML, which stands in another folder of a host than the page and names it by a relative path.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { built, close, laboratory, PATIENCE, python } from "../browser.mjs";

const lab = await laboratory();
after(close);

// As Moodle has them: nothing newer is known, and what is unknown has a type that no browser runs.
const TYPES = { ".html": "text/html", ".js": "application/x-javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const LAB = `---
gradlab:
  page: ../../tools/gradlab
---

# A lab

![A bowl](gradlab:descend?f=x**2%2B3*y**2&rate=0.3)
`;

/** A host as a course has one: it sends files with the types that it knows, and no policy. */
async function host(folder) {
  const server = http.createServer(({ url }, answer) => {
    const file = path.join(folder, new URL(url, "http://host").pathname);
    if (!fs.existsSync(file) || fs.statSync(file).isDirectory()) return answer.writeHead(404).end();
    return answer.writeHead(200, { "Content-Type": TYPES[path.extname(file)] ?? "document/unknown", "X-Content-Type-Options": "nosniff" }).end(fs.readFileSync(file));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { address: `http://127.0.0.1:${port}/`, server };
}

test("the folder has at most 20 MB", () => {
  const files = fs.readdirSync(built, { recursive: true }).map((name) => fs.statSync(path.join(built, String(name)))).filter((each) => each.isFile());
  assert.ok(files.length > 10);
  assert.ok(files.reduce((sum, { size }) => sum + size, 0) <= 20e6);
});

test("all scripts have a name that every host knows as a script", () => {
  const names = fs.readdirSync(built, { recursive: true, encoding: "utf8" });
  assert.ok(names.includes("main.js"));
  assert.deepEqual(names.filter((name) => /\.(mjs|cjs|ts|wasm|gz)$/.test(name)), []);
});

test("a lab in one folder shows a view of the page in another one, and derives what is typed there", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gradlab-framed-"));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.mkdirSync(path.join(folder, "tools"));
  fs.symlinkSync(built, path.join(folder, "tools/gradlab"));
  fs.writeFileSync(path.join(folder, "bowl.md"), LAB);
  const out = path.join(folder, "course/labs");
  execFileSync(python, ["-m", "gradlab", "lab", "build", path.join(folder, "bowl.md"), "--out", out], { encoding: "utf8" });
  const pages = fs.readdirSync(out, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html"));
  assert.ok(pages.length, "the lab has no HTML");
  const { address, server } = await host(folder);
  after(() => server.close());
  const page = await lab.browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(`${address}course/labs/${pages[0]}`);
  const frame = await (await page.waitForSelector("iframe")).contentFrame();
  await frame.waitForFunction(() => Number(/** @type {any} */ (document.querySelector("gradlab-descend"))?.dataset.drawn ?? 0) > 0);
  assert.match(await frame.textContent("output"), /^Rate 0\.3\./);
  assert.equal(await frame.isVisible("header"), false); // the view is locked
  await frame.fill("[name=f]", "sin(x) + cos(y)");
  await frame.press("[name=f]", "Enter");
  await frame.waitForFunction(() => document.querySelector(".derivation").textContent.includes("cos"));
  assert.deepEqual(asked.filter((url) => !url.startsWith(address)), []);
  await page.close();
});
