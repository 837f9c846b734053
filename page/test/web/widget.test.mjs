// The views as a notebook shows them: a model with messages instead of the page's own Python.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { close, laboratory } from "../browser.mjs";

const lab = await laboratory();
after(close);

/** Show a view as a notebook does, with a model whose Python is the page's. */
async function shown({ script, hash, name }) {
  const [{ default: widget }, { askPython }] = await Promise.all([import(script), import("./main.js")]);
  const heard = { "msg:custom": new Set(), "change:hash": new Set() };
  const model = {
    hash, asked: [], heard,
    get: (key) => model[key],
    set(key, value) {
      model[key] = value;
      heard[`change:${key}`].forEach((each) => each());
    },
    save_changes() {},
    on: (what, each) => heard[what].add(each),
    off: (what, each) => heard[what].delete(each),
    async send({ asker, number, question, given }) {
      model.asked.push(question);
      const made = Object.entries(await askPython(question, given));
      const [bytes, plain] = [true, false].map((is) => made.filter(([, value]) => value instanceof Uint8Array === is));
      const buffers = bytes.map(([, value]) => new DataView(value.buffer, value.byteOffset, value.byteLength));
      heard["msg:custom"].forEach((each) => each({ asker, number, answer: Object.fromEntries(plain), bytes: bytes.map(([key]) => key) }, buffers));
    },
  };
  const el = document.body.appendChild(document.createElement("div"));
  model.end = widget.render({ model, el });
  model.view = () => el.shadowRoot.querySelector(`gradlab-${name}`);
  (window.models ??= []).push(model);
}

const drawn = (page, i, least = 1) => page.waitForFunction(([at, n]) => Number(window.models[at].view()?.dataset.drawn ?? 0) >= n, [i, least]);

test("views draw what the notebook's Python answers, their state goes both ways, and several stand side by side", async () => {
  const page = await lab.opened("#1/boundary?width=1&steps=1", { fresh: true });
  await page.evaluate(shown, { script: "./widget.js", hash: "#1/descend?steps=7", name: "descend" });
  await page.evaluate(shown, { script: "./widget.js?again", hash: "#1/derive?by=c", name: "derive" });
  await page.evaluate(shown, { script: "./widget.js?third", hash: "#1/boundary?width=2&steps=4", name: "boundary" });
  await drawn(page, 2);
  assert.match(await page.evaluate(() => window.models[2].view().querySelector("output").textContent), /% train/);
  await drawn(page, 0);
  await drawn(page, 1);
  await page.waitForFunction(() => window.models[0].asked.includes("exact"));
  const said = await page.evaluate(() => window.models.map((model) => [model.asked.toSorted().join(), model.view().querySelector("output").textContent]));
  assert.equal(said[0][0], "bent,derived,exact,surface,way");
  assert.match(said[0][1], /After 7 steps/);
  assert.equal(said[1][0], "chain,numbers");
  assert.match(said[1][1], /dL\/dc = f_out - y/);
  await page.evaluate(() => window.models[0].view().moveStart([1, 2]));
  assert.equal(await page.evaluate(() => window.models[0].hash), "#1/descend?start=1%2C2&steps=7");
  await page.evaluate(() => window.models[0].set("hash", "#1/descend?steps=3&nothing=1"));
  await drawn(page, 0);
  assert.match(await page.evaluate(() => window.models[0].view().getRootNode().textContent), /“nothing” means nothing to descend.*After 3 steps/s);
  assert.deepEqual(await page.evaluate(() => window.models.map((model) => (model.end(), model.heard["msg:custom"].size))), [0, 0, 0]);
  assert.deepEqual(lab.problems, []);
  await page.close();
});
