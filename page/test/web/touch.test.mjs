// Fingers on the pictures, in Debian's Chromium.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { close, laboratory } from "../browser.mjs";

const lab = await laboratory();
after(close);
const PHONE = { touch: true, viewport: { width: 390, height: 844 } };

/** A finger that goes from one place of a picture to others, as shares of its sides. */
async function finger(page, selector, places) {
  const { x, y, width, height } = await page.locator(selector).boundingBox();
  const session = await page.context().newCDPSession(page);
  const send = (type, points) => session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([across, down]) => ({ x: x + across * width, y: y + down * height })) });
  await send("touchStart", [places[0]]);
  for (const place of places.slice(1)) await send("touchMove", [place]);
  await send("touchEnd", []);
}

const START = [3 / 16, 3 / 16]; // 3,9 in the usual view, 8,4,16

test("the start is dragged with a finger and put where one taps, and beside it the page scrolls", async () => {
  const page = await lab.opened("", PHONE);
  await lab.drawn(page, "descend");
  const start = () => page.inputValue("[name=start]");
  await finger(page, ".plane", [START, [0.3, 0.3], [0.5, 0.25]]);
  assert.equal(await start(), "8,8");
  await finger(page, ".plane", [[0.5, 0.75]]);
  assert.equal(await start(), "8,0");
  assert.equal(await page.evaluate(() => scrollY), 0);
  await finger(page, ".plane", [[0.2, 0.9], [0.2, 0.7], [0.2, 0.5], [0.2, 0.3]]);
  await page.waitForFunction(() => scrollY > 0);
  assert.equal(await start(), "8,0");
  assert.match(page.url(), /start=8%2C0/);
  await page.close();
});

test("cells of the success map and boxes of the boundary are taken with a finger", async () => {
  const page = await lab.opened("#1/train?tries=4&steps=5", PHONE);
  await lab.drawn(page, "train");
  await page.waitForFunction(() => Number(document.querySelector(".map")?.dataset.level ?? 9) <= 4);
  await page.locator("[tabindex].map").scrollIntoViewIfNeeded();
  await finger(page, "[tabindex].map", [[0.7, 0.6]]);
  await page.waitForFunction(() => /rate=\d.*scale=\d/.test(location.hash));
  const boundary = await lab.opened("#1/boundary?width=2&steps=6", PHONE);
  await lab.drawn(boundary, "boundary");
  const whole = await boundary.inputValue("[name=view]");
  await finger(boundary, ".map", [[0.4, 0.4], [0.5, 0.5], [0.6, 0.6]]);
  await boundary.waitForFunction((view) => document.querySelector("[name=view]").value !== view, whole);
  await page.close();
  await boundary.close();
});
