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
 * Crop or pad: the part `wanted` of pixels that cover `box`; transparent outside it. The pixels themselves if that is
 * all of them.
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

/** v * alpha / 255, rounded, as Pillow does it. */
export function timesAlpha(value, alpha) {
  const t = value * alpha + 128;
  return ((t >> 8) + t) >> 8;
}

/** Premultiply, in place. What is transparent has no colour afterwards. */
export function premultiply({ data, words }) {
  for (let n = 0; n < words.length; n++) {
    const alpha = words[n] >>> 24;
    if (alpha === 255) continue;
    if (alpha === 0) {
      words[n] = 0;
      continue;
    }
    const at = 4 * n;
    data[at] = timesAlpha(data[at], alpha);
    data[at + 1] = timesAlpha(data[at + 1], alpha);
    data[at + 2] = timesAlpha(data[at + 2], alpha);
  }
}

/** Undo `premultiply`, in place: for alpha 0 and 255 the colours stay. */
export function unpremultiply({ data, words }) {
  for (let n = 0; n < words.length; n++) {
    const alpha = words[n] >>> 24;
    if (alpha === 255 || alpha === 0) continue;
    const at = 4 * n;
    data[at] = Math.min(255, ((255 * data[at]) / alpha) | 0);
    data[at + 1] = Math.min(255, ((255 * data[at + 1]) / alpha) | 0);
    data[at + 2] = Math.min(255, ((255 * data[at + 2]) / alpha) | 0);
  }
}
