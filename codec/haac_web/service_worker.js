/**
 * Makes a page with pictures work without network: an example to copy to the root of a site (docs/web.md).
 *
 * The page and the modules are kept in a cache; elements are in IndexedDB already, put there by Repository. Pages below
 * this file's address are controlled by it:
 *
 *     navigator.serviceWorker.register("/service_worker.js");
 */

const CACHE = "haac-page-1";
/** What the page needs, recipes too, relative to this file; modules that these import are found by themselves. */
const FILES = ["./", "./web/page/page.css", "./web/page/page.js"];
const IMPORTS = /(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"|new URL\(\s*"(\.[^"]+)",\s*import\.meta\.url/g;

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  const kinds = ["document", "script", "style", "worker", "image"];
  // What is published (head, log, packs) is none of these: whether it is new is the repository's business.
  const isPart = kinds.includes(request.destination) || /\.(haac|txt)$/.test(pathname);
  if (origin === self.location.origin && request.method === "GET" && isPart) event.respondWith(answer(request));
});

/** Fetch all files, and all that they import, into the cache: all of them, or none. */
async function keep() {
  const found = new Map();
  const queue = FILES.map((file) => new URL(file, self.location).href);
  while (queue.length > 0) {
    const url = queue.pop();
    if (found.has(url)) continue;
    const response = await fetch(url, { cache: "no-cache" });
    if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
    found.set(url, response.clone());
    if (!url.endsWith(".js")) continue;
    for (const [, one, other] of (await response.text()).matchAll(IMPORTS)) queue.push(new URL(one ?? other, url).href);
  }
  const cache = await caches.open(CACHE);
  for (const [url, response] of found) await cache.put(url, response);
}

/** What the network has; without it, what was kept. */
async function answer(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok && (await cache.match(request.url))) await cache.put(request.url, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request.url.replace(/#.*/, ""));
    if (kept) return kept;
    throw error;
  }
}
