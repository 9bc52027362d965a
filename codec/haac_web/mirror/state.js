/** What the log says: which elements there are, and where their bytes are. Applied record by record, kept in pages. */

import { MirrorError } from "../errors.js";

/** Elements of one page: what is written again when one of them changes. */
const PAGE = 1024;
/** Of what stores keep; a higher one is of a newer haac. */
const VERSION = 1;

/**
 * @typedef {object} Entry One element; never changed in place.
 * @property {number} number
 * @property {string} sha256 of its bytes
 * @property {number} length bytes
 * @property {number|null} pack its key in `packs`; null once its bytes are gone
 * @property {number} offset in the pack
 * @property {number} width pixels
 * @property {number} height pixels
 * @property {string} name
 * @property {string[]} tags
 * @property {string} colour six hex digits, or ""
 * @property {string} licence
 * @property {string} attribution
 * @property {string} source
 * @property {string} time when it was added, UTC
 * @property {string|null} withdrawn the reason of its takedown; null if it is live
 * @property {boolean} keeps whether its bytes stay in the packs though it was withdrawn
 */

/** All that was accepted of a repository's log. */
export class State {
  /** @param {string} repository id, 32 hex digits */
  constructor(repository) {
    this.repository = repository;
    this.records = 0;
    this.elements = 0;
    /** Live elements. */
    this.standing = 0;
    /** As in the head. */
    this.segments = [];
    /** @type {Map<number, {sha256: string, bytes: number}>} by a key of our own */
    this.packs = new Map();
    this.packKey = 0;
    /** @type {Map<number, Entry>} */
    this.entries = new Map();
    /** SHA-256 of the accepted head, and the ETag it came with. */
    this.head = "";
    this.etag = "";
    this.time = "";
  }

  /** One that may be changed while this one stays as it is. */
  draft() {
    const made = Object.assign(new Draft(this.repository), this);
    made.segments = [...this.segments];
    made.packs = new Map(this.packs);
    made.entries = new Map(this.entries);
    return made;
  }

  /** Plain data, but for the pages. */
  meta() {
    const { repository, records, elements, standing, segments, packKey, head, etag, time } = this;
    const packs = [...this.packs].map(([key, { sha256, bytes }]) => [key, sha256, bytes]);
    return { version: VERSION, repository, records, elements, standing, segments, packs, packKey, head, etag, time };
  }

  /** The entries of a page. */
  page(index) {
    const found = [];
    for (let number = index * PAGE; number < (index + 1) * PAGE; number += 1) {
      const entry = this.entries.get(number);
      if (entry !== undefined) found.push(entry);
    }
    return found;
  }

  /**
   * Out of what a store kept.
   *
   * @param {{meta: object, pages: Entry[][]}} kept
   * @throws {MirrorError} it is of a newer haac, or damaged
   */
  static from({ meta, pages }) {
    if (!(meta?.version <= VERSION)) {
      throw new MirrorError(
        "what is kept here of the repository is as of a newer haac: take newer modules, or Repository.forget(url)",
      );
    }
    const { packs, ...plain } = meta;
    const state = Object.assign(new State(meta.repository), plain);
    delete state.version;
    state.packs = new Map(packs.map(([key, sha256, bytes]) => [key, { sha256, bytes }]));
    const all = pages.flat().sort((one, other) => one.number - other.number);
    state.entries = new Map(all.map((entry) => [entry.number, entry]));
    let standing = 0;
    for (const entry of all) standing += entry.withdrawn === null ? 1 : 0;
    if (standing !== state.standing) {
      throw new MirrorError("what is kept here of the repository is damaged: Repository.forget(url), and sync again");
    }
    return state;
  }
}

/** A state to which records are being applied. */
class Draft extends State {
  constructor(repository) {
    super(repository);
    /** @type {Set<number>} pages that are to be written */
    this.dirty = new Set();
    /** @type {number[]} elements that were withdrawn: their bytes are kept nowhere */
    this.gone = [];
    this.keyOf = null;
    this.inPack = null;
  }

  /**
   * Apply a checked record.
   *
   * @param {object} record
   * @param {Map<string, number>} lengths of the packs that the head lists; another one has 0 until it is replaced
   * @throws {MirrorError} a repack that does not fit
   */
  apply(record, lengths) {
    if (record.op === "add") this.#add(record, lengths);
    else if (record.op === "repack") this.#repack(record);
    else {
      const entry = this.entries.get(record.id);
      if (entry !== undefined) {
        if (record.op === "tag") this.#set({ ...entry, name: record.name ?? "", tags: record.tags ?? [] });
        else this.#withdraw(entry, record);
      }
    }
    this.records = record.seq;
  }

  #set(entry) {
    this.entries.set(entry.number, entry);
    this.dirty.add(Math.floor(entry.number / PAGE));
  }

  #add(record, lengths) {
    const pack = record.pack === undefined ? null : this.#packKeyOf(record.pack, lengths.get(record.pack) ?? 0);
    this.#set({
      number: record.id,
      sha256: record.sha256,
      length: record.length,
      pack,
      offset: record.offset ?? 0,
      width: record.width,
      height: record.height,
      name: record.name ?? "",
      tags: record.tags ?? [],
      colour: record.colour ?? "",
      licence: record.licence ?? "",
      attribution: record.attribution ?? "",
      source: record.source ?? "",
      time: record.time,
      withdrawn: null,
      keeps: false,
    });
    if (pack !== null) this.inPack?.get(pack).add(record.id);
    this.elements = record.id;
    this.standing += 1;
  }

  #withdraw(entry, { reason = "", keep_bytes: keeps = false }) {
    if (entry.withdrawn === null) {
      this.#set({ ...entry, withdrawn: reason, keeps });
      this.standing -= 1;
      this.gone.push(entry.number);
    } else if (entry.keeps && !keeps) this.#set({ ...entry, withdrawn: reason, keeps: false });
  }

  #packKeyOf(sha256, bytes) {
    let key = this.#keys().get(sha256);
    if (key === undefined) {
      this.packKey += 1;
      key = this.packKey;
      this.packs.set(key, { sha256, bytes });
      this.#keys().set(sha256, key);
      this.inPack?.set(key, new Set());
    }
    return key;
  }

  #keys() {
    this.keyOf ??= new Map([...this.packs].map(([key, pack]) => [pack.sha256, key]));
    return this.keyOf;
  }

  /** What is left of packs moves to another one: pack by pack, each kept byte range, in order, back to back. */
  #repack({ seq, packs, pack, length = 0 }) {
    this.#index();
    const old = packs.map((sha256) => {
      const key = this.#keys().get(sha256);
      if (key === undefined) {
        throw new MirrorError(`log record ${seq} replaces pack ${sha256.slice(0, 12)}..., in which no element is`);
      }
      return key;
    });
    const kept = old.map((key) => this.#ranges(key));
    const total = kept.flat().reduce((sum, range) => sum + range.length, 0);
    if (total !== length) {
      throw new MirrorError(
        `log record ${seq} replaces packs by one of ${length} bytes; what is left of them has ${total}`,
      );
    }
    const target = total > 0 ? this.#packKeyOf(pack, total) : null;
    let at = 0;
    kept.forEach((ranges, index) => {
      const numbers = this.inPack.get(old[index]);
      for (const range of ranges) {
        for (const number of range.numbers) {
          this.#set({ ...this.entries.get(number), pack: target, offset: at });
          this.inPack.get(target).add(number);
          numbers.delete(number);
        }
        at += range.length;
      }
      for (const number of numbers) this.#set({ ...this.entries.get(number), pack: null, offset: 0 });
      this.inPack.delete(old[index]);
      this.packs.delete(old[index]);
      this.#keys().delete(packs[index]);
    });
  }

  /** The byte ranges of a pack that elements keep, with all elements that have them, in order of offset. */
  #ranges(key) {
    const ranges = new Map();
    for (const number of this.inPack.get(key)) {
      const { offset, length, withdrawn, keeps } = this.entries.get(number);
      const place = `${offset} ${length}`;
      const range = ranges.get(place) ?? { offset, length, numbers: [], stays: false };
      range.numbers.push(number);
      range.stays ||= withdrawn === null || keeps;
      ranges.set(place, range);
    }
    return [...ranges.values()]
      .filter((range) => range.stays)
      .sort((one, other) => one.offset - other.offset || one.length - other.length);
  }

  #index() {
    if (this.inPack !== null) return;
    this.inPack = new Map([...this.packs.keys()].map((key) => [key, new Set()]));
    for (const { number, pack } of this.entries.values()) if (pack !== null) this.inPack.get(pack).add(number);
  }

  /**
   * Once all records of a head are applied, this must be what the head promises.
   *
   * @param {import("./head.js").Head} head
   * @throws {MirrorError} other counts, other packs, or an element without bytes that was not taken down
   */
  check(head) {
    if (this.records !== head.records || this.elements !== head.elements) {
      throw new MirrorError(
        `the log holds ${this.records} records and ${this.elements} elements; the head promises ${head.records} and` +
          ` ${head.elements}`,
      );
    }
    const listed = new Map(head.packs.map((pack) => [pack.sha256, pack.bytes]));
    for (const { sha256, bytes } of this.packs.values()) {
      if (!listed.has(sha256)) {
        throw new MirrorError(
          `elements are in pack ${sha256.slice(0, 12)}..., and the head does not list it (any more): nothing was` +
            " changed; tell the publisher",
        );
      }
      if (listed.get(sha256) !== bytes) {
        throw new MirrorError(`pack ${sha256.slice(0, 12)}... has another length in the log than in the head`);
      }
    }
    if (this.packs.size !== listed.size) throw new MirrorError("the head lists packs that no element is in");
    for (const { pack, withdrawn } of this.entries.values()) {
      if (pack === null && withdrawn === null) {
        throw new MirrorError("the log has elements without bytes that were not taken down");
      }
    }
  }
}
