/**
 * WebP pictures decoded: the same pixels as libwebp gives by default, also where they are transparent.
 *
 * Browsers decode WebP too, but a canvas keeps no colours of what is transparent and rounds them where it is nearly so.
 */

import { LIMITS, REPOSITORY_LIMITS } from "../constants.js";
import { PictureError } from "../errors.js";
import { decodeAlpha } from "./alpha.js";
import { partsOf, RIFF_HEADER } from "./container.js";
import { damaged } from "./damaged.js";
import { decodeLossless, losslessHeader } from "./lossless/decode.js";
import { decodeLossy } from "./lossy/decode.js";
import { lossyHeader } from "./lossy/header.js";

/**
 * @typedef {object} Picture
 * @property {number} width Pixels.
 * @property {number} height Pixels.
 * @property {Uint8Array} data RGBA, alpha straight, a row after the other.
 */

/**
 * Decode a still WebP file, lossless or lossy, with or without alpha.
 *
 * @param {Uint8Array} bytes
 * @param {{maxPixels?: number}} [limits] More pixels are refused before anything is allocated.
 * @returns {Picture}
 * @throws {PictureError} Damaged, or too large.
 */
export function decodeWebp(bytes, { maxPixels = REPOSITORY_LIMITS.element_pixels } = {}) {
  const parts = partsOf(bytes);
  const header = headerOf(parts);
  const { width, height } = header;
  if (width * height > maxPixels) {
    throw new PictureError(`a picture has ${width}x${height} pixels; at most ${maxPixels} in all are allowed`);
  }
  try {
    return { width, height, data: pixelsOf(parts, header) };
  } catch (error) {
    // Some hundred megabytes of prefix codes fit into two megabytes.
    if (error instanceof RangeError) {
      const message = `a picture of ${width}x${height} pixels takes more memory than there is`;
      throw new PictureError(message, { cause: error });
    }
    throw error;
  }
}

/** RGBA of a picture whose size was checked. */
function pixelsOf(parts, { width, height, alpha }) {
  if (parts.lossless) {
    return toRgba(decodeLossless(parts.frame), alpha);
  }
  // Alpha first: if it is damaged, the rest is not needed.
  const plane = parts.alpha && decodeAlpha(parts.alpha, width, height);
  const data = new Uint8Array(decodeLossy(parts.frame).buffer);
  for (let at = 0; plane && at < plane.length; at++) {
    data[at * 4 + 3] = plane[at];
  }
  return data;
}

/**
 * The size of a WebP picture, without decoding it.
 *
 * @param {Uint8Array} bytes
 * @returns {{width: number, height: number}} Pixels.
 * @throws {PictureError} It is none.
 */
export function webpSize(bytes) {
  const { width, height } = headerOf(partsOf(bytes));
  return { width, height };
}

/**
 * Decode an element that came inside a recipe.
 *
 * @param {{data: Uint8Array, width: number, height: number}} inline As `readRecipe` gives it: without the first 12
 *   bytes of a WebP file.
 * @returns {Picture}
 * @throws {PictureError} Damaged, or of another size than it says.
 */
export function decodeInline(inline) {
  const bytes = new Uint8Array(RIFF_HEADER + inline.data.length);
  bytes.set([0x52, 0x49, 0x46, 0x46, 0, 0, 0, 0, 0x57, 0x45, 0x42, 0x50]); // RIFF....WEBP
  new DataView(bytes.buffer).setUint32(4, inline.data.length + 4, true);
  bytes.set(inline.data, RIFF_HEADER);
  const picture = decodeWebp(bytes, { maxPixels: LIMITS.inline_pixels });
  if (picture.width !== inline.width || picture.height !== inline.height) {
    throw damaged("an inline element has another size than it says");
  }
  return picture;
}

function headerOf({ frame, lossless, canvas }) {
  const header = lossless ? losslessHeader(frame) : lossyHeader(frame);
  if (canvas && (canvas.width !== header.width || canvas.height !== header.height)) {
    throw damaged("its header says another size than its pixels have");
  }
  return header;
}

/** ARGB numbers to RGBA bytes. Where a picture says that it has no alpha, decoders take none. */
function toRgba(pixels, alpha) {
  const opaque = alpha ? 0 : 0xff000000;
  for (let at = 0; at < pixels.length; at++) {
    const pixel = pixels[at];
    pixels[at] = (pixel & 0xff00ff00) | ((pixel >>> 16) & 255) | ((pixel & 255) << 16) | opaque;
  }
  // Every engine of JavaScript runs on little-endian machines: lowest byte first.
  return new Uint8Array(pixels.buffer);
}
