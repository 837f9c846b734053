// Boundary in Debian's Chromium, as a person uses it.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { close, laboratory } from "../browser.mjs";

const lab = await laboratory();
const { opened } = lab;
after(close);

const drawn = (page) => lab.drawn(page, "boundary");
const level = (page, size) => page.waitForFunction((n) => Number(document.querySelector(".map")?.dataset.level ?? 99) <= n, size);
const words = (page) => page.textContent("output");
const picture = (page) => page.evaluate(() => document.querySelector(".map").toDataURL());
const SMALL = "#1/boundary?width=3&steps=12";
const QUICK = "#1/boundary?width=2&steps=6";

test("a map is drawn and refined, and no other server is asked for anything", async () => {
  const page = await opened("#1/boundary", { fresh: true });
  await drawn(page);
  await level(page, 4);
  assert.match(await words(page), /pixels in float32: \d+(\.\d+)? % train/);
  await page.mouse.move(200, 300);
  assert.match(await page.textContent(".cell"), /^First layer [\d.]+, last layer [\d.]+: (trains|diverges|not computed yet)\.$/);
  await lab.shot(page, "boundary");
  assert.deepEqual(lab.requests.filter((url) => !url.startsWith(lab.address)), []);
  assert.deepEqual(lab.problems, []);
  await page.close();
});

test("a box is looked at, the whole map is told with its dimension, and one can go back and forward", async () => {
  const page = await opened(SMALL);
  await level(page, 1);
  assert.match(await words(page), /65536 of 65536 pixels .* boxes of 2 to 32 pixels, the boundary here has the dimension [01]\.\d\d, with a standard error/);
  const whole = await page.inputValue("[name=view]");
  const box = await page.locator(".map").boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.3);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.5, { steps: 4 });
  await page.mouse.up();
  const closer = await page.inputValue("[name=view]");
  assert.notEqual(closer, whole);
  await level(page, 16);
  await page.click("[data-do=back]");
  await page.waitForFunction((view) => document.querySelector("[name=view]").value === view, whole);
  await page.click("[data-do=forward]");
  await page.waitForFunction((view) => document.querySelector("[name=view]").value === view, closer);
  await page.focus(".map");
  await page.keyboard.press("+");
  assert.notEqual(await page.inputValue("[name=view]"), closer);
  await page.close();
});

test("deep down float64 is used, a link shows the same picture, and the end of the numbers is told", async () => {
  const hash = `${QUICK}&view=50,50.001,20,20.0004`;
  const page = await opened(hash);
  await level(page, 1);
  assert.match(await words(page), /pixels in float64/);
  const other = await opened(hash);
  await level(other, 1);
  assert.equal(await picture(other), await picture(page));
  assert.equal(await words(other), await words(page));
  await other.close();
  await page.evaluate((next) => (location.hash = next), `${QUICK}&view=50,50.0000000002,20,20.0000000001`);
  await page.waitForFunction(() => document.querySelector("[name=view]").value.includes("50.0000000002"));
  for (let i = 0; i < 3; i++) await page.click("[data-do=closer]");
  await page.waitForFunction(() => document.querySelector(".wrong").textContent.includes("no more numbers between these"));
  await page.close();
});

test("hostile links are told apart, and the dark map fits on a phone", async () => {
  await lab.eachOf(["#1/boundary?width=0&view=1,1,1,1&depth=9", "#1/boundary?view=0,1,0,1", "#1/boundary?activation=<b>"], async (page) => {
    await drawn(page);
    assert.match(await page.textContent("#complaints"), /./);
  });
  const page = await opened(QUICK, { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  await level(page, 2);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await lab.shot(page, "boundary-phone");
  await page.close();
});
