/** A store in a folder, for Node: `import { FolderStore } from "haac/folder_store.js"`. One process at a time. */

import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { MirrorError } from "../errors.js";

const STATE = "state.json";
const ELEMENTS = "elements";

/** One repository's state and elements; methods as memory_store.js says. */
export class FolderStore {
  #folder;
  #meta;
  #pages = new Map();

  /** @param {string} folder made if it is not there */
  constructor(folder) {
    this.#folder = folder;
  }

  async read() {
    const data = await readIfThere(join(this.#folder, STATE));
    if (data === null) {
      this.#meta = null;
      return null;
    }
    let kept;
    try {
      kept = JSON.parse(data.toString("utf-8"));
    } catch {
      throw new MirrorError(`${join(this.#folder, STATE)} is damaged: delete the folder, and sync again`);
    }
    this.#meta = kept.meta;
    this.#pages = new Map(kept.pages);
    return { meta: kept.meta, pages: [...this.#pages.values()] };
  }

  async commit({ expected, meta, pages, gone }) {
    if (this.#meta === undefined) await this.read();
    if ((this.#meta?.head ?? "") !== expected) return false;
    const all = new Map(this.#pages);
    for (const [index, page] of pages) all.set(index, page);
    // First, so that a crash leaves nothing of what was taken down; what it leaves without a reason is fetched again.
    for (const number of gone) await rm(this.#path(number), { force: true });
    const state = JSON.stringify({ meta, pages: [...all] });
    await writeWhole(this.#folder, STATE, new TextEncoder().encode(state));
    this.#meta = meta;
    this.#pages = all;
    return true;
  }

  async bytes(numbers) {
    const found = new Map();
    for (const number of numbers) {
      const data = await readIfThere(this.#path(number));
      if (data !== null) found.set(number, new Uint8Array(data));
    }
    return found;
  }

  async put(found, head) {
    if (this.#meta?.head !== head) return;
    for (const [number, data] of found) await writeWhole(join(this.#folder, ELEMENTS), `${number}.webp`, data);
  }

  async held() {
    try {
      const names = await readdir(join(this.#folder, ELEMENTS));
      return new Set(names.filter((name) => name.endsWith(".webp")).map((name) => Number.parseInt(name, 10)));
    } catch (error) {
      if (error.code === "ENOENT") return new Set();
      throw error;
    }
  }

  async clear() {
    await rm(join(this.#folder, STATE), { force: true });
    await rm(join(this.#folder, ELEMENTS), { force: true, recursive: true });
    this.#meta = null;
    this.#pages = new Map();
  }

  close() {}

  #path(number) {
    return join(this.#folder, ELEMENTS, `${number}.webp`);
  }
}

async function readIfThere(path) {
  try {
    return await readFile(path);
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
}

/** Write a file whole: temporary name, fsync, rename. */
async function writeWhole(folder, name, data) {
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `${name}.tmp`);
  const file = await open(temporary, "w");
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, name));
}
