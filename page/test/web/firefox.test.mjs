// The same bits in Firefox: Playwright's own Firefox is none that people have, so that this one is driven by another door.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import puppeteer from "puppeteer-core";
import { close, laboratory, PATIENCE } from "../browser.mjs";

const FIREFOX = ["firefox-esr", "firefox"].map((name) => {
  try {
    return execFileSync("which", [name], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}).find(Boolean);
const skip = FIREFOX ? false : "the page was not tried in Firefox, which is not here (apt-get install firefox-esr)";

const LINKS = {
  descend: "#1/descend?rate=0.11&rule=adam&f=sin(x)*cos(y)%2Bexp(x/9)",
  derive: "#1/derive",
  train: "#1/train?tries=8&steps=80&loss=hinge&rule=adam&rate=0.1",
  boundary: "#1/boundary?width=3&steps=12",
};
const lab = await laboratory();
after(close);

/** What a view has computed, to the last digit; nothing as long as it has drawn nothing. */
const computed = (name) => {
  const view = document.querySelector(`gradlab-${name}`);
  if (!view?.dataset.drawn || (name === "descend" && !view.curvature)) return "";
  const first = (_, place) => (place % 256) % 16 === 0 && Math.floor(place / 256) % 16 === 0;
  return {
    descend: () => JSON.stringify([view.ways.map(({ steps }) => steps), view.curvature.at(view.state.start)]),
    derive: () => view.querySelector("output").textContent + view.querySelector(".numbers").textContent,
    train: () => [...view.ended.parameters, ...view.ended.curves].join(),
    boundary: () => JSON.stringify(view.refined.known.filter(first)),
  }[name]();
};

test("every view computes the same bits in Firefox as in Chromium", { skip }, async () => {
  const firefox = await puppeteer.launch({ browser: "firefox", executablePath: FIREFOX, headless: true, timeout: PATIENCE, protocolTimeout: PATIENCE });
  after(() => firefox.close());
  const other = await firefox.newPage();
  other.setDefaultTimeout(PATIENCE);
  const problems = [];
  other.on("pageerror", (error) => problems.push(error.message));
  await other.goto(lab.address);
  for (const [name, hash] of Object.entries(LINKS)) {
    const page = await lab.opened(hash);
    await other.evaluate((next) => (location.hash = next), hash);
    const ours = await (await page.waitForFunction(computed, name)).jsonValue();
    const theirs = await (await other.waitForFunction(computed, { polling: 100 }, name)).jsonValue();
    assert.ok(ours.length > 300, `${name}: ${ours.length}`);
    assert.equal(theirs, ours, name);
    await page.close();
  }
  await other.evaluate(() => (location.hash = "#1/descend?f=x**2/3%2By**2/7"));
  await other.waitForSelector(".hessian mtable");
  await other.evaluate(() => document.fonts.ready.then(() => true));
  const [bracket, matrix] = await other.evaluate(() => ["mo", "mtable"].map((name) => [...document.querySelectorAll(`.hessian ${name}`)].filter((each) => name !== "mo" || each.textContent === "(")[0].getBoundingClientRect().height));
  assert.ok(bracket > 0.9 * matrix, `${bracket} ${matrix}`);
  assert.deepEqual(problems, []);
});
