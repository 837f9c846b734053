// What is taken away from the page says what the page shows, in Debian's Chromium.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import { after, test } from "node:test";
import { close, laboratory } from "../browser.mjs";

const lab = await laboratory();
const { opened, drawn } = lab;
after(close);

/** The bytes of the file that a button gives, and its name. */
async function taken(page, kind) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(`[data-save=${kind}]`)]);
  return { bytes: await fs.readFile(await download.path()), name: download.suggestedFilename() };
}

const rowsOf = (bytes) => bytes.toString().trimEnd().split("\n").map((line) => line.split(","));

/** A picture in a file beside the canvas that it is of: the same pixels where that has ink, and none that is seen through. */
async function compared(page, bytes, selector) {
  return page.evaluate(async ([text, canvas]) => {
    const source = document.querySelector(canvas);
    const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(text), (each) => each.charCodeAt(0))], { type: "image/png" }));
    const [made, shown] = [picture, source].map((image) => {
      const pen = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height }).getContext("2d");
      pen.drawImage(image, 0, 0);
      return pen.getImageData(0, 0, image.width, image.height).data;
    });
    let [clear, other, ink] = [0, 0, 0];
    for (let i = 0; i < made.length; i += 4) {
      if (made[i + 3] !== 255) clear++;
      if (shown[i + 3] !== 255) continue;
      ink++;
      if ([0, 1, 2].some((k) => made[i + k] !== shown[i + k])) other++;
    }
    return { size: [picture.width - source.width, picture.height - source.height], clear, other, ink: ink > 100 };
  }, [bytes.toString("base64"), selector]);
}

const SAME = { size: [0, 0], clear: 0, other: 0, ink: true };

test("the steps and the picture of Descend", async () => {
  const page = await opened("#1/descend?rule=adam,gradient_descent&steps=12", { colorScheme: "dark" });
  await drawn(page, "descend");
  const { bytes, name } = await taken(page, "csv");
  assert.equal(name, "descend.csv");
  const shown = await page.evaluate(() => document.querySelector("gradlab-descend").ways.flatMap(({ name, steps }) => steps.map(({ point, value, slope }, i) => [name, i, ...point, value, ...slope].map(String))));
  assert.deepEqual(rowsOf(bytes), [["rule", "step", "x1", "x2", "value", "derivative by x1", "derivative by x2"], ...shown]);
  assert.deepEqual(await compared(page, (await taken(page, "png")).bytes, ".plane"), SAME);
  await page.close();
  const lost = await opened("#1/descend?f=log(x)%2By&start=0.5,0");
  await drawn(lost, "descend");
  const rows = rowsOf((await taken(lost, "csv")).bytes);
  assert.deepEqual([rows.length, rows.at(-1).includes("NaN")], [4, true]);
  assert.equal(await lost.locator(".steps tr").count(), 4);
  await lost.close();
});

test("the runs, the network, the plane and the map of Train", async () => {
  const page = await opened("#1/train?tries=4&steps=30&runs=5&data=xor");
  await drawn(page, "train");
  await page.waitForSelector(".recommendation[data-size='1']");
  const [head, ...runs] = rowsOf((await taken(page, "runs")).bytes);
  const ended = await page.evaluate(() => {
    const { ended: { loss, right, parameters }, kernel } = document.querySelector("gradlab-train");
    return { loss: [...loss], right: [...right], parameters: [...parameters], names: kernel.parameters };
  });
  assert.deepEqual(head.slice(5), ended.names);
  assert.deepEqual(runs.map((row) => [Number(row[2]), Number(row[3])]), ended.loss.map((loss, i) => [loss, ended.right[i]]));
  assert.deepEqual(runs.flatMap((row) => row.slice(5).map(Number)), ended.parameters);
  const settings = rowsOf((await taken(page, "settings")).bytes).slice(1);
  assert.equal(settings.length, 64 * 64);
  assert.ok(settings.every(([, , successes, diverged, tries]) => Number(successes) + Number(diverged) <= Number(tries) && tries === "4"));
  for (const [kind, selector] of [["plane", ".plane"], ["map", ".map"]]) assert.deepEqual(await compared(page, (await taken(page, kind)).bytes, selector), SAME, kind);
  const svg = (await taken(page, "diagram")).bytes.toString();
  const titles = await page.evaluate((text) => {
    const read = new DOMParser().parseFromString(text, "image/svg+xml");
    return read.querySelector("parsererror") ? [] : [...read.querySelectorAll("title")].map((title) => title.textContent);
  }, svg);
  assert.deepEqual(titles.map((title) => title.split(" = ")[0]).sort(), [...ended.names].sort());
  await page.close();
});

test("the pixels and the picture of Boundary", async () => {
  const page = await opened("#1/boundary?width=2&steps=6");
  await page.waitForFunction(() => document.querySelector(".map")?.dataset.level === "1");
  const pixels = rowsOf((await taken(page, "csv")).bytes).slice(1);
  assert.equal(pixels.length, 256 * 256);
  const trains = pixels.filter(([, , converged]) => converged === "1").length;
  assert.ok((await page.textContent("output")).includes(`${Number(((100 * trains) / pixels.length).toPrecision(5))} % train`));
  assert.deepEqual(await compared(page, (await taken(page, "png")).bytes, ".map"), SAME);
  await page.close();
});

test("what is not there cannot be taken away", async () => {
  const page = await opened("#1/descend?f=x");
  await page.waitForFunction(() => document.querySelector(".wrong").textContent.includes("of two variables"));
  for (const kind of ["png", "csv"]) assert.ok(await page.isDisabled(`[data-save=${kind}]`));
  await page.close();
  const derive = await opened("#1/derive?sizes=9");
  await drawn(derive, "derive");
  await derive.evaluate(() => (document.querySelector("gradlab-derive").latex = undefined));
  await derive.click(".latex button");
  await derive.waitForFunction(() => document.querySelector(".latex button").textContent === "There is nothing yet");
  await derive.close();
});
