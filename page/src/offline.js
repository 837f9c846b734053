// The page without a network: the service worker that keeps every file of one version, as they were built together.
// The build puts VERSION and FILES in front, each file's name with the hash of what is in it.
/* global VERSION, FILES */

const MINE = `gradlab ${self.registration.scope} `; // other pages of the same host keep theirs
const NAME = MINE + VERSION;

/** All files of this version or none: one that a host has not replaced yet fails by its hash, and is tried again later. */
async function keep() {
  const cache = await caches.open(NAME);
  try {
    await cache.addAll(FILES.map(([name, integrity]) => new Request(name, { integrity, cache: "no-cache" })));
  } catch (problem) {
    await caches.delete(NAME);
    throw problem;
  }
}

/** What versions before this one have kept goes. */
async function replace() {
  const old = (await caches.keys()).filter((name) => name.startsWith(MINE) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function kept(request) {
  const cache = await caches.open(NAME);
  const asked = request.mode === "navigate" ? "index.html" : request;
  return (await cache.match(asked, { ignoreSearch: true })) ?? fetch(request);
}

const folder = new URL(self.registration.scope);
const known = new Set(["", ...FILES.map(([name]) => name)].map((name) => new URL(name, folder).href));

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(replace()));
self.addEventListener("message", ({ data }) => data === "replace" && self.skipWaiting());
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  url.search = url.hash = "";
  if (event.request.method === "GET" && known.has(url.href)) event.respondWith(kept(event.request));
});
