/** The view: which part of the canvas is visible, how large. Screen pixels are CSS pixels of the stage. */

const SMALLEST = 0.02;
const LARGEST = 32;

/** Steps of zooming by keys. */
const STEPS = [0.02, 0.05, 0.1, 0.25, 0.333, 0.5, 0.667, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32];

/** Zoom and pan. "change" after each change. */
export class View extends EventTarget {
  constructor() {
    super();
    this.zoom = 1;
    /** Screen position of the canvas' top left corner. */
    this.x = 0;
    this.y = 0;
    this.width = 1;
    this.height = 1;
  }

  /** @param {number} x @param {number} y screen @returns {[number, number]} canvas pixels */
  toCanvas(x, y) {
    return [(x - this.x) / this.zoom, (y - this.y) / this.zoom];
  }

  /** @param {[number, number]} point canvas pixels @returns {[number, number]} screen */
  toScreen([x, y]) {
    return [this.x + x * this.zoom, this.y + y * this.zoom];
  }

  /** Zoom so that a point of the screen stays where it is. */
  zoomAt(zoom, x = this.width / 2, y = this.height / 2) {
    const after = Math.min(LARGEST, Math.max(SMALLEST, zoom));
    const [cx, cy] = this.toCanvas(x, y);
    this.#set(after, x - cx * after, y - cy * after);
  }

  /** @param {1|-1} direction to the next larger or smaller step */
  zoomStep(direction) {
    const next = direction > 0
      ? STEPS.find((step) => step > this.zoom * 1.001)
      : STEPS.findLast((step) => step < this.zoom * 0.999);
    if (next) this.zoomAt(next);
  }

  /** @param {number} dx @param {number} dy screen pixels */
  pan(dx, dy) {
    this.#set(this.zoom, this.x + dx, this.y + dy);
  }

  /**
   * Show a box whole, and no larger than it is unless `enlarge`.
   *
   * @param {[number, number, number, number]} box canvas pixels
   */
  fit([left, top, right, bottom], { margin = 36, enlarge = false } = {}) {
    const across = Math.max(20, this.width - 2 * margin) / Math.max(1, right - left);
    const down = Math.max(20, this.height - 2 * margin) / Math.max(1, bottom - top);
    const zoom = Math.min(LARGEST, Math.max(SMALLEST, Math.min(across, down, enlarge ? 8 : 1)));
    this.centre([(left + right) / 2, (top + bottom) / 2], zoom);
  }

  /** Put a point of the canvas into the middle. */
  centre([x, y], zoom = this.zoom) {
    this.#set(zoom, this.width / 2 - x * zoom, this.height / 2 - y * zoom);
  }

  /** The stage has another size; what was in the middle stays there. */
  resize(width, height) {
    const [dx, dy] = [(width - this.width) / 2, (height - this.height) / 2];
    [this.width, this.height] = [width, height];
    this.pan(dx, dy);
  }

  #set(zoom, x, y) {
    this.zoom = zoom;
    // Whole device pixels keep the picture sharp.
    const ratio = globalThis.devicePixelRatio || 1;
    this.x = Math.round(x * ratio) / ratio;
    this.y = Math.round(y * ratio) / ratio;
    this.dispatchEvent(new Event("change"));
  }
}
