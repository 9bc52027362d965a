/** A store in the browser's IndexedDB, which stays when the page is closed, and is shared by all pages of an origin. */

import { MirrorError } from "../errors.js";

const SCHEMA = 1;
const META = "meta";
const PAGES = "pages";
const BYTES = "bytes";
const STATE = "state";

/** One repository's state and elements; methods as memory_store.js says. */
export class IndexedDbStore {
  #db = null;
  #name;

  /** @param {string} name of the repository: its address */
  constructor(name) {
    this.#name = `haac ${name}`;
  }

  async read() {
    const transaction = await this.#begin([META, PAGES], "readonly");
    const meta = wanted(transaction.objectStore(META).get(STATE));
    const pages = wanted(transaction.objectStore(PAGES).getAll());
    const [found, all] = await Promise.all([meta, pages]);
    return found === undefined ? null : { meta: found, pages: all };
  }

  async commit({ expected, meta, pages, gone }) {
    return this.#change([META, PAGES, BYTES], async (transaction) => {
      const before = await wanted(transaction.objectStore(META).get(STATE));
      if ((before?.head ?? "") !== expected) return false;
      transaction.objectStore(META).put(meta, STATE);
      for (const [index, page] of pages) transaction.objectStore(PAGES).put(page, index);
      for (const number of gone) transaction.objectStore(BYTES).delete(number);
      return true;
    });
  }

  async bytes(numbers) {
    const transaction = await this.#begin([BYTES], "readonly");
    const store = transaction.objectStore(BYTES);
    const all = await Promise.all(numbers.map(async (number) => [number, await wanted(store.get(number))]));
    return new Map(all.filter(([, data]) => data instanceof Uint8Array));
  }

  async put(found, head) {
    await this.#change([META, BYTES], async (transaction) => {
      const meta = await wanted(transaction.objectStore(META).get(STATE));
      // Another page may have learnt meanwhile that some of them were withdrawn.
      if (meta?.head === head) for (const [number, data] of found) transaction.objectStore(BYTES).put(data, number);
    });
  }

  async held() {
    const transaction = await this.#begin([BYTES], "readonly");
    return new Set(await wanted(transaction.objectStore(BYTES).getAllKeys()));
  }

  async clear() {
    const all = [META, PAGES, BYTES];
    await this.#change(all, async (transaction) => all.forEach((name) => transaction.objectStore(name).clear()));
  }

  close() {
    this.#db?.close();
    this.#db = null;
  }

  /** Change stores in one transaction: all of it, or, if anything goes wrong, nothing. */
  async #change(stores, change) {
    const transaction = await this.#begin(stores, "readwrite");
    const done = finished(transaction);
    done.catch(() => {}); // told below
    try {
      const result = await change(transaction);
      await done;
      return result;
    } catch (error) {
      try {
        transaction.abort();
      } catch {
        // It has ended already.
      }
      throw error;
    }
  }

  async #begin(stores, mode) {
    this.#db ??= await open(this.#name, () => {
      this.#db = null;
    });
    return this.#db.transaction(stores, mode);
  }
}

async function open(name, lost) {
  const request = indexedDB.open(name, SCHEMA);
  request.onupgradeneeded = () => {
    for (const store of [META, PAGES, BYTES]) request.result.createObjectStore(store);
  };
  let db;
  try {
    db = await wanted(request);
  } catch (error) {
    if (error?.name === "VersionError") {
      throw new MirrorError("what is kept here of the repository is as of a newer haac: take newer modules");
    }
    throw error;
  }
  db.onversionchange = () => {
    db.close();
    lost();
  };
  db.onclose = lost;
  return db;
}

function wanted(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function finished(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was given up"));
    transaction.onerror = () => reject(transaction.error);
  });
}
