/** Jobs of the server that take a while: progress through server-sent events, and cancelling. */

import { ApiError } from "./api.js";

const LOST = "The connection to the job was lost: look whether `haac studio` still runs, then start it again";
const ATTEMPTS = 5;

/**
 * Follows a job until it ends.
 * @param {import("./api.js").Api} api
 * @param {string} job its id
 * @param {{onProgress?: (progress: {done: number, total: number, text: string}) => void,
 *     signal?: AbortSignal}} [options] total is 0 where it is not known. When the signal aborts, the job is cancelled.
 * @returns {Promise<object>} the job's result
 * @throws {ApiError} with what went wrong; {DOMException} AbortError when cancelled
 */
export function follow(api, job, { onProgress, signal } = {}) {
  return new Promise((resolve, reject) => {
    const events = new EventSource(api.eventsUrl(job));
    let failures = 0;
    const end = (settle, value) => {
      events.close();
      signal?.removeEventListener("abort", cancel);
      settle(value);
    };
    const cancel = () => {
      api.cancelJob(job).catch(() => {}); // it may have ended meanwhile
      end(reject, new DOMException("cancelled", "AbortError"));
    };
    events.addEventListener("progress", event => {
      failures = 0;
      onProgress?.(JSON.parse(event.data));
    });
    events.addEventListener("result", event => end(resolve, JSON.parse(event.data)));
    events.addEventListener("error", event => {
      // The job's own failure has data; the browser's "error" only says that the connection broke.
      if (event.data !== undefined) end(reject, new ApiError(JSON.parse(event.data).error, 400));
      else if (events.readyState === EventSource.CLOSED || ++failures >= ATTEMPTS) end(reject, new ApiError(LOST, 0));
    });
    if (signal?.aborted) cancel();
    else signal?.addEventListener("abort", cancel);
  });
}

/**
 * Starts a job and follows it. Aborting before it has begun cancels it as well.
 * @param {import("./api.js").Api} api
 * @param {() => Promise<string>} start gives the job's id
 * @param {{onProgress?: (progress: object) => void, signal?: AbortSignal}} [options] as of `follow`
 * @returns {Promise<object>} the job's result
 */
export async function runJob(api, start, options = {}) {
  return follow(api, await start(), options);
}
