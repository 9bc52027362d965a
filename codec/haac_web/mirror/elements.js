/** Single elements out of packs: neighbours in one range request, each checked before it is given to anybody. */

import { ElementError, MirrorError } from "../errors.js";
import { formatId } from "../forms/text.js";
import { sha256 } from "./digest.js";

/** Bytes of one range request, which are held in memory; an element that is longer comes by itself. */
const RANGE_MAX = 2 * 2 ** 20;
/** Bytes that are fetched along rather than asking once more. */
const GAP = 64 * 2 ** 10;
/** Requests at a time. */
const AT_ONCE = 4;
const HEADER_BYTES = 25;

/** Path of a sealed pack, relative to the repository. */
export function packPath(hash) {
  return `packs/${hash}.pack`;
}

/**
 * Fetch elements.
 *
 * @param {import("./transport.js").Transport} transport
 * @param {import("./state.js").State} state
 * @param {import("./state.js").Entry[]} entries live ones
 * @param {(found: Map<number, Uint8Array>) => Promise<void>} deliver called with checked bytes, some at a time
 * @param {AbortSignal} [signal]
 * @throws {MirrorError} bytes are not what the log promises
 * @throws {import("../errors.js").TransportError} the server failed; what was delivered is right
 */
export async function fetchElements(transport, state, entries, deliver, signal) {
  const packs = new Map();
  for (const entry of entries) {
    if (entry.pack === null) throw new ElementError(`element ${formatId(entry.number)} has no bytes any more`);
    packs.set(entry.pack, [...(packs.get(entry.pack) ?? []), entry]);
  }
  const jobs = [...packs].map(([key, wanted]) => {
    const sorted = wanted.sort((one, other) => one.offset - other.offset || one.length - other.length);
    checkApart(sorted);
    return { pack: state.packs.get(key), wanted: sorted };
  });
  await together(jobs, (job) => fetchOfPack(transport, job, deliver, signal));
}

async function fetchOfPack(transport, { pack, wanted }, deliver, signal) {
  const runs = runsOf(wanted);
  // A server that knows no ranges says so with the first answer: all there is to have is taken out of that.
  if (await fetchRun(transport, pack, runs[0], wanted, deliver, signal)) return;
  await together(runs.slice(1), async (run) => {
    await fetchRun(transport, pack, run, run, deliver, signal);
  });
}

/** Entries of a pack, in order, as few requests; elements that overlap in part were published wrongly. */
function runsOf(wanted) {
  const runs = [];
  for (const entry of wanted) {
    const run = runs.at(-1);
    const stop = entry.offset + entry.length;
    if (run && entry.offset - stopOf(run) <= GAP && stop - run[0].offset <= RANGE_MAX) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}

function checkApart(wanted) {
  wanted.slice(1).forEach((entry, index) => {
    const before = wanted[index];
    const same = entry.offset === before.offset && entry.length === before.length;
    if (!same && entry.offset < before.offset + before.length) {
      throw new MirrorError(
        `elements ${formatId(before.number)} and ${formatId(entry.number)} overlap: they were published wrongly`,
      );
    }
  });
}

function stopOf(run) {
  const last = run.at(-1);
  return last.offset + last.length;
}

/** Fetch a run; true if the server sent the whole pack, and so all that is wanted of it. */
async function fetchRun(transport, pack, run, wanted, deliver, signal) {
  let cutter;
  let whole;
  const begin = (all) => {
    whole = all;
    cutter = new Cutter(all ? wanted : run);
    return (at, block) => cutter.take(at, block);
  };
  await transport.part(packPath(pack.sha256), pack.bytes, [run[0].offset, stopOf(run)], begin, signal);
  const found = new Map();
  for (const [entry, data] of cutter.cut) {
    await checkElement(entry, data);
    found.set(entry.number, data);
  }
  await deliver(found);
  return whole;
}

/** Cuts the bytes of elements out of a pack as it comes; the rest is dropped. */
class Cutter {
  /** @param {import("./state.js").Entry[]} wanted in order of their offsets */
  constructor(wanted) {
    this.cut = new Map();
    this.wanted = wanted;
    this.next = 0;
  }

  /** Takes a block from its place in the pack; whether that was all. */
  take(at, block) {
    const end = at + block.length;
    for (let index = this.next; index < this.wanted.length; index += 1) {
      const entry = this.wanted[index];
      const stop = entry.offset + entry.length;
      if (entry.offset >= end) break;
      if (!this.cut.has(entry)) this.cut.set(entry, new Uint8Array(entry.length));
      const from = Math.max(entry.offset, at);
      this.cut.get(entry).set(block.subarray(from - at, Math.min(stop, end) - at), from - entry.offset);
      if (stop <= end && index === this.next) this.next += 1;
    }
    return this.next === this.wanted.length;
  }
}

/**
 * Check the bytes of an element: their hash, and that they begin as a lossless WebP of its size.
 *
 * @param {import("./state.js").Entry} entry
 * @param {Uint8Array} data
 * @throws {MirrorError} it is not what the log promises
 */
export async function checkElement(entry, data) {
  if (data.length !== entry.length || (await sha256(data)) !== entry.sha256) {
    throw new MirrorError(
      `element ${formatId(entry.number)} is not what the log promises: its pack is damaged on the server, or somebody` +
        " changed it on the way. It was not used; tell the publisher",
    );
  }
  if (!isLossless(data, entry.width, entry.height)) {
    throw new MirrorError(
      `element ${formatId(entry.number)} was published wrongly: it is no lossless WebP of` +
        ` ${entry.width}x${entry.height}`,
    );
  }
}

/** RFC 9649, 2.6 and 3.4, as haac_repo/_pixels.py `check_header`: the simple file format with a VP8L bitstream. */
function isLossless(data, width, height) {
  if (data.length < HEADER_BYTES) return false;
  const view = new DataView(data.buffer, data.byteOffset, HEADER_BYTES);
  const fits =
    view.getUint32(0) === 0x52494646 && // RIFF
    view.getUint32(8) === 0x57454250 && // WEBP
    view.getUint32(12) === 0x5650384c && // VP8L
    view.getUint8(20) === 0x2f;
  const chunk = view.getUint32(16, true);
  const bits = view.getUint32(21, true);
  return (
    fits &&
    bits >>> 29 === 0 &&
    view.getUint32(4, true) + 8 === data.length &&
    chunk + (chunk & 1) + 20 === data.length &&
    (bits & 0x3fff) + 1 === width &&
    ((bits >>> 14) & 0x3fff) + 1 === height
  );
}

/** Run tasks, some at a time; the first that fails is thrown once none runs any more. */
async function together(items, run) {
  let next = 0;
  let failed = null;
  const worker = async () => {
    while (next < items.length && failed === null) {
      const item = items[next];
      next += 1;
      try {
        await run(item);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  if (failed !== null) throw failed.error;
}
