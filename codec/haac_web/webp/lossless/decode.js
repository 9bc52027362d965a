/** Lossless pictures: the chunk `VP8L`. */

import { damaged } from "../damaged.js";
import { BitReader } from "./bits.js";
import { decodeImage } from "./image.js";
import { isIndexed, readTransforms, undoTransforms } from "./transforms.js";

/** The first byte of every lossless bitstream. */
const SIGNATURE = 0x2f;
/** Bytes before the first coded bit. */
const HEADER = 5;

/**
 * What a lossless bitstream says about its picture (RFC 9649, section 3.4).
 *
 * @param {Uint8Array} bytes What is in a chunk `VP8L`.
 * @returns {{width: number, height: number, alpha: boolean}} Pixels; whether there may be any that are not opaque.
 * @throws {PictureError} It is none.
 */
export function losslessHeader(bytes) {
  if (bytes.length < HEADER || bytes[0] !== SIGNATURE || bytes[4] >> 5) {
    throw damaged("it does not begin as a lossless picture does");
  }
  const bits = new DataView(bytes.buffer, bytes.byteOffset + 1).getUint32(0, true);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, alpha: (bits >>> 28) % 2 === 1 };
}

/**
 * Decode a lossless picture (VP8L).
 *
 * @param {Uint8Array} bytes What is in a chunk `VP8L`; its size is to be checked before.
 * @returns {Int32Array} ARGB, a row after the other.
 * @throws {PictureError} Damaged.
 */
export function decodeLossless(bytes) {
  const { width, height } = losslessHeader(bytes);
  return decodeStream(bytes.subarray(HEADER), width, height);
}

/**
 * Decode a lossless picture whose size is known, without header: of alpha beside a lossy picture.
 *
 * @param {Uint8Array} bytes
 * @param {number} width Pixels.
 * @param {number} height Pixels.
 * @returns {Int32Array} ARGB, a row after the other.
 * @throws {PictureError} Damaged.
 */
export function decodeBare(bytes, width, height) {
  return decodeStream(bytes, width, height, true);
}

/** `alpha`: libwebp overlooks it if numbers of a palette end some bits too early. */
function decodeStream(bytes, width, height, alpha = false) {
  const reader = new BitReader(bytes);
  const { transforms, width: codedWidth } = readTransforms(reader, width, height);
  const cutOff = alpha && isIndexed(transforms);
  return undoTransforms(decodeImage(reader, codedWidth, height, true, cutOff), transforms, height);
}
