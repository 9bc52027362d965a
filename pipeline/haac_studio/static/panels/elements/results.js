/** A search's answer, of which only the pages that are looked at are fetched and kept. */

import { isAbort } from "../../api.js";

const PAGE = 60;
const KEPT = 40; // pages; the oldest are forgotten, so that a catalog of any size takes the same memory

/**
 * Events: "change" (after a new answer, or a page of it, came), "failure" (with `error`).
 *
 * A new search aborts all that is asked for by the one before; so does scrolling on for pages that nobody waits for.
 */
export class Results extends EventTarget {
  #pages = new Map();
  #asked = new Map();
  #search = null;

  /** @param {import("../../api.js").Api} api */
  constructor(api) {
    super();
    this.api = api;
    this.total = 0;
    /** Words that were searched for instead, as nothing is called what was typed; null if none were. */
    this.foundBy = null;
    this.filter = {};
    this.version = 0;
  }

  /**
   * Search. The answer before stays until the new one is there.
   *
   * @param {{query?: string, colour?: string, tag?: string, like?: string}} filter
   * @returns {Promise<boolean>} whether it is this search's answer that is shown now
   */
  async search(filter) {
    this.#search?.abort();
    this.#abortPages();
    const search = new AbortController();
    this.#search = search;
    try {
      const found = await this.api.elements({ ...filter, offset: 0, limit: PAGE }, search.signal);
      if (search.signal.aborted) return false;
      this.#pages = new Map([[0, found.elements]]);
      this.total = found.total;
      this.foundBy = found.found_by ?? null;
      this.filter = filter;
      this.version += 1;
      this.#say("change");
      return true;
    } catch (error) {
      if (!isAbort(error)) this.#say("failure", { error });
      return false;
    }
  }

  /** @param {number} index @returns {object|undefined} the element there; undefined while it is not fetched */
  at(index) {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Fetch what is missing of the elements from first to last; pages outside are no longer waited for. */
  want(first, last) {
    const from = Math.floor(Math.max(0, first) / PAGE);
    const to = Math.floor(Math.min(last, this.total - 1) / PAGE);
    for (const [page, asked] of this.#asked) {
      if (page < from || page > to) asked.abort();
    }
    for (let page = from; page <= to; page += 1) {
      if (this.#pages.has(page)) this.#touch(page);
      else if (!this.#asked.has(page)) this.#fetch(page);
    }
  }

  async #fetch(page) {
    const asked = new AbortController();
    const version = this.version;
    this.#asked.set(page, asked);
    try {
      const found = await this.api.elements({ ...this.filter, offset: page * PAGE, limit: PAGE }, asked.signal);
      if (version !== this.version || asked.signal.aborted) return;
      this.#pages.set(page, found.elements);
      for (const old of this.#pages.keys()) {
        if (this.#pages.size <= KEPT) break;
        this.#pages.delete(old);
      }
      this.#say("change");
    } catch (error) {
      if (!isAbort(error)) this.#say("failure", { error });
    } finally {
      if (this.#asked.get(page) === asked) this.#asked.delete(page);
    }
  }

  #touch(page) {
    const elements = this.#pages.get(page);
    this.#pages.delete(page);
    this.#pages.set(page, elements);
  }

  #abortPages() {
    for (const asked of this.#asked.values()) asked.abort();
    this.#asked.clear();
  }

  #say(type, fields = {}) {
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}
