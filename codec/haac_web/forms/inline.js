/**
 * Inline elements: pixels that travel inside a recipe, as a WebP picture without its first 12 bytes (docs/format.md,
 * "Inline elements"). Here their headers are checked; nothing is decoded yet.
 */

import { LIMITS, REPOSITORY_LIMITS } from "../constants.js";
import { RecipeError } from "../errors.js";

const KEY_FRAME = [0x9d, 0x01, 0x2a];
const LOSSLESS = 0x2f;
const ALPHA = [0x10, 0, 0, 0]; // the flags of a picture that has nothing but alpha beside its colours

/**
 * Makes an inline element of its bytes. Those with the same bytes have the same key.
 * @param {Uint8Array} data a still WebP file, lossy or not, without its first 12 bytes and without metadata
 * @returns {{data: Uint8Array, width: number, height: number, key: string}}
 * @throws {RecipeError} not that, or outside the limits
 */
export function makeInline(data) {
  const [width, height] = inlineSize(data);
  const parts = [];
  for (let at = 0; at < data.length; at += 4096) parts.push(String.fromCharCode(...data.subarray(at, at + 4096)));
  return { data, width, height, key: parts.join("") };
}

/**
 * Parses the headers of an inline element: its width and height in pixels.
 * @param {Uint8Array} data as of `makeInline`
 * @returns {[number, number]}
 * @throws {RecipeError} it is no still WebP picture without metadata, or outside the limits
 */
export function inlineSize(data) {
  if (data.length > LIMITS.inline_bytes) {
    throw new RecipeError(
      `an inline element has ${data.length} bytes; at most ${LIMITS.inline_bytes} are allowed`,
    );
  }
  const [width, height] = sizeOf(chunksOf(data));
  const most = REPOSITORY_LIMITS.element_side;
  if (width < 1 || height < 1 || width > most || height > most) {
    throw damaged("its size is none that WebP can have");
  }
  if (width * height > LIMITS.inline_pixels) {
    throw new RecipeError(
      `an inline element has ${width}x${height} pixels; at most ${LIMITS.inline_pixels} in all are allowed`,
    );
  }
  return [width, height];
}

function sizeOf(chunks) {
  switch (chunks.map(({ name }) => name).join("|")) {
    case "VP8 ":
      return lossySize(chunks[0].data);
    case "VP8L":
      return losslessSize(chunks[0].data);
    case "VP8X|ALPH|VP8 ": {
      const size = lossySize(chunks[2].data);
      const sides = size.flatMap((side) => [0, 8, 16].map((shift) => ((side - 1) >> shift) & 255));
      if (!same(chunks[0].data, [...ALPHA, ...sides])) throw damaged("its header does not fit its picture");
      return size;
    }
  }
  throw damaged("it is no still WebP picture without metadata");
}

/** RIFF chunks: [{name, data}]. */
function chunksOf(data) {
  const chunks = [];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  while (at < data.length) {
    if (chunks.length === 3 || at + 8 > data.length) throw damaged("it is no still WebP picture without metadata");
    const name = String.fromCharCode(...data.subarray(at, at + 4));
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length;
    if (end + (length % 2) > data.length || (length % 2 && data[end])) throw damaged("it ends too early");
    chunks.push({ name, data: data.subarray(at + 8, end) });
    at = end + (length % 2);
  }
  return chunks;
}

function lossySize(frame) {
  if (frame.length < 10 || frame[0] & 1 || !same(frame.subarray(3, 6), KEY_FRAME)) {
    throw damaged("it does not begin with a whole frame");
  }
  // The two upper bits ask for a scaling that no decoder does.
  return [(frame[6] | (frame[7] << 8)) & 0x3fff, (frame[8] | (frame[9] << 8)) & 0x3fff];
}

function losslessSize(frame) {
  if (frame.length < 5 || frame[0] !== LOSSLESS) throw damaged("it does not begin as a lossless picture does");
  const bits = frame[1] | (frame[2] << 8) | (frame[3] << 16) | (frame[4] << 24);
  return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
}

function same(bytes, expected) {
  return bytes.length === expected.length && expected.every((byte, n) => bytes[n] === byte);
}

function damaged(why) {
  return new RecipeError(`the recipe is damaged: of an inline element, ${why}`);
}
