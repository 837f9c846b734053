// The page: which view is shown, and its state in the URL's hash.
import { keepForOffline } from "./offline.mjs";
import { readHash, writeHash } from "./state.mjs";
import { VIEWS } from "./views/all.mjs";

export { ask, askPython } from "./python.mjs";
export * as questions from "./questions.mjs";
export * as tables from "./tables.mjs";

const place = document.getElementById("view");
// In a course's page one view is shown, as by index.html?locked#1/descend: nothing in it leads to another one.
const locked = new URLSearchParams(location.search).has("locked");
document.querySelector("header").hidden = locked;
/** @type {Record<string, any>} */
let offered = VIEWS;
let written = null;

function complain(complaints) {
  const line = document.getElementById("complaints");
  line.hidden = !complaints.length;
  line.textContent = complaints.join("\n");
}

function open() {
  if (location.hash === written) return;
  written = location.hash;
  const { view, state, complaints } = readHash(location.hash, offered);
  if (locked) offered = { [view]: VIEWS[view] };
  complain(complaints);
  const links = Object.keys(VIEWS).map((name) => {
    const link = Object.assign(document.createElement("a"), { href: writeHash(name, {}, {}), textContent: name[0].toUpperCase() + name.slice(1) });
    if (name === view) link.setAttribute("aria-current", "page");
    return link;
  });
  document.getElementById("views").replaceChildren(...links);
  document.title = `gradlab: ${view[0].toUpperCase()}${view.slice(1)}`;
  const element = Object.assign(document.createElement(`gradlab-${view}`), { state });
  element.addEventListener("state", (/** @type {CustomEvent} */ { detail: { state: now, push } }) => {
    if (location.hash !== written) return; // a link was followed, and is opened next: this answer came too late
    history[push ? "pushState" : "replaceState"](null, "", writeHash(view, now, VIEWS[view]));
    written = location.hash;
  });
  element.addEventListener("go", (/** @type {CustomEvent} */ { detail }) => history.go(detail));
  place.replaceChildren(element);
}

// What was wrong with a link stays until somebody does something: views change their states by themselves too.
for (const act of ["change", "click", "keydown"]) place.addEventListener(act, () => complain([]));
addEventListener("hashchange", open);
open();

keepForOffline((use) => {
  const line = document.getElementById("newer");
  line.hidden = false;
  line.querySelector("button").addEventListener("click", use);
});
