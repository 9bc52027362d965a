/** The comparison of the canvas with the reference picture, kept up to date while the scene is edited. */

const EVERY = 120; // milliseconds between two comparisons while a drag goes on

/**
 * Events: "measured" (with `psnr`, `different` and, if a map is wanted, `map`: ImageData), "none" (there is no reference).
 *
 * At most one comparison is under way; what is painted meanwhile is compared when it is done.
 */
export class LiveComparison extends EventTarget {
  #worker = null;
  #reference = null;
  #loaded = "";
  #busy = false;
  #again = false;
  #timer = 0;

  /** @param {object} app the editor's */
  constructor(app) {
    super();
    this.app = app;
    /** Boundary of the difference map in levels; 0 for none. */
    this.boundary = 0;
    app.canvas?.addEventListener?.("painted", () => this.soon());
    app.document.addEventListener("reference", () => this.soon());
  }

  /** Compare, after a pause in which more may be painted. */
  soon() {
    if (!this.app.document.reference) {
      this.dispatchEvent(new Event("none"));
      return;
    }
    if (this.#busy || this.#timer) {
      this.#again = true;
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#compare();
    }, EVERY);
  }

  async #compare() {
    const reference = this.app.document.reference;
    const made = this.app.canvas?.pixels?.();
    if (!reference || !made) return;
    this.#busy = true;
    try {
      const wanted = `${reference.url} ${made.width} ${made.height}`;
      const fresh = wanted !== this.#loaded;
      if (fresh) {
        this.#reference = await pixelsOf(reference.url, made.width, made.height);
        this.#loaded = wanted;
      }
      this.#show(await this.#ask(made, fresh), made);
    } catch (error) {
      this.dispatchEvent(Object.assign(new Event("failure"), { error }));
    } finally {
      this.#busy = false;
      if (this.#again) {
        this.#again = false;
        this.soon();
      }
    }
  }

  #ask(made, fresh) {
    this.#worker ??= new Worker(new URL("./compare_worker.js", import.meta.url), { type: "module" });
    const pixels = new Uint8Array(made.data); // a copy: the canvas goes on with its own
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => resolve(data);
      this.#worker.onerror = (event) => reject(new Error(event.message || "the comparison failed"));
      this.#worker.postMessage(
        { made: pixels, boundary: this.boundary, reference: fresh ? this.#reference : null }, [pixels.buffer]);
    });
  }

  #show(measured, { width, height }) {
    const map = measured.map ? new ImageData(measured.map, width, height) : null;
    this.dispatchEvent(Object.assign(new Event("measured"), { ...measured, map }));
  }
}

/**
 * A picture's pixels, brought to another size.
 *
 * @param {string} url
 * @param {number} width
 * @param {number} height
 * @returns {Promise<Uint8ClampedArray>} RGBA
 */
async function pixelsOf(url, width, height) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error("the reference picture is no longer there: choose it again");
  const bitmap = await createImageBitmap(await answer.blob(), { colorSpaceConversion: "none" });
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return pen.getImageData(0, 0, width, height).data;
}
