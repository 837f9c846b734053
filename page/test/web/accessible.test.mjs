// What a screen reader can say and everybody can read: axe-core finds nothing serious in any view, light or dark.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { close, laboratory } from "../browser.mjs";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const lab = await laboratory();
after(close);

for (const [view, hash] of [["descend", ""], ["derive", "#1/derive"], ["train", "#1/train?tries=4&steps=20"], ["boundary", "#1/boundary?width=2&steps=4"]]) {
  test(`axe-core has no serious finding in ${view}, light and dark`, async () => {
    const page = await lab.opened(hash);
    await lab.drawn(page, view);
    await page.evaluate(axe);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      // Of all rules one alone looks at colours.
      const rules = colorScheme === "dark" ? { runOnly: ["color-contrast"] } : {};
      const { violations, passes } = await page.evaluate((chosen) => globalThis.axe.run(document, chosen), rules);
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      const said = serious.map(({ id, nodes }) => `${colorScheme}: ${id}: ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`).join("; ")}`);
      assert.deepEqual(said, []);
      assert.ok(passes.length > (colorScheme === "dark" ? 0 : 10), `${passes.length} rules were tried`);
    }
    await page.close();
  });
}
