// Descend in Debian's Chromium, as a person uses it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import { close, laboratory, python } from "../browser.mjs";

const explained = (page, least = 1) => page.waitForFunction((n) => Number(document.querySelector("gradlab-descend").dataset.explained ?? 0) >= n, least);
const way = (page, number = 0) => page.evaluate((i) => document.querySelector("gradlab-descend").ways[i].steps.map(({ point }) => point), number);
const lab = await laboratory();
const { opened } = lab;
const drawn = (page, least = 1) => lab.drawn(page, "descend", least);
after(close);

test("a function is drawn, derived and gone down, and asks no other server for anything", async () => {
  const page = await opened("", { fresh: true });
  await drawn(page);
  await explained(page);
  assert.match(await page.textContent("output"), /2\/3 = 0\.66667; this rate is below it/);
  assert.match(await page.getAttribute(".limit canvas", "aria-label"), /at 0\.1 by 0\.9 and 0\.7\. Above 0\.66667 one of them is larger than 1\./);
  assert.equal(await page.locator(".derivation math").count(), 2);
  assert.equal(await page.locator(".steps tr").count(), 1 + 12 + 2);
  await lab.shot(page, "descend");
  assert.deepEqual(lab.requests.filter((url) => !url.startsWith(lab.address)), []);
  assert.deepEqual(lab.problems, []);
  await page.close();
});

test("the start is dragged and moved by keys, and the link has the state", async () => {
  const page = await opened("");
  await drawn(page);
  const before = await page.inputValue("[name=start]");
  const box = await page.locator(".plane").boundingBox();
  await page.mouse.move(box.x + box.width / 4, box.y + box.height / 4);
  await page.mouse.down();
  for (let i = 1; i <= 20; i++) await page.mouse.move(box.x + box.width / 4 + 4 * i, box.y + box.height / 4 + 2 * i);
  await page.mouse.up();
  const dragged = await page.inputValue("[name=start]");
  assert.notEqual(dragged, before);
  await page.focus(".plane");
  await page.keyboard.press("ArrowRight");
  const moved = await page.inputValue("[name=start]");
  assert.ok(Number(moved.split(",")[0]) > Number(dragged.split(",")[0]));
  await explained(page);
  const picture = await page.evaluate(() => document.querySelector(".plane").toDataURL());
  const other = await opened(new URL(page.url()).hash);
  await explained(other);
  assert.equal(await other.inputValue("[name=start]"), moved);
  assert.equal(await other.evaluate(() => document.querySelector(".plane").toDataURL()), picture);
  await page.close();
  await other.close();
});

test("what is copied as Python runs, and comes to the same points to the bit", async () => {
  const page = await opened("#1/descend?steps=20&rate=0.15");
  await drawn(page);
  const program = `${await page.textContent(".program code")}\nimport json; print("POINTS", json.dumps([list(map(float, point)) for point in trace.points]))`;
  const points = JSON.parse(/POINTS (.*)/.exec(execFileSync(python, ["-c", program], { encoding: "utf8" }))[1]);
  assert.deepEqual(await way(page), points);
  await page.close();
});

test("what is no formula is told, and the next one works", async () => {
  const page = await opened("");
  await drawn(page);
  await page.fill("[name=f]", "x**2 +");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".wrong").textContent);
  assert.match(await page.textContent(".wrong"), /not an expression/);
  await page.fill("[name=f]", "sin(x) + cos(y)");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".derivation").textContent.includes("cos") && document.querySelector(".bend").textContent.includes("at (3, 9)"));
  assert.equal(await page.textContent(".wrong"), "");
  await page.close();
});

test("what may be meant otherwise, what bends nowhere, and what was wrong with a link stay in words", async () => {
  const page = await opened("#1/descend?steps=3");
  await explained(page);
  await page.evaluate(() => (location.hash = "#1/descend?f=max(x,y)%2Babs(x-2)&start=2,2&rate=fast"));
  await page.waitForFunction(() => document.querySelector(".bend").textContent.startsWith("Step 0: at (2, 2) a part of the function changes"));
  assert.match(await page.textContent("#complaints"), /^rate is a number .* it is 0\.1 here$/);
  await page.fill("[name=f]", "log(x) + y");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".derivation").textContent.includes("log"));
  assert.equal(await page.textContent("#complaints"), "");
  await page.fill("[name=start]", "0.5,0");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("output").textContent.includes("no longer finite"));
  const lost = await page.evaluate(() => /** @type {any} */ (document.querySelector("gradlab-descend")).ways[0].steps.find(({ value }) => !Number.isFinite(value)));
  assert.ok(lost.slope.every(Number.isNaN));
  await page.fill("[name=f]", "x*e**(-x**2)");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".wrong").textContent.includes("write exp(1) for Euler's number"));
  await page.fill("[name=f]", "x*exp(y)");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".wrong").textContent === "");
  await page.close();
});

test("a link that is followed while an answer comes is not lost", async () => {
  const page = await opened("#1/descend?steps=3");
  await drawn(page);
  await page.evaluate(() => {
    location.hash = "#1/derive?by=c";
    /** @type {any} */ (document.querySelector("gradlab-descend")).keep({ rate: 0.2 });
  });
  await page.waitForSelector("gradlab-derive");
  assert.equal(new URL(page.url()).hash, "#1/derive?by=c");
  await page.close();
});

test("several rules go down side by side, with how the function bends where the first one is, and Python finds the same", async () => {
  const page = await opened("#1/descend?f=(1-x)**2%2B5*(y-x**2)**2&start=-0.5,0.75&view=0,0.5,3&rate=0.02&at=4");
  await explained(page);
  await page.check("[name=rule][value=adam]");
  await page.check("[name=rule][value=momentum]");
  await page.waitForFunction(() => document.querySelectorAll(".ends tr").length === 4);
  assert.deepEqual(await page.locator(".ends td:first-child").allTextContents(), ["Adam", "gradient descent", "momentum"]);
  assert.equal(new URLSearchParams(new URL(page.url()).hash.split("?")[1]).get("rule").split(",").length, 3);
  const said = await page.textContent(".bend");
  const [, point, low, high] = /^Step 4, where .+ is: at \((.*)\) the curvatures, the eigenvalues of the Hessian, are ([-\d.]+) along .* and ([-\d.]+) along/.exec(said);
  await lab.shot(page, "descend-rules");
  const program = `${await page.textContent(".program code")}\nimport json; print("BENT", json.dumps(curvatures.tolist()))`;
  const bent = JSON.parse(/BENT (.*)/.exec(execFileSync(python, ["-c", program], { encoding: "utf8" }))[1]);
  [low, high].forEach((each, i) => assert.ok(Math.abs(Number(each) / bent[i] - 1) < 1e-4, `${said} ${bent}`));
  assert.deepEqual(point.split(", ").map(Number), (await way(page))[4].map((x) => Number(x.toPrecision(5))));
  await page.click("[data-do=play]");
  await page.waitForFunction(() => document.querySelector(".laboratory [name=at]").value > 5);
  await page.click("[data-do=reset]");
  assert.match(await page.textContent(".bend"), /^Step 0, where .* at \(-0\.5, 0\.75\)/);
  for (const name of ["adam", "momentum"]) await page.uncheck(`[name=rule][value=${name}]`);
  await page.click("[name=rule][value=gradient_descent]");
  await page.waitForFunction(() => document.querySelector("gradlab-descend").ways.length === 1); // the answer before it has come
  assert.match(await page.textContent(".wrong"), /rule: write one or several of/);
  assert.deepEqual(lab.problems, []);
  await page.close();
});

test("the first steps are exact, and what follows is said to be rounded", async () => {
  const page = await opened("#1/descend?start=3,0.5&rate=0.25");
  await page.waitForFunction(() => document.querySelector(".steps").textContent.includes("/"));
  const rows = await page.locator(".steps tr").evaluateAll((lines) => lines.map((line) => Array.from(line.cells, (cell) => cell.textContent)));
  assert.deepEqual(rows.slice(1, 4).map((cells) => cells.slice(0, 4)), [["0", "3", "1/2", "31/4"], ["1", "37/8", "1", "-111/64"], ["2", "89/16", "53/32", "-6429/1024"]]);
  assert.match(rows.at(-1)[1], /^≈ 7\.99/);
  for (const [field, value] of [["[name=start]", "1/3,-2/7"], ["[data-beside=rate]", "1/12"]]) {
    await page.fill(field, value);
    await page.keyboard.press("Enter");
    assert.equal(await page.inputValue(field), value);
  }
  await page.waitForFunction(() => document.querySelector(".steps").textContent.includes("-2/7"));
  assert.match(new URL(page.url()).hash, /start=1%2F3%2C-2%2F7&rate=1%2F12/);
  await page.fill("[name=f]", "sin(x) + y**2");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".derivation").textContent.includes("sin") && !document.querySelector(".steps").textContent.includes("≈"));
  await page.close();
});

test("a rate is written beside its range, and what is typed is followed where it leads", async () => {
  const page = await opened("");
  await explained(page);
  await page.fill("[data-beside=rate]", "0.7");
  await page.keyboard.press("Enter");
  assert.match(await page.textContent("output"), /^Rate 0\.7\..* the value rose from 63 to .* this rate is above it\. Each step .* along the flat direction by 0\.3, along the steep one by 1\.1, to the other side of it\. The picture does not show all of the way, which leaves it with step \d+\.$/);
  await page.click("[data-fit]");
  assert.doesNotMatch(await page.textContent("output"), /does not show/);
  await page.fill("[data-beside=rate]", "quick");
  await page.keyboard.press("Enter");
  assert.match(await page.textContent(".wrong"), /rate: write a number/);
  await page.fill("[data-beside=rate]", "0.1");
  await page.keyboard.press("Enter");
  const before = await page.evaluate(() => document.querySelector("gradlab-descend").state.view);
  await page.fill("[name=f]", "(x - 4000)**2 + (y + 2000)**2");
  await page.keyboard.press("Enter");
  await page.waitForFunction((view) => document.querySelector("gradlab-descend").state.view.join() !== view.join(), before);
  assert.doesNotMatch(await page.textContent("output"), /does not show/);
  const other = await opened("#1/descend?f=x**2%2B3*y**2&rate=0.3");
  await drawn(other, 2);
  assert.doesNotMatch(await other.textContent("output"), /does not show/);
  await other.close();
  await page.selectOption("[name=example]", { label: "Rosenbrock's valley" });
  await page.waitForFunction(() => document.querySelector("output").textContent.startsWith("Rate 0.001."));
  assert.equal(await page.inputValue("[data-beside=rate]"), "0.001");
  await page.close();
});

test("formulas stand in the page's own font, with brackets as high as what is in them", async () => {
  const page = await opened("");
  await page.waitForSelector(".hessian math");
  await page.evaluate(() => document.fonts.ready);
  const [bracket, matrix] = await page.evaluate(() => ["mo", "mtable"].map((name) => [...document.querySelectorAll(`.hessian ${name}`)].filter((each) => name !== "mo" || each.textContent === "(")[0].getBoundingClientRect().height));
  assert.ok(bracket > 0.9 * matrix, `${bracket} ${matrix}`);
  await page.close();
});

test("on a phone every view shows its picture before one scrolls", async () => {
  for (const view of ["descend", "derive", "train", "boundary"]) {
    const page = await opened(`#1/${view}?${view === "train" ? "tries=4" : ""}`, { viewport: { width: 390, height: 844 } });
    await lab.drawn(page, view);
    const { y, height } = await page.locator("main canvas, main svg").first().boundingBox();
    assert.ok(y + 0.8 * height < 844, `${view}: ${y} ${height}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), view);
    await page.close();
  }
});

test("hostile links are told apart and never a blank page", async () => {
  await lab.eachOf(["#1/descend?f=<script>alert(1)</script>&rate=NaN&start=1&steps=-4&x=1", "#9/nothing", "#%", "#1/descend?rate=1e99", `#1/descend?f=${"x".repeat(5000)}`], async (page) => {
    await page.waitForSelector("canvas");
    assert.match(await page.textContent("#complaints, .wrong"), /./s);
  });
});

test("a locked view in a frame shows no way to another one, and a link to one is refused in words", async () => {
  const page = await opened("?locked#1/descend?rate=0.3");
  await drawn(page);
  assert.equal(await page.locator("header").isVisible(), false);
  await page.evaluate(() => (location.hash = "#1/train"));
  await page.waitForFunction(() => document.querySelector("#complaints").textContent.includes("there is no view “train”; here is descend"));
  assert.equal(await page.locator("gradlab-descend").count(), 1);
  await page.close();
});

test("on a phone nothing is wider than the screen, and the dark picture is drawn", async () => {
  const page = await opened("#1/descend?rule=adam&rate=0.5", { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  await drawn(page);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await lab.shot(page, "descend-phone");
  await page.close();
});
