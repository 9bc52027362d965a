/**
 * The layers list: topmost first, as one sees them. An ARIA listbox with several selected options; one Tab stop, arrow
 * keys move within it.
 */

import { el, isTyping } from "../shell/dom.js";
import { icon } from "../shell/icons.js";
import { Reorder } from "./reorder.js";
import { Thumbnails } from "./thumbnails.js";

/** The list and what is around it. */
export class LayersList {
  #rows = new Map();
  #shown = [];
  #anchor = null;
  #active = null;

  /**
   * @param {HTMLElement} root
   * @param {import("../app.js").App} app
   */
  constructor(root, app) {
    this.app = app;
    this.document = app.document;
    this.thumbnails = new Thumbnails(app);
    this.names = app.names;
    this.element = el("ul", {
      class: "layers-list",
      role: "listbox",
      "aria-multiselectable": "true",
      "aria-label": "Layers, topmost first",
      tabindex: 0,
      onkeydown: (event) => this.#key(event),
      onfocus: () => this.#activate(this.#active ?? this.#shown[0]?.key ?? null),
    });
    this.empty = el("p", { class: "empty" }, "No layers yet. Choose an element on the left: Enter, a double click or dragging adds it.");
    this.background = el("button", {
      type: "button",
      class: "background-row",
      title: "Canvas and background",
      onclick: () => this.document.select([]),
    });
    root.append(this.empty, this.element, this.background);
    this.reorder = new Reorder(this);
    this.document.addEventListener("scene", () => this.#update());
    this.document.addEventListener("selection", () => this.#select());
    this.names.addEventListener("known", () => {
      for (const row of this.#rows.values()) if (!row.name.querySelector("input")) this.#fill(row, row.layer);
    });
    this.#update();
  }

  /** Rows as they stand: the topmost first. */
  get order() {
    return this.#shown.map((layer) => layer.key);
  }

  /** @param {string} key @returns {HTMLElement|undefined} */
  row(key) {
    return this.#rows.get(key)?.element;
  }

  #update() {
    const layers = this.document.scene.layers.toReversed();
    const same = layers.length === this.#shown.length && layers.every((layer, i) => layer === this.#shown[i]);
    this.#shown = layers;
    this.#showBackground();
    if (same) return;
    const there = new Set();
    const order = layers.map((layer) => {
      there.add(layer.key);
      let row = this.#rows.get(layer.key);
      if (!row) {
        row = this.#make(layer.key);
        this.#rows.set(layer.key, row);
      }
      if (row.layer !== layer) this.#fill(row, layer);
      return row.element;
    });
    for (const key of this.#rows.keys()) if (!there.has(key)) this.#rows.delete(key);
    if (order.some((row, i) => this.element.children[i] !== row) || this.element.children.length !== order.length) {
      this.element.replaceChildren(...order);
    }
    order.forEach((row, i) => {
      row.setAttribute("aria-posinset", i + 1);
      row.setAttribute("aria-setsize", order.length);
    });
    this.empty.hidden = layers.length > 0;
    this.element.hidden = layers.length === 0;
    this.#select();
  }

  #make(key) {
    const thumbnail = el("span", { class: "thumbnail" });
    const name = el("span", { class: "name" });
    const detail = el("span", { class: "detail" });
    // A listbox's options hold no buttons: these are for the pointer, the keys H and L do the same.
    const eye = el("span", { class: "mark", title: "Hide or show (H)", "aria-hidden": "true" });
    const lock = el("span", { class: "mark", title: "Lock or unlock (L)", "aria-hidden": "true" });
    const element = el("li", { id: `layer-${key}`, role: "option", class: "layer-row" },
      thumbnail, el("span", { class: "texts" }, name, detail), lock, eye);
    const row = { element, thumbnail, name, detail, eye, lock, layer: null };
    element.addEventListener("click", (event) => this.#click(event, key, row));
    element.addEventListener("dblclick", (event) => {
      if (!event.target.closest(".mark")) this.#rename(key);
    });
    element.addEventListener("pointerdown", (event) => {
      if (!event.target.closest(".mark, input")) this.reorder.start(event, key);
    });
    return row;
  }

  #fill(row, layer) {
    const { element } = row;
    const name = this.names.of(layer);
    if (row.layer?.element !== layer.element) this.thumbnails.show(row.thumbnail, layer.element);
    row.layer = layer;
    if (row.name.textContent !== name || row.name.firstElementChild) row.name.textContent = name;
    row.detail.textContent = detailOf(layer);
    element.classList.toggle("is-hidden", Boolean(layer.hidden));
    element.classList.toggle("is-locked", Boolean(layer.locked));
    row.eye.replaceChildren(icon(layer.hidden ? "eyeOff" : "eye"));
    row.lock.replaceChildren(icon(layer.locked ? "lock" : "unlock"));
    const states = [layer.hidden && "hidden", layer.locked && "locked"].filter(Boolean);
    element.setAttribute("aria-label", [name, detailOf(layer), ...states].join(", "));
  }

  #select() {
    const { selection } = this.document;
    for (const [key, { element }] of this.#rows) {
      element.setAttribute("aria-selected", selection.has(key));
    }
    this.background.setAttribute("aria-current", selection.size === 0);
    if (selection.size && !selection.has(this.#active)) {
      const first = this.#shown.find((layer) => selection.has(layer.key));
      this.#anchor = first?.key ?? null;
      this.#activate(this.#anchor);
      this.row(this.#active)?.scrollIntoView({ block: "nearest" });
    } else this.#activate(this.#rows.has(this.#active) ? this.#active : null);
  }

  #activate(key) {
    this.#active = key;
    for (const [other, { element }] of this.#rows) element.classList.toggle("active", other === key);
    if (key) this.element.setAttribute("aria-activedescendant", `layer-${key}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #click(event, key, row) {
    if (isTyping(event.target) || this.reorder.justMoved) return;
    if (row.eye.contains(event.target)) this.app.commands.toggleHidden([key]);
    else if (row.lock.contains(event.target)) this.app.commands.toggleLocked([key]);
    else if (event.shiftKey && this.#anchor) this.#extend(key);
    else {
      const adds = event.ctrlKey || event.metaKey || this.app.stage.adding;
      const keys = new Set(adds ? this.document.selection : []);
      if (!keys.delete(key)) keys.add(key);
      this.#anchor = key;
      this.#activate(key);
      this.document.select(keys);
    }
  }

  /** Select all from the anchor to this one. */
  #extend(key) {
    const { order } = this;
    const [from, to] = [order.indexOf(this.#anchor), order.indexOf(key)].sort((a, b) => a - b);
    if (from < 0) return;
    this.document.select(order.slice(from, to + 1));
    this.#activate(key);
  }

  #key(event) {
    if (isTyping(event.target)) return;
    const active = this.#active;
    const run = {
      ArrowUp: () => this.#arrow(event, -1),
      ArrowDown: () => this.#arrow(event, 1),
      Home: () => this.#go(event, 0),
      End: () => this.#go(event, this.order.length - 1),
      " ": () => this.#toggle(active),
      F2: () => active && this.#rename(active),
      Enter: () => active && this.#rename(active),
      h: () => this.app.commands.toggleHidden(this.#chosen()),
      l: () => this.app.commands.toggleLocked(this.#chosen()),
    }[event.key];
    if (!run || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  }

  #chosen() {
    return this.document.selection.size ? this.document.selection : [this.#active].filter(Boolean);
  }

  #arrow(event, step) {
    if (event.altKey) {
      if (!this.document.selection.size && this.#active) this.document.select([this.#active]);
      this.app.commands.order(step < 0 ? "forward" : "backward");
      this.row(this.#active)?.scrollIntoView({ block: "nearest" });
      return;
    }
    const at = this.order.indexOf(this.#active);
    this.#go(event, Math.max(0, Math.min(this.order.length - 1, at + step)));
  }

  #go(event, at) {
    const key = this.order[at];
    if (!key) return;
    if (event.shiftKey) this.#extend(key);
    else {
      this.#anchor = key;
      this.#activate(key);
      if (!event.ctrlKey) this.document.select([key]);
    }
    this.row(key)?.scrollIntoView({ block: "nearest" });
  }

  #toggle(key) {
    if (!key) return;
    const keys = new Set(this.document.selection);
    if (!keys.delete(key)) keys.add(key);
    this.#anchor = key;
    this.document.select(keys);
    this.#activate(key);
  }

  /** Write another name into the row. */
  #rename(key) {
    const row = this.#rows.get(key);
    const layer = this.document.layer(key);
    if (!row || !layer) return;
    const input = el("input", {
      type: "text", value: row.name.textContent, maxlength: 80, "aria-label": "Name of the layer",
    });
    let done = false;
    const finish = (save) => {
      if (done) return;
      done = true;
      const text = input.value.trim();
      row.layer = null;
      if (save && text && text !== this.names.of(layer)) this.document.change("Rename", [key], () => ({ name: text }));
      this.#fill(row, this.document.layer(key) ?? layer);
      this.element.focus();
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        finish(event.key === "Enter");
      }
    });
    input.addEventListener("blur", () => finish(true));
    row.name.replaceChildren(input);
    input.select();
  }

  #showBackground() {
    const { background, width, height } = this.document.scene;
    const swatch = el("span", { class: "thumbnail swatch" });
    const kinds = { colour: "Colour", gradient: "Gradient", plate: "Plate", wash: "Wash" };
    if (background?.kind === "colour") swatch.style.background = background.rgba;
    if (background?.kind === "gradient") {
      const { start, end, angle } = background;
      swatch.style.background = `linear-gradient(${90 - angle / 4}deg, ${start}, ${end})`;
    }
    if (background?.kind === "plate") this.thumbnails.show(swatch, background.element);
    const kind = kinds[background?.kind] ?? "Transparent";
    this.background.replaceChildren(swatch, el("span", { class: "texts" },
      el("span", { class: "name" }, "Canvas"), el("span", { class: "detail" }, `${kind}, ${width} × ${height}`)));
  }
}

/** What a row says beside the name: what was done with the element. */
function detailOf(layer) {
  const parts = [`${layer.x}, ${layer.y}`];
  if (layer.rotation) parts.push(`${layer.rotation / 4}°`);
  if (layer.opacity !== 100) parts.push(`${layer.opacity} %`);
  return parts.join(" · ");
}
