// Derive in Debian's Chromium, as a person uses it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import { close, laboratory, python } from "../browser.mjs";

const lab = await laboratory();
const { opened } = lab;
after(close);

const drawn = (page, least) => lab.drawn(page, "derive", least);
const words = (page) => page.textContent("output");
const lit = (page) => page.evaluate(() => document.querySelectorAll(".diagram line[data-lit]").length);

/** Write a line and wait for what the prover says. */
async function judge(page, line) {
  const before = await page.evaluate(() => Number(document.querySelector("gradlab-derive").dataset.judged ?? 0));
  await page.fill("[name=line]", line);
  await page.keyboard.press("Enter");
  await page.waitForFunction((n) => Number(document.querySelector("gradlab-derive").dataset.judged ?? 0) > n, before);
  return page.textContent(".verdict");
}

test("a weight that is clicked is derived, with its path lit and its numbers, and no other server is asked", async () => {
  const page = await opened("#1/derive", { fresh: true });
  await drawn(page);
  assert.match(await words(page), /One path leads from w_12 to the loss: dL\/dw_12 = \(f_out - y\)\*u_2\*\(1 - z_2out\*\*2\)\*x_1\. At this point the loss is [\d.]+ and the derivative is -?[\d.]+\./);
  assert.equal(await lit(page), 3); // w_12, u_2, and from the output to the loss
  await lab.shot(page, "derive");
  await page.locator(".diagram [data-name=u_1]").focus();
  await page.keyboard.press("Enter");
  await drawn(page, 2);
  assert.match(await words(page), /dL\/du_1 = \(f_out - y\)\*z_1out\./);
  assert.match(new URL(page.url()).hash, /by=u_1/);
  assert.equal(await lit(page), 2);
  const [x, y] = await page.evaluate(() => {
    const line = document.querySelector(".handle[data-name=w_21]");
    const { a, d, e, f } = line.getScreenCTM(); // a quarter of the way, where no other line runs
    const at = (from, to) => 0.75 * Number(line.getAttribute(from)) + 0.25 * Number(line.getAttribute(to));
    return [a * at("x1", "x2") + e, d * at("y1", "y2") + f];
  });
  await page.mouse.click(x, y);
  await drawn(page, 3);
  assert.match(await words(page), /dL\/dw_21 = /);
  assert.deepEqual(lab.requests.filter((url) => !url.startsWith(lab.address)), []);
  assert.deepEqual(lab.problems, []);
  await page.close();
});

test("lines are judged, with a hint, and what is not understood with its reason", async () => {
  const page = await opened("#1/derive");
  await drawn(page);
  assert.match(await judge(page, "(f_out - y)*u_2*(1 - z_2out^2)*x_1"), /^dL\/dw_12: right$/);
  assert.match(await judge(page, String.raw`(y - f_{out}) u_2 (1 - z_{2,out}^2) x_1`), /: wrong\na sign is wrong\nwhat to do: follow the hint/);
  assert.match(await judge(page, "nonsense"), /not understood\nline 1, column 1: there is no quantity 'nonsense'/);
  await lab.shot(page, "derive-judged");
  assert.match(await judge(page, "dL/dw_12 = (f_out - y)*u_2*(1 - z_2out**2)*x_1"), /: right$/);
  assert.match(await judge(page, "dL/dw_12 = dL/dz_2in*x_1"), /: not finished/);
  const value = /the derivative is (-?[\d.]+)\./.exec(await words(page))[1];
  assert.match(await judge(page, value), /not judged\nat this point your line has the value/);
  assert.match(await judge(page, "abs(f_out - y)*u_2*x_1"), /: wrong/); // whole numbers with many digits are written on the way
  await page.fill("[name=line]", "");
  await page.keyboard.press("Enter");
  assert.equal(await page.textContent(".verdict"), "");
  for (const line of [String.raw`\sum_{k=1}^2 x_k`, String.raw`\binom{3}{2} x_1`, String.raw`\min(x_1, x_2)`, String.raw`x_1 \cdot \mathbb{1}[z_{1,in} > 0]`]) {
    assert.doesNotMatch(await judge(page, line), /itself failed|mistake of the page/);
  }
  await judge(page, "nonsense");
  assert.deepEqual(lab.problems, []);
  const link = await opened(new URL(page.url()).hash);
  await link.waitForFunction(() => document.querySelector(".verdict").textContent.includes("not understood"));
  await link.close();
  const wide = await opened("#1/derive?sizes=2,2,3&loss=softmax_cross_entropy");
  await drawn(wide);
  assert.equal(await wide.inputValue("[name=y]"), "1,0,0");
  assert.match(await words(wide), /At this point the loss is/);
  await wide.close();
  await page.close();
});

test("the derivation is hidden for whoever wants to find it, and judging is stopped", async () => {
  const page = await opened("#1/derive?derivation=hidden");
  await drawn(page);
  assert.equal(await page.isVisible(".derivation"), false);
  assert.doesNotMatch(await words(page), /f_out/);
  await page.fill("[name=line]", "(f_out - y)*u_2*(1 - z_2out^2)*x_1");
  await page.evaluate(() => { // at once: no prover is so quick
    document.querySelector("[name=line]").dispatchEvent(new Event("change", { bubbles: true }));
    document.querySelector("[data-do=stop]:not([hidden])").click();
  });
  await page.waitForFunction(() => document.querySelector(".verdict").textContent.includes("This was stopped."));
  assert.equal(await page.isVisible("[data-do=stop]"), false);
  await page.selectOption("[name=derivation]", "shown");
  await drawn(page, 2);
  assert.equal(await page.isVisible(".derivation"), true);
  assert.match(await words(page), /dL\/dw_12 = \(f_out - y\)/);
  await page.close();
});

test("a Python that ends while it answers is told, and the next question starts another", async () => {
  const page = await opened("#1/derive", { fresh: true });
  await drawn(page);
  const verdict = (said) => page.waitForFunction((text) => document.querySelector(".verdict").textContent.includes(text), said);
  const judge = async (line) => {
    await page.fill("[name=line]", line);
    await page.keyboard.press("Enter");
  };
  await judge("x_1*(f_out - y)*u_2*(1 - z_2out**2)");
  await verdict("dL/dw_12: right");
  const [python] = page.workers().filter((worker) => worker.url().endsWith("python.js"));
  await python.evaluate(() => (self.onmessage = () => self.close())); // as a browser ends one: no error is heard of it
  await judge("x_1*(f_out - y)*u_2");
  await verdict("Python was lost (it ended). Try again: it starts anew.");
  assert.equal(await page.isVisible("[data-do=stop]"), false);
  await judge("x_1*(f_out - y)*u_2*(1 + z_2out**2)");
  await verdict("dL/dw_12: wrong");
  await page.close();
});

test("a deeper network is written over matrices, and what is copied as Python comes to the same numbers", async () => {
  const page = await opened("#1/derive?activation=relu&form=matrix");
  await drawn(page);
  await page.fill("[name=sizes]", "3,2,2,2");
  await page.keyboard.press("Enter");
  await drawn(page, 2);
  await page.selectOption("[name=loss]", "softmax_cross_entropy");
  await drawn(page, 3);
  assert.match(await words(page), /paths lead from w1_11 .* At this point/);
  assert.equal(await page.locator(".derivation math").count() >= 3, true);
  await page.fill("[name=y]", "0,1");
  await page.keyboard.press("Enter");
  await drawn(page, 4);
  const derivative = Number(/derivative is (\S+)\.$/.exec(await words(page))[1]);
  const program = `${await page.textContent(".program code")}\nprint("FOUND", float(net.named(gradient)["w1_11"]))`;
  const found = Number(/FOUND (.*)/.exec(execFileSync(python, ["-c", program], { encoding: "utf8" }))[1]);
  assert.ok(Math.abs(found - derivative) <= 1e-4 * Math.abs(found), `${found} ${derivative}`);
  await page.close();
});

test("a prime is not raised twice, so that a derivative is not read as the function", async () => {
  const page = await opened("#1/derive");
  await page.waitForSelector(".derivation math");
  const [prime, letter] = await page.evaluate(() => ["mo", "mi"].map((name) => getComputedStyle([...document.querySelectorAll(`.derivation mrow > ${name}`)].find((each) => each.textContent === (name === "mo" ? "′" : "σ"))).fontSize));
  assert.equal(prime, letter);
  assert.equal(await page.locator(".derivation msup > mo:last-child").count(), 0);
  await page.close();
});

test("a link to a quantity that the network has not is answered with the first weight, and says so", async () => {
  const page = await opened("#1/derive?sizes=3,2,1&by=w_77&x=1,2,3");
  await page.waitForFunction(() => document.querySelector(".wrong").textContent.includes("here is w_11"));
  await page.waitForSelector(".derivation math");
  assert.match(await page.textContent(".wrong"), /there is no quantity 'w_77'/);
  assert.equal(await page.inputValue("[name=by]"), "w_11");
  await page.close();
});

test("hostile links are told apart, and the dark picture fits on a phone", async () => {
  await lab.eachOf(["#1/derive?sizes=9&by=<b>", "#1/derive?sizes=2", "#1/derive?by=nothing", "#1/derive?x=1,2,3", "#1/derive?weights=NaN"], async (page) => {
    await drawn(page);
    assert.match(await page.textContent("#complaints") + await page.textContent(".wrong"), /./);
  });
  const page = await opened("#1/derive", { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  await drawn(page);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await lab.shot(page, "derive-phone");
  await page.close();
});
