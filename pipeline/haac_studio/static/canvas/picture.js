/** The picture on the stage: a canvas element with the scene's own pixels, kept up to date by the worker. */

/**
 * Events: "frame" (pixels have come; `complete`: nothing is missing), "element" (sizes have changed), "error".
 */
export class Picture extends EventTarget {
  #worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  #busy = false;
  #next = null;
  #n = 0;
  #context;
  /** Elements whose size is known: by id, or by the base64 of inline ones. @type {Map<string, object>} */
  #known = new Map();

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    super();
    this.canvas = canvas;
    this.#context = canvas.getContext("2d");
    /** The picture's own pixels: a canvas element would not keep nearly transparent ones. @type {ImageData|null} */
    this.image = null;
    this.failed = {};
    this.missing = 0;
    this.error = null;
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = (event) => this.#receive({ type: "error", n: this.#n, message: event.message });
  }

  /** Whether all that was asked for is on the screen. */
  get settled() {
    return !this.#busy && !this.#next && !this.missing;
  }

  /** @param {object} recipe scene without hidden layers; while one is drawn, only the latest waits */
  show(recipe) {
    this.#next = recipe;
    this.#send();
  }

  /** Fetch again what could not be fetched. */
  retry() {
    this.#worker.postMessage({ type: "retry" });
  }

  /** @param {string|{inline: string}} element @returns {[number, number]|null} own size, pixels; null: not known yet */
  size(element) {
    if (typeof element !== "string" && element.width) return [element.width, element.height];
    const known = this.#known.get(typeof element === "string" ? element : element.inline);
    return known ? [known.width, known.height] : null;
  }

  /** Tell what is known already of an element. @param {{id: string, width: number, height: number}} info */
  learn({ id, width, height }) {
    if (!this.#known.has(id)) this.#known.set(id, { width, height, alpha: null });
  }

  /** @param {string|object} element @param {[number, number]} pixel @returns {number} alpha, 0 to 255 */
  alpha(element, [x, y]) {
    const known = this.#known.get(typeof element === "string" ? element : element.inline);
    return known?.alpha ? known.alpha[y * known.width + x] : 255;
  }

  #send() {
    if (this.#busy || !this.#next) return;
    this.#busy = true;
    this.#n += 1;
    this.#worker.postMessage({ type: "scene", n: this.#n, scene: this.#next });
    this.#next = null;
  }

  #receive(message) {
    if (message.type === "element") {
      this.#known.set(message.key, message);
      this.dispatchEvent(new Event("element"));
      return;
    }
    if (message.type === "frame") this.#draw(message);
    this.error = message.type === "error" ? message.message : null;
    this.dispatchEvent(new Event(message.type));
    if (message.n === this.#n) {
      this.#busy = false;
      this.#send();
    }
  }

  #draw({ width, height, box, pixels, missing, failed }) {
    const { canvas } = this;
    if (canvas.width !== width || canvas.height !== height || !this.image) {
      canvas.width = width;
      canvas.height = height;
      this.image = new ImageData(width, height);
    }
    this.missing = missing;
    this.failed = failed;
    if (!box || box[2] <= box[0] || box[3] <= box[1]) return;
    const [left, top, right, bottom] = box;
    const row = 4 * (right - left);
    for (let y = top; y < bottom; y += 1) {
      this.image.data.set(pixels.subarray(row * (y - top), row * (y - top + 1)), 4 * (y * width + left));
    }
    this.#context.putImageData(this.image, 0, 0, left, top, right - left, bottom - top);
  }
}
