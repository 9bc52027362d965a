/**
 * Pictures as the renderer holds them: RGBA bytes, and the same memory as 32-bit words of one pixel each.
 *
 * All processors that browsers run on are little-endian: alpha is the uppermost byte of a word.
 */

/**
 * @typedef {object} Pixels
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array} data four bytes a pixel, row by row.
 * @property {Uint32Array} words the same memory.
 */

/** Transparent black pixels. @returns {Pixels} */
export function blank(width, height) {
  const buffer = new ArrayBuffer(4 * width * height);
  return { width, height, data: new Uint8Array(buffer), words: new Uint32Array(buffer) };
}

/** A Picture as Pixels, without a copy unless its bytes do not begin at a multiple of four. @returns {Pixels} */
export function pixelsOf({ width, height, data }) {
  const bytes = data.byteOffset % 4 ? new Uint8Array(data) : data;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, width * height);
  return { width, height, data: bytes, words };
}

/**
 * Crop or pad: the part `wanted` of pixels that cover `box`; transparent outside it. The pixels themselves if that is all of them.
 *
 * @param {Pixels} pixels
 * @param {number[]} box
 * @param {number[]} wanted not empty.
 * @returns {Pixels}
 */
export function cutOut(pixels, box, wanted) {
  const width = wanted[2] - wanted[0];
  const height = wanted[3] - wanted[1];
  const left = wanted[0] - box[0];
  const top = wanted[1] - box[1];
  if (left === 0 && top === 0 && width === pixels.width && height === pixels.height) return pixels;
  const result = blank(width, height);
  const first = Math.max(0, left);
  const last = Math.min(pixels.width, left + width);
  if (first >= last) return result;
  const end = Math.min(pixels.height, top + height);
  for (let y = Math.max(0, top); y < end; y++) {
    const row = y * pixels.width;
    result.words.set(pixels.words.subarray(row + first, row + last), (y - top) * width + first - left);
  }
  return result;
}
