// Train in Debian's Chromium, as a person uses it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import { close, laboratory, python } from "../browser.mjs";

const lab = await laboratory();
const { opened } = lab;
after(close);

const drawn = (page, least = 1) => lab.drawn(page, "train", least);
const level = (page, size) => page.waitForFunction((n) => Number(document.querySelector(".map")?.dataset.level ?? 9) <= n, size);
const words = (page) => page.textContent(".bench output");
const picture = (page, name) => page.evaluate((selector) => document.querySelector(selector).toDataURL(), `canvas.${name}`);

test("a network is trained, its map drawn and refined, and no other server is asked for anything", async () => {
  const page = await opened("#1/train?tries=20", { fresh: true });
  await drawn(page);
  assert.match(await words(page), /After 100 steps 6 of 12 runs have all 5 points right\. Run 0: not all points right/);
  await level(page, 1);
  await lab.shot(page, "train");
  assert.deepEqual(lab.requests.filter((url) => !url.startsWith(lab.address)), []);
  assert.deepEqual(lab.problems, []);
  await page.close();
});

test("the map ends in a recommendation with its interval, which can be trained, and a failed run is explained", async () => {
  const page = await opened("#1/train?steps=60&tries=20");
  await page.waitForSelector(".recommendation[data-size='1']"); // of the whole map, not of what was there earlier
  const said = await page.textContent(".recommendation");
  const [, rate, scale] = /^learning rate ([\d.]+), normal initialisation of scale ([\d.]+):\n[\d.]+ % \[[\d.]+, [\d.]+\] of runs classify all five points right within 60 steps\nfresh seeds {4}[\d.]+ % \[[\d.]+, [\d.]+\] of 1,000 runs/.exec(said);
  await page.click("[data-map=take]");
  const hash = new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
  assert.deepEqual([hash.get("rate"), hash.get("scale")], [rate, scale]);
  await lab.shot(page, "train-recommended");
  const other = await opened("#1/train?map=0.001,0.002,0.001,0.002&steps=10&tries=4");
  await other.waitForFunction(() => document.querySelector(".recommendation").textContent.includes("No run of the map succeeds"));
  await other.click("[data-do=why]");
  await other.waitForFunction(() => document.querySelector(".why").dataset.cause);
  assert.match(await other.textContent(".why"), /^(It|Its|Units|None) .*\. Try .*\.$/);
  await page.close();
  await other.close();
});

test("why runs fail is counted over the map, as gl.diagnose counts it, and can be stopped", async () => {
  const page = await opened("#1/train?data=xor&steps=40&tries=4&map=0.05,80,0.1,8");
  await level(page, 1);
  await page.click("[data-map=why]");
  await page.waitForFunction(() => document.querySelector(".causes .progress").textContent.startsWith("The first 4 runs of each of 256 settings"));
  await lab.shot(page, "train-causes");
  const cells = await page.evaluate(() => {
    const { room } = document.querySelector("gradlab-train");
    return [[0, 0], [32, 16], [60, 32], [16, 60]].map(([column, row]) => ({ rate: room.rates[column], scale: room.scales[row], found: room.causes.known.get(row * room.count + column) }));
  });
  const program = `import json, sys, gradlab as gl
for cell in json.loads(sys.argv[1]):
    runs = gl.train(gl.mlp([2, 2, 1]), gl.datasets.xor(), rule=gl.rules.GradientDescent(cell["rate"]), steps=40, restarts=4, init_scale=cell["scale"], dtype="float32")
    print(json.dumps({why.name.lower(): count for why, count in runs.diagnose().counts.items()}))`;
  const said = execFileSync(python, ["-c", program, JSON.stringify(cells)], { encoding: "utf8" });
  assert.deepEqual(cells.map(({ found }) => found), said.trim().split("\n").map((line) => JSON.parse(line)));
  assert.ok(cells.some(({ found }) => found.diverged === 4));
  await page.locator(".causes .map").hover({ position: { x: 300, y: 150 } });
  assert.match(await page.textContent(".causes .cell"), /^Rate [\d.]+, scale [\d.]+: of 4 runs \d \w+/);
  await page.click("[data-map=why]");
  await page.waitForFunction(() => document.querySelector(".causes .progress").textContent.includes(" of 256 settings."));
  await page.click("[data-map=why]");
  assert.equal(await page.textContent(".causes .progress"), "Stopped.");
  await page.selectOption("[name=activation]", "sigmoid");
  await page.waitForSelector(".causes", { state: "hidden" });
  await page.close();
});

test("a cell of the map is trained by a click and by keys, and the link has it", async () => {
  const page = await opened("#1/train?steps=20&tries=20");
  await level(page, 4);
  await page.locator(".settings .map").click({ position: { x: 260, y: 180 } });
  assert.match(await page.textContent(".cell"), /^Rate [\d.]+, scale [\d.]+: \d+ of 20 runs have all points right/);
  const clicked = new URL(page.url()).hash;
  assert.match(clicked, /rate=.*scale=/);
  await page.focus(".settings .map");
  await page.keyboard.press("ArrowRight");
  const hash = new URL(page.url()).hash;
  assert.notEqual(hash, clicked);
  const other = await opened(hash);
  await drawn(other);
  assert.equal(await words(other), await words(page));
  for (const name of ["plane", "curves"]) assert.equal(await picture(other, name), await picture(page, name));
  await page.close();
  await other.close();
});

test("points are clicked into the plane and taken away, and play moves the boundary", async () => {
  const page = await opened("#1/train?data=xor&steps=200&rate=3&tries=4");
  await drawn(page);
  const plane = page.locator(".plane");
  await plane.click({ position: { x: 30, y: 40 } });
  await page.waitForFunction(() => document.querySelector(".bench output").textContent.includes("all 5 points"));
  assert.equal(await page.inputValue("[name=data]"), "own");
  await page.selectOption("[name=click]", "-");
  await plane.click({ position: { x: 30, y: 40 } });
  await page.waitForFunction(() => document.querySelector(".bench output").textContent.includes("all 4 points"));
  const ended = await picture(page, "plane");
  await page.click("[data-do=reset]");
  const begun = await picture(page, "plane");
  assert.notEqual(begun, ended);
  await page.click("[data-do=play]");
  await page.waitForFunction((first) => document.querySelector(".plane").toDataURL() !== first, begun);
  await page.evaluate(() => document.querySelector("gradlab-train").player.frame && document.querySelector("[data-do=play]").click());
  assert.equal(await page.textContent("[data-do=play]"), "Play");
  await page.close();
});

test("points can be written, and those that no network can be trained on are shown all the same", async () => {
  const page = await opened("#1/train?data=own&steps=20&tries=8");
  await page.waitForFunction(() => document.querySelector(".wrong").textContent.includes("1 to 400 points; here are 0"));
  const empty = await picture(page, "plane");
  await page.locator(".plane").click({ position: { x: 100, y: 100 } });
  await page.waitForFunction(() => document.querySelector(".wrong").textContent.includes("points of both classes are needed"));
  assert.notEqual(await picture(page, "plane"), empty);
  await page.fill("[name=points]", "0,0,1;1,1,0;2,2,7");
  await page.keyboard.press("Enter");
  assert.match(await page.textContent(".wrong"), /points: write up to 400 points, each two numbers and a class 0 or 1/);
  await page.fill("[name=points]", "0,0,1;1,1,0");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".bench output").textContent.includes("all 2 points"));
  await page.evaluate(() => { // the second change before the first is answered
    for (const [name, value] of [["loss", "hinge"], ["rate", "0.5"]]) {
      const field = document.querySelector(`[name=${name}]`);
      field.value = value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
  await page.waitForFunction(() => document.querySelector("gradlab-train").kernel.labels.join() === "-1,1");
  await page.close();
});

test("tables are read, and what is wrong in them is told with its line", async () => {
  const page = await opened("#1/train?steps=5&tries=4");
  await drawn(page);
  const load = (text) => page.setInputFiles("[name=file]", { name: "points.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await load("x,y,class\n0,0,red\n1,much,blue\n");
  await page.waitForFunction(() => document.querySelector(".wrong").textContent.includes("line 3: “much” is no number"));
  await load("0,0,1\n1,1,nan\n2,2,0\n");
  await page.waitForFunction(() => document.querySelector(".wrong").textContent.includes("1 row is left out, as a value is missing: line 2."));
  await load("sepal,petal,note,species\n5.1,1.4,x,setosa\n7,4.7,x,versicolor\n6.3,6,x,virginica\n");
  await page.waitForFunction(() => document.querySelector(".wrong").textContent.includes("it has 4 columns, “sepal”"));
  await page.fill("[data-columns]", "petal, sepal, species=setosa");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".wrong").textContent.includes("class 1 “setosa”"));
  assert.match(page.url(), /points=1\.4%2C5\.1%2C1%3B4\.7%2C7%2C0%3B6%2C6\.3%2C0/);
  await page.fill("[data-columns]", "");
  const rows = Array.from({ length: 200000 }, (_, i) => `${Math.cos(i).toFixed(12)},${Math.sin(i * i).toFixed(12)},${i % 3 ? "no" : "yes"}`);
  await load(`a,b,c\n${rows.join("\n")}\n`);
  await page.waitForFunction(() => document.querySelector(".wrong").textContent.includes("one in 500 is used: 400 points"));
  assert.match(await page.textContent(".wrong"), /Class 0 is “no”, class 1 “yes”/);
  assert.match(await words(page), /all 400 points right|not all points right/);
  await page.close();
});

test("hostile links are told apart and never a blank page", async () => {
  await lab.eachOf(["#1/train?tries=4&data=<script>&hidden=9,9&rate=NaN&points=1,2", "#1/train?data=own&points=0,0,1", "#1/train?hidden=-&steps=0", "#1/train?map=0,0,0,0&tries=4", "#1/train?data=spirals&hidden=8,8,8,8&steps=5000&runs=200"], async (page, hash) => {
    await page.waitForSelector(".map");
    if (!hash.includes("steps=0")) await page.waitForFunction(() => /./.test(document.querySelector("#complaints").textContent + document.querySelector(".wrong").textContent));
  });
});

test("a killed worker is replaced, and the map is whole", async () => {
  const page = await opened("#1/train?tries=200&steps=300");
  await drawn(page);
  const lost = await page.evaluate(() => {
    const { members } = document.querySelector("gradlab-train").room.success.crew;
    const victim = members.find((member) => member.worker);
    victim.worker.dispatchEvent(new ErrorEvent("error", { message: "killed by the test" }));
    return members.length;
  });
  assert.ok(lost >= 1);
  await level(page, 4);
  const known = await page.evaluate(() => document.querySelector("gradlab-train").room.success.known.filter(Boolean).length);
  assert.ok(known >= 256);
  await page.close();
});

test("what is copied as Python runs, with the same starts and the same runs that succeed", async () => {
  const page = await opened("#1/train?data=own&points=0,0,1;1,0.5,0;-1,0,0;0,1.25,1&loss=hinge&rule=momentum&rate=0.3&steps=60&runs=6&seed=3&init=glorot&tries=4");
  await drawn(page);
  const program = `${await page.textContent(".program code")}\nimport json; print("RIGHT", json.dumps(runs.right.tolist()), json.dumps(runs.initial_parameters.tolist()))`;
  const why = `${program}; print("WHY", json.dumps({found.run: found.why.name.lower() for found in runs.diagnose()}))`;
  const said = execFileSync(python, ["-c", why], { encoding: "utf8" });
  const [, right, starts] = /RIGHT (\[[^\]]*\]) (\[\[.*\]\])/.exec(said);
  const causes = {};
  for (const run of JSON.parse(right).flatMap((good, each) => (good ? [] : [each]))) {
    await page.fill("[name=run]", String(run));
    await page.keyboard.press("Enter");
    await page.click("[data-do=why]");
    causes[run] = await (await page.waitForFunction((n) => (document.querySelector(".why").dataset.run === String(n) ? document.querySelector(".why").dataset.cause : undefined), run)).jsonValue();
  }
  assert.deepEqual(causes, JSON.parse(/WHY (.*)/.exec(said)[1]));
  const seen = await page.evaluate(() => {
    const view = document.querySelector("gradlab-train");
    return { right: [...view.ended.right].map((each) => each === 1), starts: [...view.starts] };
  });
  assert.deepEqual(seen.right, JSON.parse(right));
  assert.deepEqual(seen.starts, JSON.parse(starts).flat());
  await page.close();
});

test("on a phone nothing is wider than the screen, and the dark picture is drawn", async () => {
  const page = await opened("#1/train?data=two_moons&hidden=4&rate=3&tries=4", { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  await drawn(page);
  await level(page, 4);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await lab.shot(page, "train-phone");
  await page.close();
});

test("what was answered when the page was built is what Python answers here, to the byte", async () => {
  const page = await opened("#1/derive");
  const same = await page.evaluate(async () => {
    const { ask, askPython, questions } = await import("./main.js");
    const both = async (asked) => (await Promise.all([ask(...asked), askPython(...asked)])).map(({ milliseconds, ...answer }) => JSON.stringify(answer, (_, value) => (value instanceof Uint8Array ? [...value] : value)));
    const first = ["network", "surface", "chain"].map((name) => questions.shipped().find(([question]) => question === name));
    const found = await Promise.all(first.map(both));
    return found.map(([one, other]) => one === other);
  });
  assert.deepEqual(same, [true, true, true]);
  await page.close();
});
