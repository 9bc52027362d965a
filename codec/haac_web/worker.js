/** The worker of a painter: a module worker in browsers, a worker thread in Node. `painter.js` starts it. */

import { PaintJobs } from "./paint_jobs.js";

if (globalThis.WorkerGlobalScope) {
  const jobs = new PaintJobs((answer, transfer) => globalThis.postMessage(answer, transfer));
  globalThis.addEventListener("message", ({ data }) => jobs.take(data));
  globalThis.postMessage({ type: "ready" });
} else {
  const { parentPort } = await import("node:worker_threads");
  const jobs = new PaintJobs((answer, transfer) => parentPort.postMessage(answer, transfer));
  parentPort.on("message", (order) => jobs.take(order));
  parentPort.postMessage({ type: "ready" });
}
