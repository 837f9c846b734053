// The built page, served, in Debian's Chromium: what the tests of all views need.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const pictures = path.join(root, "build/page-pictures");
export const python = process.env.PYTHON ?? "python3";
export const PATIENCE = 300_000; // milliseconds that end a hang and nothing else: the other tests have the processors too

export const built = path.join(root, "build/page");

/** A server of a folder, by gradlab itself. */
export async function served(folder, port = 0) {
  const server = spawn(python, ["-m", "gradlab", "play", "--site", folder, "--port", String(port), "--no-browser"], { cwd: root });
  const address = await new Promise((resolve, reject) => {
    let said = "";
    server.stdout.on("data", (data) => {
      said += data;
      const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said);
      if (found) resolve(found[0]);
    });
    server.stderr.on("data", (data) => (said += data));
    server.on("exit", () => reject(new Error(`the server ended: ${said}`)));
  });
  const close = () => new Promise((resolve) => (server.on("exit", resolve), server.kill()));
  return { address, close };
}

const IDLE = "#1/descend?steps=0"; // where a page waits for the next test: it computes nothing there

/** @type {ReturnType<typeof begun> | undefined} of all tests of this process: to start them takes as long as some tests */
let shared;

/**
 * A server and a browser, and what went wrong in its pages.
 * @param {{thrifty?: boolean}} how by default pages are told to save data: Python starts when it is needed, and does not practise
 */
export const laboratory = ({ thrifty = true } = {}) => (shared ??= begun(thrifty));

/** End both. */
export async function close() {
  const lab = await shared;
  shared = undefined;
  await lab?.end();
}

async function begun(thrifty) {
  fs.mkdirSync(pictures, { recursive: true });
  const server = await served(built);
  const { address } = server;
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    timeout: PATIENCE,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-component-update"],
  });
  const requests = [];
  const problems = [];
  /** @type {any[]} */
  const idle = [];

  async function made(touch = false) {
    const page = await browser.newPage(touch ? { hasTouch: true, isMobile: true } : {});
    page.setDefaultTimeout(PATIENCE);
    await page.addInitScript((saveData) => {
      delete Navigator.prototype.serviceWorker;
      Object.defineProperty(navigator.connection, "saveData", { value: saveData });
    }, thrifty);
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    // A page that is closed, or gives up what it computes, gives up what it fetches for that.
    page.on("requestfailed", (request) => request.failure().errorText === "net::ERR_ABORTED" || problems.push(`failed: ${request.url()}`));
    return page;
  }

  /** Follow a link within a page: nothing of the view before is left. */
  async function follow(page, hash) {
    await page.evaluate((next) => {
      document.querySelector("#view").firstElementChild.dataset.old = "";
      location.hash = next;
    }, hash);
    await page.waitForSelector("#view > :not([data-old])", { state: "attached" });
  }

  /**
   * A page at a hash. One that another test has closed is used again, as a person goes from link to link: its Python is there
   * already. A fresh one is loaded for it, and kept for no other.
   */
  async function opened(hash, { touch = false, fresh = touch || hash.startsWith("?"), viewport = { width: 1280, height: 800 }, colorScheme = "light" } = {}) {
    const used = fresh ? undefined : idle.pop();
    const page = used ?? (await made(touch));
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    if (used) await follow(page, hash);
    else await page.goto(address + hash);
    if (!fresh && !used) {
      page.close = async () => {
        await follow(page, IDLE);
        idle.push(page);
      };
    }
    return page;
  }

  /** Each of some hashes in turn. */
  async function eachOf(hashes, look) {
    for (const hash of hashes) {
      const page = await opened(hash);
      await look(page, hash);
      await page.close();
    }
  }

  return {
    browser, opened, eachOf, requests, problems, address,
    shot: (page, name) => page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true }),
    /** A view has drawn so many pictures. */
    drawn: (page, view, least = 1) =>
      page.waitForFunction(([name, n]) => Number(document.querySelector(`gradlab-${name}`)?.dataset.drawn ?? 0) >= n, [view, least]),
    async end() {
      await browser.close();
      await server.close();
    },
  };
}
