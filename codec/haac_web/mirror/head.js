/** The head: all that is published, by hash (docs/repository.md, "head"); and what a new one may not take back. */

import { REPOSITORY_LIMITS } from "../constants.js";
import { MirrorError } from "../errors.js";
import { Fields, jsonObject, PATTERNS } from "./strict.js";

/** Beyond this, readers of JSON round. */
export const COUNT_MAX = 2 ** 53;

const FORMAT = 1;
const VALUES_LEAST = 1000;
const BYTES_A_VALUE = 16;

/**
 * @typedef {object} Head
 * @property {string} repository 32 hex digits
 * @property {number} records log records in all segments
 * @property {number} elements highest element number given out in them
 * @property {{sha256: string, bytes: number, inflated: number, records: number}[]} segments
 * @property {{sha256: string, bytes: number}[]} packs in order of first use
 * @property {string} time UTC
 */

/**
 * Parse a head. Keys that this version does not know are ignored.
 *
 * @param {Uint8Array} data
 * @returns {Head}
 * @throws {MirrorError} not a head, outside the limits, or in the format of a newer haac
 */
export function parseHead(data) {
  if (data.length > REPOSITORY_LIMITS.head_bytes) {
    throw new MirrorError(`the head has ${data.length} bytes; at most ${REPOSITORY_LIMITS.head_bytes} are allowed`);
  }
  checkValues(data);
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new MirrorError("the head is not readable JSON (it is not UTF-8)");
  }
  if (text.trimStart().startsWith("<")) {
    throw new MirrorError(
      "what was received is a web page, not a repository's head: is the address right, and is there a log-in page" +
        " between you and the server?",
    );
  }
  const value = jsonObject(text, "the head");
  const fields = new Fields(value, "the head");
  if (Number.isInteger(fields.get("format")) && value.format > FORMAT) {
    throw new MirrorError(
      `the repository is published in format ${value.format}, as of a newer haac; this one reads format ${FORMAT}:` +
        " take newer modules",
    );
  }
  return checkedHead(fields);
}

function checkedHead(fields) {
  fields.number("format", FORMAT, FORMAT);
  if (fields.get("previous") !== "") fields.match("previous", PATTERNS.hex64);
  fields.list("signatures");
  const head = {
    repository: fields.match("repository", PATTERNS.hex32),
    records: fields.number("records", 0, COUNT_MAX),
    elements: fields.number("elements", 0, REPOSITORY_LIMITS.id_max),
    segments: fields.objects("segments").map((entry) => ({
      sha256: entry.match("sha256", PATTERNS.hex64),
      bytes: entry.number("bytes", 1, REPOSITORY_LIMITS.segment_bytes),
      inflated: entry.number("inflated", 1, REPOSITORY_LIMITS.segment_inflated_bytes),
      records: entry.number("records", 1, REPOSITORY_LIMITS.segment_inflated_bytes),
    })),
    packs: fields.objects("packs").map((entry) => ({
      sha256: entry.match("sha256", PATTERNS.hex64),
      bytes: entry.number("bytes", 1, REPOSITORY_LIMITS.pack_bytes),
    })),
    time: fields.match("time", PATTERNS.utc),
  };
  if (head.segments.reduce((sum, each) => sum + each.records, 0) !== head.records) {
    throw new MirrorError("the head is wrong: its segments do not add up to its number of records");
  }
  if (new Set(head.packs.map((each) => each.sha256)).size !== head.packs.length) {
    throw new MirrorError("the head is wrong: it lists a pack twice");
  }
  return head;
}

/** Every value takes memory, some 30 times its text; an entry of a pack has 93 bytes and three of these. */
function checkValues(data) {
  let values = 0;
  for (const byte of data) values += byte === 0x5b || byte === 0x7b || byte === 0x2c ? 1 : 0;
  if (values > VALUES_LEAST + Math.floor(data.length / BYTES_A_VALUE)) {
    throw new MirrorError(`the head has ${values} values in ${data.length} bytes, and no head has so many`);
  }
}

/**
 * Rollback and fork protection: a new head must extend all that was accepted before.
 *
 * @param {Head} head
 * @param {{repository: string, records: number, elements: number, segments: object[]}} known
 * @throws {MirrorError} another repository's, an older one, or of another history; what is here stays as it is
 */
export function checkHistory(head, known) {
  if (head.repository !== known.repository) {
    throw new MirrorError(
      `the server publishes repository ${head.repository.slice(0, 8)}..., what is here is of` +
        ` ${known.repository.slice(0, 8)}...: is the address right? Where the publisher did put another repository` +
        " there, Repository.forget(url) drops what is here",
    );
  }
  if (head.records < known.records || head.elements < known.elements) {
    throw new MirrorError(
      `the server went back: it publishes ${head.records} log records, ${known.records} were seen before. Nothing was` +
        ` changed; the server may be out of date, or somebody is hiding takedowns. ${WAY_OUT}`,
    );
  }
  if (head.segments.length < known.segments.length) {
    throw new MirrorError(
      `the log shrank: the server publishes ${head.segments.length} segments, ${known.segments.length} were seen` +
        ` before. Nothing was changed. ${WAY_OUT}`,
    );
  }
  known.segments.forEach((held, index) => {
    const info = head.segments[index];
    if (held.sha256 !== info.sha256 || held.bytes !== info.bytes || held.inflated !== info.inflated) {
      throw new MirrorError(
        `log segment ${index + 1} was rewritten: another one was seen before. Published segments never change; two` +
          ` repositories may be writing under one id. Nothing was changed. ${WAY_OUT}`,
      );
    }
  });
}

const WAY_OUT = "If the publisher says that it is right, Repository.forget(url) drops what is here, to begin anew";
