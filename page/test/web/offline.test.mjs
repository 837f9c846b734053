// The page without a network after the first visit, below a folder of a host, and the version after it.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { seal } from "../../tools/seal.mjs";
import { built, close, laboratory, PATIENCE, served } from "../browser.mjs";

const PLACE = "course/gradlab/";
const lab = await laboratory();
after(close);

const derived = async (page, f) => {
  await page.fill("[name=f]", f);
  await page.keyboard.press("Enter");
  await page.waitForFunction((text) => document.querySelector(".derivation").textContent.includes(text), "cos");
};

test("after the first visit it works without a server, and a newer version takes its place when one wants it", async () => {
  const host = fs.mkdtempSync(path.join(os.tmpdir(), "gradlab-offline-"));
  after(() => fs.rmSync(host, { recursive: true, force: true }));
  const folder = path.join(host, PLACE);
  fs.cpSync(built, folder, { recursive: true });
  fs.writeFileSync(path.join(host, "index.html"), "<p>a course</p>");
  let server = await served(host);
  const page = await lab.browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(`${server.address}${PLACE}#1/descend?rate=0.2`);
  await page.evaluate(() => navigator.serviceWorker.ready);
  const [first, ...others] = await page.evaluate(() => caches.keys());
  assert.deepEqual(others, []);
  await server.close();

  await page.reload();
  await lab.drawn(page, "descend");
  assert.equal(await page.inputValue("[name=start]"), "3,9");
  await derived(page, "sin(x) + cos(y)");
  assert.equal(await page.isHidden("#newer"), true);

  const index = path.join(folder, "index.html");
  fs.writeFileSync(index, fs.readFileSync(index, "utf8").replace("<h1>gradlab</h1>", "<h1>gradlab anew</h1>"));
  seal(folder, path.join(import.meta.dirname, "../../src/offline.js"));
  server = await served(host, new URL(server.address).port);
  await page.reload();
  assert.equal(await page.textContent("h1"), "gradlab");
  await page.waitForSelector("#newer:not([hidden])");
  await page.click("#newer button");
  await page.waitForFunction(() => document.querySelector("h1")?.textContent === "gradlab anew");
  const kept = await page.evaluate(() => caches.keys());
  assert.equal(kept.length, 1);
  assert.notEqual(kept[0], first);
  assert.match(page.url(), /#1\/descend\?rate=0\.2&f=|#1\/descend\?f=.*rate=0\.2/);

  // A host that has replaced only a part of its files: what is kept stays.
  fs.appendFileSync(index, "<p>newer still</p>");
  seal(folder, path.join(import.meta.dirname, "../../src/offline.js"));
  fs.appendFileSync(index, "<p>not as it was sealed</p>");
  const failed = await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    const ended = new Promise((resolve) => registration.addEventListener("updatefound", () => {
      const { installing } = registration;
      installing.addEventListener("statechange", () => resolve(installing.state));
    }));
    await registration.update();
    return ended;
  });
  assert.equal(failed, "redundant");
  assert.deepEqual(await page.evaluate(() => caches.keys()), kept);
  assert.deepEqual(problems, []);
  await page.close();
  await server.close();
});
