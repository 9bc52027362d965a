/** The comparison of the canvas with the reference picture, kept up to date while the scene is edited. */

const PAUSE = 100; // milliseconds between two comparisons while a drag goes on

/**
 * Events: "measured" (with `psnr`, `different`, `width`, `height` and, if a map is wanted, `map`: RGBA), "failure"
 * (`error`), "none" (there is no reference).
 *
 * At most one comparison is under way; what is painted meanwhile is compared when it is done.
 */
export class LiveComparison extends EventTarget {
  #worker = null;
  #busy = false;
  #again = false;
  #timer = 0;
  #number = 0;

  /** @param {object} app the editor's */
  constructor(app) {
    super();
    this.app = app;
    /** Boundary of the difference map in levels; 0 for no map. */
    this.boundary = 0;
    app.stage.addEventListener("painted", () => this.soon());
    app.document.addEventListener("reference", () => this.soon());
  }

  /** Compare, after a pause in which more may be painted. */
  soon() {
    if (!this.app.document.reference) {
      this.#say("none");
    } else if (this.#busy || this.#timer) {
      this.#again = true;
    } else {
      this.#timer = setTimeout(() => {
        this.#timer = 0;
        this.#compare();
      }, PAUSE);
    }
  }

  async #compare() {
    const { reference, scene } = this.app.document;
    const { canvas } = this.app.stage;
    // Until the first frame of a new size has come, the pixels are those of another canvas.
    if (!reference || canvas.width !== scene.width || canvas.height !== scene.height) return;
    this.#busy = true;
    try {
      const measured = await this.#ask(await createImageBitmap(canvas), reference.url);
      if (this.app.document.reference?.url === reference.url) this.#say("measured", measured);
    } catch (error) {
      this.#say("failure", { error });
    } finally {
      this.#busy = false;
      if (this.#again) {
        this.#again = false;
        this.soon();
      }
    }
  }

  #ask(made, url) {
    this.#worker ??= new Worker(new URL("./compare_worker.js", import.meta.url), { type: "module" });
    this.#number += 1;
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
      this.#worker.onerror = (event) => reject(new Error(event.message || "The comparison failed"));
      const { boundary } = this;
      this.#worker.postMessage({ number: this.#number, made, boundary, url: new URL(url, location.href).href }, [made]);
    });
  }

  #say(type, fields = {}) {
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}
