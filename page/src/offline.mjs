// Keeps the page for when there is no network, and tells of a version that is newer than the one that is shown.

import { file } from "./files.mjs";

const QUIET = 3000; // milliseconds after loading: what is kept is fetched behind what is needed now

/** @param {(use: () => void) => void} tell is called when a newer version is there, with what puts it in place */
export function keepForOffline(tell) {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return; // a host without TLS, or a frame that may keep nothing: the page works online all the same
  const first = !serviceWorker.controller;
  let using = false;
  serviceWorker.addEventListener("controllerchange", () => !first && using && location.reload());
  const waiting = ({ waiting: newer }) => newer && tell(() => ((using = true), newer.postMessage("replace")));
  const watch = (registration) => {
    const { installing } = registration;
    installing?.addEventListener("statechange", () => installing.state === "installed" && registration.active && waiting(registration));
  };
  const begin = async () => {
    const registration = await serviceWorker.register(file("offline.js"));
    if (!first) waiting(registration);
    watch(registration); // the browser may have found the newer version before it was asked
    registration.addEventListener("updatefound", () => watch(registration));
  };
  const ready = () => setTimeout(() => begin().catch((problem) => console.info(`The page is not kept for offline: ${problem.message}`)), QUIET);
  if (document.readyState === "complete") ready();
  else addEventListener("load", ready);
}
