/** The stage: the picture, its checkerboard, the reference, the overlay; what is selected with the pointer. */

import { el } from "../shell/dom.js";
import { elementPixel, frameBounds, frameOf, inBox, union } from "./geometry.js";
import { Overlay } from "./overlay.js";
import { Picture } from "./picture.js";
import { Pointers } from "./pointer.js";
import { wholeFrame } from "./transforms.js";
import { View } from "./view.js";

/** Between the canvas and a reference beside it, canvas pixels. */
const BESIDE = 24;

/** An alpha below this is no pixel that one would click at. */
const VISIBLE = 12;

/**
 * Events: "pointed" (`point`: canvas pixels beneath the pointer, or null), "crop" (the crop mode began or ended),
 * "painted" (pixels have come), "view" (zoom or place of the canvas have changed).
 */
export class Stage extends EventTarget {
  #shown = { guides: [], marquee: null, note: null, noteAt: null };
  #asked = null;
  #hoveredKey = null;
  #saying = null;
  #said = "";
  #drawing = false;

  /**
   * @param {HTMLElement} main
   * @param {import("../app.js").App} app
   */
  constructor(main, app) {
    super();
    this.app = app;
    this.document = app.document;
    this.view = new View();
    this.overlay = new Overlay(this.view);
    /** Key of the layer that is cropped, or null. */
    this.cropping = null;
    /** Whether a click adds to the selection, as with Shift: fingers have no Shift. */
    this.adding = false;
    this.canvas = el("canvas", { class: "picture" });
    this.picture = new Picture(this.canvas);
    this.paper = el("div", { class: "paper" });
    this.reference = el("img", { class: "reference", alt: "Reference picture", hidden: true, draggable: "false" });
    this.hint = el("p", { class: "floating pick-hint", hidden: true });
    this.element = el("div", {
      class: "viewport",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "picture editor",
      "aria-label": "Canvas",
      "aria-describedby": "canvas-help",
    }, this.paper, this.reference, this.canvas, this.overlay.root, this.hint);
    const help = el("p", { id: "canvas-help", class: "hidden-visually" },
      "Arrow keys move what is selected, Delete removes it, question mark shows all keys. " +
      "Layers are chosen in the layers list.");
    this.problems = el("div", { class: "floating problems", role: "alert", hidden: true });
    main.append(this.element, help, this.problems);
    this.pointers = new Pointers(this);
    this.#listen();
  }

  #listen() {
    const { document, picture, view } = this;
    document.addEventListener("scene", () => this.#show());
    document.addEventListener("forms", () => this.#tellProblems());
    document.addEventListener("selection", () => {
      this.#checkCrop();
      this.#sayLater();
    });
    let mode = document.reference?.mode;
    document.addEventListener("reference", () => {
      const before = mode;
      mode = document.reference?.mode;
      if (mode !== before && (mode === "beside" || before === "beside")) this.fit();
      this.redraw();
    });
    picture.addEventListener("element", () => this.redraw());
    for (const type of ["frame", "error"]) {
      picture.addEventListener(type, () => {
        this.#tellProblems();
        this.redraw();
        this.dispatchEvent(new Event("painted"));
      });
    }
    view.addEventListener("change", () => {
      this.redraw();
      this.dispatchEvent(new Event("view"));
    });
    new ResizeObserver(() => {
      const { clientWidth, clientHeight } = this.element;
      const first = view.width === 1;
      view.resize(clientWidth, clientHeight);
      if (first) this.fit();
    }).observe(this.element);
    this.element.addEventListener("dragover", (event) => {
      if (event.dataTransfer.types.includes("application/x-haac-element")) event.preventDefault();
    });
    this.element.addEventListener("drop", (event) => this.#drop(event));
  }

  #show() {
    this.picture.show(this.document.recipe);
    this.#checkCrop();
  }

  /** Draw the overlay and place the picture with the next frame of the screen. */
  redraw() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#place();
      this.#drawOverlay();
    });
  }

  /** Change what the overlay shows. @param {object} changes */
  show(changes) {
    Object.assign(this.#shown, changes);
    this.redraw();
  }

  #place() {
    const { view, canvas, paper, reference, document } = this;
    const { width, height } = document.scene;
    const transform = `translate(${view.x}px, ${view.y}px)`;
    paper.style.transform = transform;
    paper.style.width = `${width * view.zoom}px`;
    paper.style.height = `${height * view.zoom}px`;
    canvas.style.transform = `${transform} scale(${view.zoom})`;
    canvas.style.imageRendering = view.zoom >= 2 ? "pixelated" : "auto";
    const shown = document.reference;
    reference.hidden = !shown || !["beneath", "beside"].includes(shown.mode);
    canvas.style.opacity = 1;
    if (reference.hidden) return;
    if (reference.getAttribute("src") !== shown.url) reference.src = shown.url;
    const beside = shown.mode === "beside";
    const x = view.x + (beside ? (width + BESIDE) * view.zoom : 0);
    reference.style.transform = `translate(${x}px, ${view.y}px)`;
    reference.style.width = `${width * view.zoom}px`;
    reference.style.height = `${height * view.zoom}px`;
    // The picture gives way to what is beneath it: most scenes are opaque.
    const opacity = shown.opacity ?? 0.5;
    reference.style.opacity = beside ? 1 : Math.min(1, 2 * opacity);
    canvas.style.opacity = beside ? 1 : 1 - opacity;
  }

  #drawOverlay() {
    const { document } = this;
    const state = this.#shown;
    state.outlines = [];
    const grip = this.cropping ? null : this.grip();
    if (!this.cropping) {
      for (const layer of document.selected) {
        const frame = this.frameOf(layer.key);
        if (frame) state.outlines.push(frame);
      }
    }
    const hovered = this.#hoveredKey && !this.cropping && !document.selection.has(this.#hoveredKey);
    state.hovered = hovered ? this.frameOf(this.#hoveredKey) : null;
    state.handles = grip?.frame ?? null;
    state.group = grip?.group ?? false;
    state.rotates = Boolean(grip);
    state.crop = null;
    const cropped = this.cropping && document.layer(this.cropping);
    const own = cropped && this.picture.size(cropped.element);
    if (own) {
      const picture = this.app.layers.thumbnails.fileUrl(cropped.element);
      const whole = wholeFrame(cropped, own);
      state.crop = { frame: frameOf(cropped, own), whole, picture, flip: cropped.flip };
    }
    this.overlay.draw(state);
  }

  /** @param {string} key @returns {import("./geometry.js").Frame|null} */
  frameOf(key) {
    const layer = this.document.layer(key);
    const own = layer && this.picture.size(layer.element);
    return own ? frameOf(layer, own) : null;
  }

  /** Visible layers whose size is known, back to front. @returns {{layer: object, own: number[], frame: object}[]} */
  layers() {
    return this.document.scene.layers.flatMap((layer) => {
      const own = layer.hidden ? null : this.picture.size(layer.element);
      return own ? [{ layer, own, frame: frameOf(layer, own) }] : [];
    });
  }

  /** Bounding boxes of visible layers but some. @param {Map|Set} but has their keys */
  otherBoxes(but) {
    return this.layers().filter(({ layer }) => !but.has(layer.key)).map(({ frame }) => frameBounds(frame));
  }

  /** Bounding box of the selected layers; null of none. */
  selectedBox() {
    const frames = [...this.document.selection].map((key) => this.frameOf(key)).filter(Boolean);
    return union(frames.map(frameBounds));
  }

  /** The frame that has handles: of the one selected layer, or the box around several. */
  grip() {
    const movable = this.document.selected.filter((layer) => !layer.locked && !layer.hidden);
    const frames = movable.map((layer) => this.frameOf(layer.key)).filter(Boolean);
    if (!frames.length) return null;
    if (frames.length === 1) return { frame: frames[0], group: false };
    const [left, top, right, bottom] = union(frames.map(frameBounds));
    const [cx, cy] = [(left + right) / 2, (top + bottom) / 2];
    return { frame: { cx, cy, width: right - left, height: bottom - top, rotation: 0 }, group: true };
  }

  /** Topmost layer with a visible pixel at a point; a selected one first if it has. @returns {object|null} */
  hit(point) {
    const near = 3 / this.view.zoom;
    for (const { layer, own } of this.layers().reverse()) {
      if (layer.locked) continue;
      const spread = layer.blur / 4;
      const places = spread ? around(point, spread) : [point];
      // Lines thinner than the pointer can be clicked at, too.
      if (this.#opaque(layer, own, places)) return layer;
      if (near > 1.5 && this.#opaque(layer, own, around(point, near))) return layer;
    }
    return null;
  }

  #opaque(layer, own, places) {
    return places.some((place) => {
      const pixel = elementPixel(layer, own, place);
      return pixel && (this.picture.alpha(layer.element, pixel) * layer.opacity) / 100 >= VISIBLE;
    });
  }

  /** The pointer is above a layer. */
  hover(layer, point) {
    if (!point) this.pointed(null);
    const key = layer?.key ?? null;
    if (key === this.#hoveredKey) return;
    this.#hoveredKey = key;
    this.redraw();
  }

  /** Tell where the pointer is. */
  pointed(point) {
    this.dispatchEvent(Object.assign(new Event("pointed"), { point }));
  }

  /** Begin the crop mode, or end it. @param {string|null} key of a layer */
  crop(key) {
    const layer = key && this.document.layer(key);
    const next = layer && !layer.locked && this.picture.size(layer.element) ? key : null;
    if (next === this.cropping) return;
    this.cropping = next;
    if (next) this.document.select([next]);
    this.app.announce(next ? "Crop mode: drag the edges, Enter ends it" : "Crop mode ended");
    this.dispatchEvent(new Event("crop"));
    this.redraw();
  }

  /** Tell screen readers what is selected, once a drag or a row of keys has come to rest. */
  #sayLater() {
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => {
      const { selected } = this.document;
      const key = selected.map((layer) => layer.key).join(" ");
      if (key === this.#said || window.document.activeElement !== this.element) return;
      this.#said = key;
      const one = selected.length === 1 ? this.app.names.of(selected[0]) : `${selected.length} layers`;
      this.app.announce(selected.length ? `${one} selected` : "Nothing selected");
    }, 400);
  }

  #checkCrop() {
    if (this.cropping && !this.document.selection.has(this.cropping)) this.crop(null);
    this.redraw();
  }

  /**
   * Let the user draw a box on the canvas.
   *
   * @param {{label?: string}} [options] what the box is for
   * @returns {Promise<[number, number, number, number]|null>} whole pixels of the canvas; null: cancelled
   */
  pickBox({ label = "Draw a box on the canvas; Escape cancels" } = {}) {
    this.#asked?.(null);
    this.crop(null);
    this.hint.textContent = label;
    this.hint.hidden = false;
    this.app.announce(label);
    this.element.focus();
    return new Promise((resolve) => (this.#asked = resolve));
  }

  /** Whether somebody waits for a box. */
  get picking() {
    return this.#asked !== null;
  }

  /** The box was drawn. */
  picked(box) {
    const asked = this.#asked;
    this.#asked = null;
    this.hint.hidden = true;
    asked?.(box);
  }

  /** Screen pixels for each pixel of the canvas. */
  get zoom() {
    return this.view.zoom;
  }

  /** @param {number} clientX @param {number} clientY @returns {{x: number, y: number}} canvas pixels */
  toScene(clientX, clientY) {
    const { left, top } = this.element.getBoundingClientRect();
    const [x, y] = this.view.toCanvas(clientX - left, clientY - top);
    return { x, y };
  }

  /** Where the canvas is in the window. @returns {DOMRect} */
  box() {
    const { left, top } = this.element.getBoundingClientRect();
    const { x, y, zoom } = this.view;
    const { width, height } = this.document.scene;
    return new DOMRect(left + x, top + y, width * zoom, height * zoom);
  }

  /** Pixels that are on the screen, as the renderer made them. @returns {ImageData|null} do not change them */
  pixels() {
    return this.picture.image;
  }

  /** @param {string|object} element of a layer @returns {[number, number]|null} its own size, pixels, if it is known */
  sizeOf(element) {
    return this.picture.size(element);
  }

  /** Show the whole canvas, and the reference if it is beside it. */
  fit() {
    const { scene: { width, height }, reference } = this.document;
    this.view.fit([0, 0, reference?.mode === "beside" ? 2 * width + BESIDE : width, height]);
  }

  /** Middle of what is visible of the canvas. @returns {{x: number, y: number}} canvas pixels */
  centre() {
    const [x, y] = this.view.toCanvas(this.view.width / 2, this.view.height / 2);
    const { width, height } = this.document.scene;
    return inBox([x, y], [0, 0, width, height]) ? { x, y } : { x: width / 2, y: height / 2 };
  }

  #drop(event) {
    const text = event.dataTransfer.getData("application/x-haac-element");
    if (!text) return;
    event.preventDefault();
    this.add(JSON.parse(text), this.toScene(event.clientX, event.clientY));
    this.element.focus();
  }

  /** A new layer. @param {object} info of an element @param {{x: number, y: number}} [centre] */
  add(info, centre) {
    this.picture.learn(info);
    return this.document.addElement(info, centre);
  }

  #tellProblems() {
    const { failed } = this.picture;
    const error = this.picture.error ?? this.document.formsError;
    const lines = error ? [error] : Object.values(failed);
    const text = lines.slice(0, 3).join(" ");
    if (this.problems.dataset.text === text) return;
    this.problems.dataset.text = text;
    this.problems.hidden = !text;
    const again = el("button", { type: "button", onclick: () => this.picture.retry() }, "Try again");
    this.problems.replaceChildren(el("span", {}, text), ...(error ? [] : [again]));
  }
}

/** Eight points around one. */
function around([x, y], distance) {
  return [[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1], [0.7, 0.7], [-0.7, 0.7], [0.7, -0.7], [-0.7, -0.7]]
    .map(([dx, dy]) => [x + dx * distance, y + dy * distance]);
}
