/** Names of elements, for layers that have none of their own: those of a recipe that was opened. */

/** How many are asked for at a time. */
const AT_ONCE = 4;

/** "known" when names have come. */
export class Names extends EventTarget {
  #names = new Map();
  #waiting = [];
  #running = 0;

  /** @param {{element: (id: string) => Promise<{name: string}>}} api */
  constructor(api) {
    super();
    this.api = api;
  }

  /** @param {object} layer @returns {string} its name, that of its element, or the element's id until that is known */
  of(layer) {
    if (layer.name) return layer.name;
    if (typeof layer.element !== "string") return "Inline element";
    if (!this.#names.has(layer.element)) {
      this.#names.set(layer.element, layer.element);
      this.#waiting.push(layer.element);
      this.#ask();
    }
    return this.#names.get(layer.element);
  }

  async #ask() {
    if (this.#running >= AT_ONCE) return;
    const id = this.#waiting.shift();
    if (!id) return;
    this.#running += 1;
    try {
      const { name } = await this.api.element(id);
      if (name) {
        this.#names.set(id, name);
        this.dispatchEvent(new Event("known"));
      }
    } catch {
      // Withdrawn, or not in this mirror: the canvas says so, and the id is name enough.
    }
    this.#running -= 1;
    this.#ask();
  }
}
