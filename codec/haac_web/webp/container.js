/** The container of WebP: RIFF chunks. */

import { damaged } from "./damaged.js";

/** Bytes of `RIFF`, the length and `WEBP`. */
export const RIFF_HEADER = 12;
const CHUNK_HEADER = 8;
/** Flags of a chunk `VP8X`: those there are, and two of them. */
const FLAGS = 0x3e;
const ALPHA = 0x10;
const ANIMATION = 0x02;

/**
 * The parts of a WebP file that matter for its pixels.
 *
 * @typedef {object} Parts
 * @property {Uint8Array} frame What is in the chunk `VP8 ` or `VP8L`.
 * @property {boolean} lossless It is `VP8L`.
 * @property {Uint8Array | null} alpha What is in the chunk `ALPH`, if there is one.
 * @property {{width: number, height: number, alpha: boolean} | null} canvas What `VP8X` says, if there is one.
 */

/**
 * Take a still WebP file apart (RFC 9649, section 2). Metadata are skipped.
 *
 * @param {Uint8Array} bytes
 * @returns {Parts}
 * @throws {PictureError} It is none, or ends too early.
 */
export function partsOf(bytes) {
  if (bytes.length < RIFF_HEADER || nameAt(bytes, 0) !== "RIFF" || nameAt(bytes, 8) !== "WEBP") {
    throw damaged("it is no WebP picture");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = CHUNK_HEADER + view.getUint32(4, true);
  if (end > bytes.length) {
    throw damaged(`it has ${bytes.length} bytes and says that it has ${end}`);
  }
  const parts = { frame: null, lossless: false, alpha: null, canvas: null };
  for (let at = RIFF_HEADER; at < end; ) {
    const from = at + CHUNK_HEADER;
    const length = from <= end ? view.getUint32(at + 4, true) : 0;
    const next = from + length + (length % 2);
    if (next > end) {
      throw damaged("one of its chunks ends too early");
    }
    // Decoders take the byte that fills a chunk up to an even length for one of the bitstream.
    const whole = nameAt(bytes, at) === "VP8L" ? next : from + length;
    take(parts, nameAt(bytes, at), bytes.subarray(from, whole), at === RIFF_HEADER);
    at = next;
  }
  if (!parts.frame) {
    throw damaged("it has no pixels");
  }
  if (parts.canvas && !parts.canvas.alpha) {
    parts.alpha = null; // as decoders do: the header says that there is none
  }
  return parts;
}

function take(parts, name, data, first) {
  switch (name) {
    case "VP8 ":
    case "VP8L":
      if (!parts.frame) {
        parts.frame = data;
        parts.lossless = name === "VP8L";
      }
      break;
    case "ALPH":
      if (first) {
        throw damaged("it has alpha without a header");
      }
      if (!parts.frame) {
        parts.alpha ??= data;
      }
      break;
    case "VP8X":
      if (!first || data.length !== 10 || data[0] & ~FLAGS) {
        throw damaged("its header is wrong, or not where it belongs");
      }
      if (data[0] & ANIMATION) {
        throw damaged("it moves, and elements are still");
      }
      parts.canvas = { width: uint24(data, 4) + 1, height: uint24(data, 7) + 1, alpha: (data[0] & ALPHA) !== 0 };
      break;
    default:
      if (first) {
        throw damaged("it does not begin with its pixels or its header");
      }
  }
}

function nameAt(bytes, at) {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function uint24(bytes, at) {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
}
