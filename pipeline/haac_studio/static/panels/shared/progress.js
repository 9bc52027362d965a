/** A job's progress with a button that cancels it. */

import { isAbort } from "../../api.js";
import { runJob } from "../../jobs.js";
import { el } from "../../shell/dom.js";
import { button } from "./dom.js";

/**
 * A place where one job at a time shows how far it is.
 *
 * @param {object} app the editor's
 * @returns {{root: HTMLElement, busy: boolean, run: (label: string, start: () => Promise<string>) =>
 *   Promise<object|null>, cancel: () => void, say: (text: string) => void, fail: (error: Error) => void}} `run` gives
 *   the job's result, or null if it failed (the message is shown) or was cancelled
 */
export function progressArea(app) {
  const bar = el("progress", { max: 1 });
  const text = el("span", { class: "progress-text" });
  const message = el("p", { class: "progress-message", role: "status", hidden: true });
  let control = null;
  const head = el("div", { class: "progress-head" }, text, button("Cancel", () => place.cancel()));
  const row = el("div", { class: "progress-row", hidden: true }, head, bar);
  const place = {
    root: el("div", { class: "progress-area" }, row, message),
    busy: false,
    cancel() {
      control?.abort();
    },
    say(said, bad = false) {
      message.hidden = !said;
      message.textContent = said;
      message.classList.toggle("bad", bad);
    },
    fail(error) {
      place.say(error.message, true);
      app.announce(error.message);
    },
    async run(label, start) {
      if (place.busy) return null;
      place.busy = true;
      place.say("");
      control = new AbortController();
      bar.removeAttribute("value");
      bar.setAttribute("aria-label", label);
      text.textContent = `${label} …`;
      row.hidden = false;
      try {
        const onProgress = (progress) => show(label, progress);
        return await runJob(app.api, start, { signal: control.signal, onProgress });
      } catch (error) {
        if (isAbort(error)) place.say(`${label}: cancelled`);
        else place.fail(error);
        return null;
      } finally {
        row.hidden = true;
        place.busy = false;
      }
    },
  };
  const show = (label, { done, total, text: said }) => {
    text.textContent = said || label;
    if (total > 0) bar.value = Math.min(1, done / total);
    else bar.removeAttribute("value");
  };
  return place;
}
