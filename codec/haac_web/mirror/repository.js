/** A browser's local mirror of a published repository (docs/repository.md, docs/web.md). */

import { ElementError, HaacError, MirrorError, RecipeError, TransportError } from "../errors.js";
import { formatId } from "../forms/text.js";
import { requireCrypto } from "./digest.js";
import { checkElement, fetchElements } from "./elements.js";
import { IndexedDbStore } from "./indexed_db_store.js";
import { MemoryStore } from "./memory_store.js";
import { State } from "./state.js";
import { syncState } from "./sync.js";
import { baseOf, NotThereError, Transport } from "./transport.js";

/** So often the head is asked for again because packs of the one before are gone. */
const HEADS = 3;
/** Milliseconds that a repository that is here waits for news of its server. */
const PATIENCE = 5000;

/**
 * @typedef {object} Info What is known of an element.
 * @property {number} number
 * @property {string} id
 * @property {string} name
 * @property {string[]} tags
 * @property {number} width pixels
 * @property {number} height pixels
 * @property {string} colour six hex digits, or ""
 * @property {string} licence
 * @property {string} attribution
 * @property {string} source
 * @property {string} time when it was added, UTC
 * @property {string|null} withdrawn the reason of its takedown; null if it is live
 */

/** A repository, as far as it is here; `Repository.open` makes one. */
export class Repository {
  #transport;
  #store;
  #state;
  #pinned;
  #syncing = null;
  #answered = false;
  #coming = new Map();

  /** Use `Repository.open`. */
  constructor(transport, store, state, pinned) {
    this.#transport = transport;
    this.#store = store;
    this.#state = state;
    this.#pinned = pinned;
  }

  /**
   * Open a repository: what is here of it, or, the first time, what its server publishes. Elements are fetched when
   * they are needed, or by `sync({packs: true})`. Nothing is asked of the network if it was here before: `sync()` does.
   *
   * @param {string|URL} url of the published folder; may be relative to the page
   * @param {object} [options]
   * @param {object} [options.store] where it is kept: an IndexedDbStore where there is one, else a MemoryStore
   * @param {string} [options.id] the id (32 hex digits) of the only repository that is accepted there
   * @param {typeof fetch} [options.fetch]
   * @param {boolean} [options.fresh] ask the server what is new, also if the repository was here before;
   *   where it cannot be reached, what is here does
   * @param {AbortSignal} [options.signal]
   * @param {(told: {stage: "log", done: number, total: number}) => void} [options.onProgress] of the first sync
   * @returns {Promise<Repository>}
   * @throws {MirrorError} another repository, or what is published is wrong
   * @throws {TransportError} nothing is here yet, and the server cannot be reached
   */
  static async open(url, { store, id, fresh = false, signal, onProgress, ...transport } = {}) {
    requireCrypto();
    if (id !== undefined && !/^[0-9a-f]{32}$/.test(id)) {
      throw new MirrorError(`${String(id).slice(0, 60)} is not a repository's id: it has 32 hex digits (haac stats)`);
    }
    const base = baseOf(url);
    const [kept, found] = await readStore(store, base);
    const state = found === null ? null : State.from(found);
    if (state !== null && id !== undefined && state.repository !== id) {
      throw new MirrorError(
        `what is kept here of ${base} is repository ${state.repository}, this page accepts ${id} only:` +
          " Repository.forget(url) drops it",
      );
    }
    const made = new Repository(new Transport(base, transport), kept, state, id);
    if (state === null) await made.sync({ signal, onProgress });
    else if (fresh) await made.#freshen(signal);
    return made;
  }

  /**
   * Drop what is kept of a repository, to begin anew.
   *
   * @param {string|URL} url
   * @param {{store?: object}} [options] as for `open`
   */
  static async forget(url, { store } = {}) {
    const kept = store ?? storeOf(baseOf(url));
    await kept.clear();
    kept.close();
  }

  /** Its address. */
  get url() {
    return this.#transport.base;
  }

  /** Its id, 32 hex digits. */
  get id() {
    return this.#state.repository;
  }

  /** First 16 bits of its id, which recipes may tell. */
  get fingerprint() {
    return Number.parseInt(this.id.slice(0, 4), 16);
  }

  /** Number of live elements. */
  get size() {
    return this.#state.standing;
  }

  /** When the state that is here was published, UTC, as 2026-11-23T01:02:03Z. */
  get time() {
    return this.#state.time;
  }

  /** Whether its server answered when it was asked last; false if it was not. */
  get answered() {
    return this.#answered;
  }

  /** Whether what was fetched outlasts this page. */
  get keeps() {
    return !(this.#store instanceof MemoryStore);
  }

  /** Requests and bytes so far. */
  get traffic() {
    return { requests: this.#transport.requests, bytes: this.#transport.received };
  }

  /** Numbers of the live elements, in order. */
  numbers() {
    const found = [];
    for (const { number, withdrawn } of this.#state.entries.values()) if (withdrawn === null) found.push(number);
    return found;
  }

  /**
   * What is known of an element.
   *
   * @param {number} number
   * @returns {Info|null} null if there is none
   */
  info(number) {
    const entry = this.#state.entries.get(number);
    if (entry === undefined) return null;
    const { name, tags, width, height, colour, licence, attribution, source, time, withdrawn } = entry;
    const told = { name, tags, width, height, colour, licence, attribution, source, time, withdrawn };
    return { number, id: formatId(number), ...told };
  }

  /**
   * Whether a recipe can be of this repository.
   *
   * @param {{fingerprint: number|null}} scene
   * @throws {RecipeError} it was made for another one
   */
  checkFingerprint({ fingerprint }) {
    if (fingerprint === null || fingerprint === undefined || fingerprint === this.fingerprint) return;
    const [wanted, found] = [fingerprint, this.fingerprint].map((bits) => bits.toString(16).padStart(4, "0"));
    throw new RecipeError(
      `the recipe was made for a repository with the fingerprint ${wanted}, this one has ${found}: give the` +
        " address of the right repository",
    );
  }

  /**
   * Ask the server what is new, and accept it if it goes on from what is here.
   *
   * @param {object} [options]
   * @param {boolean} [options.packs] fetch all elements too, so that everything can be drawn without network
   * @param {(told: {stage: "log"|"elements", done: number, total: number}) => void} [options.onProgress] in log
   *   records, then in bytes
   * @param {AbortSignal} [options.signal]
   * @returns {Promise<{changed: boolean, records: number, elements: number}>} live elements
   * @throws {MirrorError} what is published is wrong, or takes back what was accepted; what is here stays as it was
   * @throws {TransportError} the server cannot be reached, or failed; what is here stays usable
   */
  async sync({ packs = false, onProgress, signal } = {}) {
    const before = this.#state?.head;
    for (let tries = 1; ; tries += 1) {
      await this.#update({ onProgress, signal });
      try {
        if (packs) await this.#fetchAll(onProgress, signal);
        if (!packs || (await this.#missing()).length === 0) break;
        if (tries === HEADS) throw new MirrorError("another page keeps changing what is kept here: try again");
      } catch (error) {
        if (!(error instanceof NotThereError) || tries === HEADS) throw error;
      }
    }
    return { changed: this.#state.head !== before, records: this.#state.records, elements: this.#state.standing };
  }

  /**
   * The bytes of elements, out of what is here, or fetched.
   *
   * @param {Iterable<number>} numbers
   * @param {object} [options]
   * @param {(number: number, data: Uint8Array) => void} [options.onElement] called with each as it comes
   * @param {AbortSignal} [options.signal]
   * @returns {Promise<Map<number, Uint8Array>>} WebP files, whose SHA-256 was checked
   * @throws {ElementError} there is no such element, or it was withdrawn
   * @throws {MirrorError} the server's bytes are not what its log promises
   * @throws {TransportError} it is not here, and the server cannot be reached
   */
  async elements(numbers, { onElement, signal } = {}) {
    const wanted = [...new Set(numbers)];
    const unknown = wanted.filter((number) => !this.#state.entries.has(number));
    if (unknown.length > 0) await this.#lookAgain(unknown, signal);
    for (let tries = 1; ; tries += 1) {
      const entries = wanted.map((number) => this.#live(number));
      try {
        return await this.#gather(entries, onElement, signal);
      } catch (error) {
        // The publisher may have replaced packs since this state was fetched.
        if (!(error instanceof NotThereError) || tries === HEADS) throw error;
        const before = this.#state.head;
        await this.#update({ signal });
        if (this.#state.head === before) throw error;
      }
    }
  }

  /** Takedowns reach whoever is on the network; whoever is not, or hardly, need not wait for it. */
  async #freshen(signal) {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(new TransportError("the server takes too long")), PATIENCE);
    const stop = () => patience.abort(signal.reason);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await this.#update({ signal: patience.signal, tries: 1 });
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Numbers of the live elements whose bytes are here. */
  async held() {
    const held = await this.#store.held();
    return new Set(this.numbers().filter((number) => held.has(number)));
  }

  /** Let go of the store. */
  close() {
    this.#store.close();
  }

  async #update(options) {
    // One at a time: what comes while another runs waits for it, and asks for itself only if that one failed.
    while (this.#syncing !== null) {
      const [result] = await Promise.allSettled([this.#syncing]);
      if (result.status === "fulfilled") return;
    }
    const given = { ...options, id: this.#pinned };
    this.#syncing = syncState(this.#transport, this.#store, this.#state, given);
    try {
      this.#state = await this.#syncing;
      this.#answered = true;
    } catch (error) {
      this.#answered = false;
      throw error;
    } finally {
      this.#syncing = null;
    }
  }

  async #lookAgain(unknown, signal) {
    const ids = unknown.slice(0, 5).map(formatId).join(", ");
    try {
      await this.#update({ signal });
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      throw new ElementError(
        `element ${ids} is not in what is here of the repository, and its server cannot be asked: ${error.message}`,
        { cause: error },
      );
    }
    const left = unknown.filter((number) => !this.#state.entries.has(number));
    if (left.length > 0) {
      throw new ElementError(
        `element ${left.slice(0, 5).map(formatId).join(", ")} is not in the repository at ${this.url}: its ids run` +
          ` from 1 to ${formatId(this.#state.elements)}. Is it the repository that the recipe was made with?`,
      );
    }
  }

  #live(number) {
    const entry = this.#state.entries.get(number);
    if (entry.withdrawn !== null) {
      const reason = entry.withdrawn ? `: ${entry.withdrawn}` : "";
      throw new ElementError(`element ${formatId(number)} was withdrawn${reason}`);
    }
    return entry;
  }

  async #gather(entries, onElement, signal) {
    const found = new Map();
    const tell = (number, data) => {
      found.set(number, data);
      onElement?.(number, data);
    };
    const kept = await this.#store.bytes(entries.map((entry) => entry.number));
    let missing = [];
    for (const entry of entries) {
      const data = kept.get(entry.number);
      if (data !== undefined && (await isRight(entry, data))) tell(entry.number, data);
      else missing.push(entry);
    }
    while (missing.length > 0) {
      // What somebody else is fetching already is waited for; should they give up, it is fetched after all.
      const own = missing.filter((entry) => !this.#coming.has(entry.number));
      if (own.length > 0) this.#start(own, signal);
      const mine = new Set(own);
      const results = await Promise.allSettled(
        missing.map(async (entry) => tell(entry.number, await this.#coming.get(entry.number))),
      );
      signal?.throwIfAborted();
      const failed = results.findIndex(({ status }, index) => status === "rejected" && mine.has(missing[index]));
      if (failed >= 0) throw results[failed].reason;
      missing = missing.filter((entry) => !found.has(entry.number));
    }
    return new Map(entries.map(({ number }) => [number, found.get(number)]));
  }

  /** Begin to fetch elements; `#coming` has a promise of each until it is here. */
  #start(entries, signal) {
    const waiting = new Map();
    for (const { number } of entries) {
      const promise = new Promise((resolve, reject) => waiting.set(number, { resolve, reject }));
      promise.catch(() => {}); // told to those who wait
      this.#coming.set(number, promise);
    }
    const end = (number, settle) => {
      settle(waiting.get(number));
      waiting.delete(number);
      this.#coming.delete(number);
    };
    const deliver = async (found) => {
      try {
        await this.#keep(found);
      } catch (error) {
        if (error?.name !== "QuotaExceededError") throw error; // a full disk keeps nobody from looking at a picture
      }
      for (const [number, data] of found) end(number, ({ resolve }) => resolve(data));
    };
    fetchElements(this.#transport, this.#state, entries, deliver, signal).catch((error) => {
      for (const number of [...waiting.keys()]) end(number, ({ reject }) => reject(error));
    });
  }

  /** Keep checked bytes, but for those that were withdrawn meanwhile. */
  async #keep(found) {
    const live = [...found].filter(([number]) => this.#state.entries.get(number)?.withdrawn === null);
    await this.#store.put(new Map(live), this.#state.head);
  }

  async #missing() {
    const held = await this.#store.held();
    const numbers = this.numbers().filter((number) => !held.has(number));
    return numbers.map((number) => this.#state.entries.get(number));
  }

  async #fetchAll(onProgress, signal) {
    const missing = await this.#missing();
    const total = missing.reduce((sum, entry) => sum + entry.length, 0);
    let done = 0;
    onProgress?.({ stage: "elements", done, total });
    const deliver = async (found) => {
      try {
        await this.#keep(found);
      } catch (error) {
        if (error?.name !== "QuotaExceededError") throw error;
        throw new HaacError(
          `the browser gives this site no more room: ${done} of ${total} bytes of elements were kept, and can be used`,
          { cause: error },
        );
      }
      for (const data of found.values()) done += data.length;
      onProgress?.({ stage: "elements", done, total });
    };
    await fetchElements(this.#transport, this.#state, missing, deliver, signal);
  }
}

function storeOf(base) {
  return globalThis.indexedDB === undefined ? new MemoryStore() : new IndexedDbStore(base);
}

/** The store and what it has. Browsers may have an IndexedDB and forbid it to this page: then nothing outlasts that. */
async function readStore(store, base) {
  const given = store ?? storeOf(base);
  try {
    return [given, await given.read()];
  } catch (error) {
    if (store !== undefined || error instanceof HaacError) throw error;
    return [new MemoryStore(), null];
  }
}

async function isRight(entry, data) {
  try {
    await checkElement(entry, data);
    return true;
  } catch (error) {
    if (error instanceof HaacError) return false; // damaged here: it is fetched again
    throw error;
  }
}
