/** The log: gzip of JSON lines, inflated under a cap; records, each validated, and all of them in their order. */

import { REPOSITORY_LIMITS } from "../constants.js";
import { MirrorError } from "../errors.js";
import { COUNT_MAX } from "./head.js";
import { Fields, jsonObject, PATTERNS } from "./strict.js";

/** Packs that one record replaces, at most. */
const MOST = 256;
/** Bytes that are given to the inflater at a time. */
const PIECE = 2 ** 14;
const MEDIA_TYPE = "image/webp";
const TEXTS = ["source", "source_sha256", "model", "software", "licence", "attribution"];

/** Path of the n-th log segment (from 1), relative to the repository. */
export function segmentPath(number) {
  return `log/${String(number).padStart(8, "0")}.jsonl.gz`;
}

/**
 * The records of a segment whose SHA-256 was already checked.
 *
 * @param {Uint8Array} data
 * @param {{inflated: number, records: number}} info as the head lists it
 * @yields {object[]} validated records, some at a time
 * @throws {MirrorError} not gzip, not the promised number of bytes or records, or a malformed record; records before
 *   the bad one have been yielded by then
 */
export async function* readSegment(data, info) {
  let count = 0;
  for await (const lines of linesOf(data, info.inflated)) {
    count += lines.length;
    if (count > info.records) break;
    yield lines.map(parseRecord);
  }
  if (count !== info.records) {
    throw new MirrorError(`a log segment does not hold the ${info.records} records that the head promises`);
  }
}

async function* linesOf(data, inflated) {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let total = 0;
  let rest = "";
  for await (const block of inflate(data)) {
    total += block.length;
    if (total > inflated) {
      throw new MirrorError(`a log segment inflates to more than the ${inflated} bytes that the head promises`);
    }
    const lines = (rest + decode(decoder, block)).split("\n");
    rest = lines.pop();
    if (lines.length) yield lines;
    if (rest.length > REPOSITORY_LIMITS.record_bytes) {
      throw new MirrorError(
        `a log record is longer than the ${REPOSITORY_LIMITS.record_bytes} bytes that are allowed`,
      );
    }
  }
  if (rest !== "" || total !== inflated) {
    throw new MirrorError(`a log segment inflates to ${total} bytes; the head promises ${inflated}`);
  }
  // Engines differ in whether they take a second gzip member, and what they make of it: its length would stand here.
  const tail = new DataView(data.buffer, data.byteOffset + data.length - 4, 4);
  if (tail.getUint32(0, true) !== inflated) throw new MirrorError("a log segment goes on after its end");
}

function decode(decoder, block) {
  try {
    return decoder.decode(block, { stream: true });
  } catch {
    throw new MirrorError("a log record is not readable JSON (it is not UTF-8)");
  }
}

/** The inflated bytes, some at a time; whoever stops reading stops the inflating. */
async function* inflate(data) {
  if (data.length < 18) throw new MirrorError("a log segment is not gzip, or ends in the middle");
  const stream = new DecompressionStream("gzip");
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  feed(writer, data).catch(() => {}); // told by the reader
  try {
    for (;;) {
      const { done, value } = await read(reader);
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
    writer.abort().catch(() => {});
  }
}

/** In pieces, since engines inflate all of a piece at once: one has at most a thousand times its bytes. */
async function feed(writer, data) {
  writer.closed.catch(() => {});
  for (let at = 0; at < data.length; at += PIECE) {
    await writer.ready;
    await writer.write(data.subarray(at, at + PIECE));
  }
  await writer.close();
}

async function read(reader) {
  try {
    return await reader.read();
  } catch (error) {
    throw new MirrorError(`a log segment is not gzip, or is damaged (${String(error?.message ?? error).slice(0, 80)})`);
  }
}

/**
 * Parse and validate one line of a log segment.
 *
 * @param {string} line
 * @returns {object} the record, with the keys of docs/repository.md; keys with empty values may be absent
 * @throws {MirrorError} malformed, outside the limits, or an operation of a newer haac
 */
export function parseRecord(line) {
  const most = REPOSITORY_LIMITS.record_bytes;
  if (line.length > most || (3 * line.length > most && new TextEncoder().encode(line).length > most)) {
    throw new MirrorError(`a log record is longer than the ${most} bytes that are allowed`);
  }
  const record = jsonObject(line, "a log record");
  const fields = new Fields(record, "log record");
  const op = fields.get("op");
  fields.number("seq", 1, COUNT_MAX);
  if (op !== "repack") fields.number("id", 1, REPOSITORY_LIMITS.id_max);
  fields.match("time", PATTERNS.utc);
  if (op === "add") checkAdd(fields);
  else if (op === "tag") checkNames(fields);
  else if (op === "withdraw") checkWithdraw(fields);
  else if (op === "repack") checkRepack(fields);
  else if (typeof op === "string") {
    throw new MirrorError(
      `the log has the operation ${JSON.stringify(op.slice(0, 40))}, as of a newer haac: take newer modules`,
    );
  } else fields.fail("op", "add, tag, withdraw or repack");
  return record;
}

function checkAdd(fields) {
  fields.match("sha256", PATTERNS.hex64);
  fields.match("pixels", PATTERNS.hex64);
  fields.number("length", 1, REPOSITORY_LIMITS.object_bytes);
  // Neither, of an element whose bytes went before they were published.
  if (fields.has("pack") || fields.has("offset")) {
    fields.match("pack", PATTERNS.hex64);
    fields.number("offset", 0, REPOSITORY_LIMITS.pack_bytes);
  }
  const width = fields.number("width", 1, REPOSITORY_LIMITS.element_side);
  const height = fields.number("height", 1, REPOSITORY_LIMITS.element_side);
  if (width * height > REPOSITORY_LIMITS.element_pixels) {
    fields.fail("width", `such that width x height is at most ${REPOSITORY_LIMITS.element_pixels}`);
  }
  if (fields.get("media") !== MEDIA_TYPE) fields.fail("media", MEDIA_TYPE);
  checkNames(fields);
  for (const key of TEXTS) fields.text(key);
  if (fields.has("colour")) fields.match("colour", PATTERNS.hex6);
  if (fields.has("phash")) fields.match("phash", PATTERNS.hex16);
  if (fields.has("quality")) fields.number("quality", 0, 100);
  if (fields.has("derived_from")) fields.number("derived_from", 1, fields.get("id") - 1);
  fields.words("doubts", REPOSITORY_LIMITS.doubts);
}

function checkNames(fields) {
  fields.text("name");
  fields.words("tags", REPOSITORY_LIMITS.tags);
}

function checkWithdraw(fields) {
  fields.text("reason");
  if (fields.has("keep_bytes") && typeof fields.get("keep_bytes") !== "boolean") {
    fields.fail("keep_bytes", "true or false");
  }
}

function checkRepack(fields) {
  const packs = fields.list("packs");
  if (packs.length < 1 || packs.length > MOST || new Set(packs).size !== packs.length) {
    fields.fail("packs", `a list of 1 to ${MOST} packs, none of them twice`);
  }
  if (!packs.every((pack) => typeof pack === "string" && PATTERNS.hex64[0].test(pack))) {
    fields.fail("packs", "a list of 64 hex digits each");
  }
  // Neither, where nothing is left.
  if (fields.has("pack") || fields.has("length")) {
    fields.match("pack", PATTERNS.hex64);
    fields.number("length", 1, REPOSITORY_LIMITS.pack_bytes);
    if (packs.includes(fields.get("pack"))) fields.fail("pack", "another pack than those that it replaces");
  }
}

/** Invariants across log records: sequence, ids given out once, byte ranges inside published packs. */
export class LogOrder {
  /**
   * @param {number} records log records already accepted
   * @param {number} elements highest element number already bound
   * @param {Map<string, number>} packs length of each pack that the head lists
   */
  constructor(records, elements, packs) {
    this.records = records;
    this.elements = elements;
    this.packs = packs;
  }

  /**
   * Validate the next record, and count it.
   *
   * @throws {MirrorError} out of sequence, an id that is bound already, a place outside the packs
   */
  accept(record) {
    const { seq, op } = record;
    if (seq !== this.records + 1) {
      throw new MirrorError(`the log is out of sequence: record ${seq} stands where ${this.records + 1} must`);
    }
    if (op === "repack") {
      const listed = record.pack === undefined ? undefined : this.packs.get(record.pack);
      if (listed !== undefined && listed !== record.length) {
        throw new MirrorError(`log record ${seq} makes a pack of another length than the head lists`);
      }
    } else if (op === "add") this.#acceptAdd(record);
    else if (record.id > this.elements) {
      throw new MirrorError(`log record ${seq} is about element ${record.id}, which does not exist`);
    }
    this.records = seq;
  }

  #acceptAdd({ seq, id, pack, offset = 0, length }) {
    if (id <= this.elements) {
      throw new MirrorError(`log record ${seq} binds id ${id} again; an id is bound once, for ever`);
    }
    const room = this.packs.get(pack) ?? REPOSITORY_LIMITS.pack_bytes;
    if (offset + length > room) throw new MirrorError(`log record ${seq} reaches beyond the end of its pack`);
    this.elements = id;
  }
}
