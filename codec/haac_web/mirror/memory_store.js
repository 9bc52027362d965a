/** A store that lasts as long as the page. */

/**
 * What a store is. All methods are asynchronous; IndexedDbStore and FolderStore (Node) have the same.
 *
 * - `read()`: `{meta, pages}` as the last `commit` left them, or null.
 * - `commit({expected, meta, pages: Map<number, Entry[]>, gone: number[]})`: whole or not at all. `expected` is the
 *   `head` of the state that this one follows ("" for the first); false, and nothing written, if another was here.
 * - `bytes(numbers)`: Map of the bytes of those elements that are held.
 * - `put(Map, head)`: keep bytes of elements, unless the state is not that of `head` any more.
 * - `held()`: Set of the numbers of the elements that are held.
 * - `clear()`, `close()`.
 */
export class MemoryStore {
  #meta = null;
  #pages = new Map();
  #bytes = new Map();

  async read() {
    return this.#meta === null ? null : { meta: structuredClone(this.#meta), pages: [...this.#pages.values()] };
  }

  async commit({ expected, meta, pages, gone }) {
    if ((this.#meta?.head ?? "") !== expected) return false;
    this.#meta = structuredClone(meta);
    for (const [index, page] of pages) this.#pages.set(index, page);
    for (const number of gone) this.#bytes.delete(number);
    return true;
  }

  async bytes(numbers) {
    const found = new Map();
    for (const number of numbers) if (this.#bytes.has(number)) found.set(number, this.#bytes.get(number));
    return found;
  }

  async put(found, head) {
    if (this.#meta?.head !== head) return;
    for (const [number, data] of found) this.#bytes.set(number, data);
  }

  async held() {
    return new Set(this.#bytes.keys());
  }

  async clear() {
    this.#meta = null;
    this.#pages.clear();
    this.#bytes.clear();
  }

  close() {}
}
