// A view in a notebook: the page's own modules, with the Python that runs there as the engine.
import { CSS } from "./styles.mjs";
import { setDark } from "./drawing/colours.mjs";
import { readHash, writeHash } from "./state.mjs";
import { VIEWS } from "./views/all.mjs";

/** Whether the notebook is dark: JupyterLab, VS Code and Colab each say it in their own way; undefined where none does. */
function notebookIsDark() {
  const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
  if (jpThemeLight !== undefined) return jpThemeLight === "false";
  if (vscodeThemeKind !== undefined) return /dark|high-contrast$/.test(vscodeThemeKind);
  const theme = document.documentElement.getAttribute("theme");
  return theme === null ? undefined : theme === "dark";
}

/** Questions to the notebook's Python and its answers, in order of their numbers. */
function engineOf(model) {
  const open = new Map();
  const mine = crypto.randomUUID(); // several pictures of one widget share its messages
  let asked = 0;
  const hear = ({ asker, number, answer, bytes }, buffers) => {
    if (asker !== mine) return;
    const made = bytes.map((name, i) => [name, new Uint8Array(buffers[i].buffer.slice(buffers[i].byteOffset, buffers[i].byteOffset + buffers[i].byteLength))]);
    open.get(number)?.({ ...answer, ...Object.fromEntries(made) });
    open.delete(number);
  };
  model.on("msg:custom", hear);
  const engine = (question, given) => new Promise((resolve) => {
    open.set(++asked, resolve);
    model.send({ asker: mine, number: asked, question, given });
  });
  return { engine, end: () => model.off("msg:custom", hear) };
}

function render({ model, el }) {
  const root = el.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];
  const isDark = notebookIsDark();
  setDark(isDark);
  if (isDark !== undefined) el.style.colorScheme = isDark ? "dark" : "light";
  const [complaint, place] = ["p", "main"].map((name) => root.appendChild(document.createElement(name)));
  Object.assign(complaint, { className: "wrong", role: "alert" });
  const { engine, end } = engineOf(model);
  const past = [];
  const future = [];
  let written;

  const open = () => {
    if (model.get("hash") === written) return;
    written = model.get("hash");
    const { view, state, complaints } = readHash(written, VIEWS);
    complaint.textContent = complaints.join("\n");
    const element = Object.assign(document.createElement(`gradlab-${view}`), { state, engine });
    element.addEventListener("state", (/** @type {CustomEvent} */ { detail }) => {
      if (detail.push) past.push(written), (future.length = 0);
      keep(writeHash(view, detail.state, VIEWS[view]));
    });
    element.addEventListener("go", (/** @type {CustomEvent} */ { detail }) => {
      const [from, to] = detail < 0 ? [past, future] : [future, past];
      if (!from.length) return;
      to.push(model.get("hash"));
      model.set("hash", from.pop());
      model.save_changes();
    });
    place.replaceChildren(element);
  };
  const keep = (hash) => {
    written = hash;
    model.set("hash", hash);
    model.save_changes();
  };
  model.on("change:hash", open);
  open();
  return () => {
    end();
    model.off("change:hash", open);
  };
}

export default { render };
