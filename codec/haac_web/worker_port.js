/** A connection to a worker: of the web, of Node, or to this thread where there are none. */

import { PaintJobs } from "./paint_jobs.js";

/**
 * @typedef {object} Port
 * @property {(order: Order) => void} post Sends a message.
 * @property {(alive: boolean) => void} keep Says whether a process of Node has to go on for the worker.
 * @property {() => void} stop Ends the worker, whatever it does.
 */

/**
 * Start a worker. Messages may be sent at once.
 *
 * A worker that cannot be started (a page may forbid workers) is replaced by this thread.
 *
 * @param {(answer: Answer) => void} onAnswer
 * @param {(error: Error) => void} onFailure The worker broke off after it had begun: what was sent is lost.
 * @returns {Port}
 */
export function startPort(onAnswer, onFailure) {
  const sent = [];
  let ready = false;
  let stopped = false;
  let alive = true;
  let port = null;
  const take = (answer) => {
    ready = true;
    sent.length = 0;
    if (!stopped) onAnswer(answer);
  };
  const fail = (error) => {
    if (stopped) return;
    if (ready) {
      stopped = true;
      onFailure(error);
      return;
    }
    port = hereOf(take);
    sent.forEach((order) => port.post(order));
    ready = true;
  };
  const start = (made) => {
    port = made;
    if (stopped) port.stop();
    port.keep(alive);
    sent.forEach((order) => port.post(order));
  };
  makePort(take, fail).then(start, fail);
  return {
    post(order) {
      if (!ready) sent.push(order);
      port?.post(order);
    },
    keep(wanted) {
      alive = wanted;
      port?.keep(wanted);
    },
    stop() {
      stopped = true;
      port?.stop();
    },
  };
}

async function makePort(take, fail) {
  return globalThis.Worker ? webPort(take, fail) : nodePort(take, fail);
}

function webPort(take, fail) {
  const worker = webWorker();
  worker.addEventListener("message", ({ data }) => take(data));
  worker.addEventListener("messageerror", () => fail(new Error("a message cannot be read")));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    fail(new Error(event.message || "it could not be started"));
  });
  return { post: (order) => worker.postMessage(order), keep() {}, stop: () => worker.terminate() };
}

function webWorker() {
  try {
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  } catch (error) {
    if (error.name !== "SecurityError") throw error;
    // These modules come from another server than the page: a script of its own may import them.
    const script = `import ${JSON.stringify(new URL("./worker.js", import.meta.url).href)};`;
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    return new Worker(url, { type: "module" });
  }
}

async function nodePort(take, fail) {
  const { Worker } = await import("node:worker_threads");
  // Without the options of this process: after `node --input-type=module --eval`, no worker would start.
  const worker = new Worker(new URL("./worker.js", import.meta.url), { execArgv: [] });
  worker.on("message", take);
  worker.on("error", fail);
  return {
    post: (order) => worker.postMessage(order),
    keep: (alive) => (alive ? worker.ref() : worker.unref()),
    stop: () => worker.terminate(),
  };
}

/** This thread. */
function hereOf(take) {
  const jobs = new PaintJobs((answer) => queueMicrotask(() => take(answer)));
  return { post: (order) => setTimeout(() => jobs.take(order), 0), keep() {}, stop() {} };
}
