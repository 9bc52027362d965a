/** What the panels build their parts of the page of, beside `el` and `icon` of the shell. */

import { el } from "../../shell/dom.js";
import { icon } from "../../shell/icons.js";

/**
 * A button that says what it does.
 *
 * @param {string} label
 * @param {(event: Event) => void} run
 * @param {object} [given] attributes
 * @returns {HTMLButtonElement}
 */
export function button(label, run, given = {}) {
  return el("button", { type: "button", onclick: run, ...given }, label);
}

/**
 * A button that shows an icon only; its label is its accessible name and its tooltip.
 *
 * @param {string} name of the icon
 * @param {string} label
 * @param {(event: Event) => void} run
 * @param {object} [given] attributes
 * @returns {HTMLButtonElement}
 */
export function iconButton(name, label, run, given = {}) {
  const shown = { class: "icon-button", "aria-label": label, title: label, ...given };
  return el("button", { type: "button", onclick: run, ...shown }, icon(name));
}

/**
 * A picture that says nothing to screen readers, since what it shows is said beside it.
 *
 * @param {object} [given] attributes
 * @returns {HTMLImageElement}
 */
export function image(given = {}) {
  const made = el("img", { draggable: "false", decoding: "async", ...given });
  made.alt = given.alt ?? "";
  return made;
}

let numbered = 0;

/** @param {string} prefix @returns {string} an id that the page has not got yet */
export function newId(prefix) {
  numbered += 1;
  return `panels-${prefix}-${numbered}`;
}

/**
 * A field with its label above it.
 *
 * @param {string} label
 * @param {HTMLElement} control
 * @param {string} [hint] said below it, and read with it
 * @returns {HTMLElement}
 */
export function field(label, control, hint) {
  control.id ||= newId("field");
  const said = hint && el("small", { id: `${control.id}-hint` }, hint);
  if (said) control.setAttribute("aria-describedby", said.id);
  return el("div", { class: "labelled" }, el("label", { for: control.id }, label), control, said);
}

/** @param {number} count @returns {string} e.g. "3,583" */
export function grouped(count) {
  return count.toLocaleString("en-GB");
}

/** @param {number} count @param {string} one @param {string} [many] @returns {string} e.g. "1 layer", "2 layers" */
export function counted(count, one, many = `${one}s`) {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/**
 * Calls a function once calls have paused.
 *
 * @param {number} pause milliseconds
 * @param {Function} run
 * @returns {Function} with `now()`, which does not wait, and `cancel()`
 */
export function debounced(pause, run) {
  let timer = 0;
  const later = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(run, pause, ...given);
  };
  later.cancel = () => clearTimeout(timer);
  later.now = (...given) => {
    clearTimeout(timer);
    return run(...given);
  };
  return later;
}
