/** Small helpers for building the panels' DOM. */

/**
 * Makes an element.
 *
 * @param {string} tag
 * @param {object} [given] `text`; `on<event>` listeners; attributes, of which `true` sets an empty one and null, undefined
 *   and false set none
 * @param {...(Node|string|null|false)} children
 * @returns {HTMLElement}
 */
export function make(tag, given = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/**
 * A button.
 *
 * @param {string} label what it says
 * @param {(event: Event) => void} run
 * @param {object} [given] attributes
 * @returns {HTMLButtonElement}
 */
export function button(label, run, given = {}) {
  return make("button", { type: "button", class: "button", onclick: run, ...given }, label);
}

/** An icon of the panels' own set: paths in a box of 16 by 16, stroked. */
const ICONS = {
  add: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M6 6h7v7H6zM3 10V3h7",
  like: "M6.5 11a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9zM9.8 9.8L14 14",
  region: "M2 5V2h3M11 2h3v3M14 11v3h-3M5 14H2v-3",
  drop: "M8 2v8M4.5 6.5L8 10l3.5-3.5M2.5 13.5h11",
  photo: "M2 3h12v10H2zM2 11l4-4 3 3 2-2 3 3M10.5 6.2v.1",
  warn: "M8 2L1.5 13.5h13zM8 6.5v3.2M8 11.7v.1",
  undo: "M5 3L2 6l3 3M2 6h7.5a4 4 0 0 1 0 8H6",
  keep: "M3 8.5l3.5 3.5L13 4.5",
};

/** @param {keyof typeof ICONS} name @returns {SVGElement} an icon, hidden from assistive technology */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", class: "p-icon", "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows only an icon; its label is its accessible name and its tooltip. */
export function iconButton(name, label, run, given = {}) {
  return make("button", { type: "button", class: "icon-button", onclick: run, "aria-label": label, title: label, ...given },
    icon(name));
}

let numbered = 0;

/** @param {string} prefix @returns {string} an id that the page has not got yet */
export function newId(prefix) {
  numbered += 1;
  return `${prefix}-${numbered}`;
}

/**
 * A labelled field.
 *
 * @param {string} label
 * @param {HTMLElement} control
 * @param {string} [hint] said below it, and read with it
 * @returns {HTMLElement}
 */
export function field(label, control, hint) {
  control.id ||= newId("field");
  const said = hint && make("small", { class: "p-hint", id: `${control.id}-hint`, text: hint });
  if (said) control.setAttribute("aria-describedby", said.id);
  return make("div", { class: "p-field" }, make("label", { for: control.id, text: label }), control, said);
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
 * @returns {Function} has `now()`, which does not wait, and `cancel()`
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
    run(...given);
  };
  return later;
}
