/** Alpha beside a lossy picture. */

import { damaged } from "./damaged.js";
import { decodeBare } from "./lossless/decode.js";

/** How alpha is compressed. */
const RAW = 0;
const LOSSLESS = 1;
/** What each pixel is a difference to. */
const HORIZONTAL = 1;
const VERTICAL = 2;

/**
 * Decode alpha beside a lossy picture (RFC 9649, section 2.7.1.2).
 *
 * That levels were reduced is only a hint, with which decoders may smooth alpha; libwebp does not, unless it is told
 * to.
 *
 * @param {Uint8Array} bytes What is in a chunk `ALPH`.
 * @param {number} width Pixels.
 * @param {number} height Pixels.
 * @returns {Uint8Array} Alpha, a row after the other.
 * @throws {PictureError} Damaged.
 */
export function decodeAlpha(bytes, width, height) {
  const about = bytes.length ? bytes[0] : 255;
  const compression = about & 3;
  const data = bytes.subarray(1);
  if (compression > LOSSLESS || ((about >> 4) & 3) > 1 || about >> 6) {
    throw damaged("its alpha is coded in a way that is not known");
  }
  if (compression === RAW && data.length < width * height) {
    throw damaged("its alpha ends too early");
  }
  const alpha = compression === RAW ? data.slice(0, width * height) : greenOf(decodeBare(data, width, height));
  undoFilter(alpha, (about >> 2) & 3, width);
  return alpha;
}

/** Where alpha stands in a lossless picture. */
function greenOf(pixels) {
  const green = new Uint8Array(pixels.length);
  for (let at = 0; at < green.length; at++) {
    green[at] = pixels[at] >>> 8;
  }
  return green;
}

function undoFilter(alpha, filter, width) {
  if (!filter) {
    return;
  }
  // In the first row and the first column, there is only one pixel to differ from.
  for (let at = 1; at < width; at++) {
    alpha[at] += alpha[at - 1];
  }
  for (let row = width; row < alpha.length; row += width) {
    alpha[row] += alpha[row - width];
    for (let at = row + 1; at < row + width; at++) {
      alpha[at] += predicted(filter, alpha[at - 1], alpha[at - width], alpha[at - width - 1]);
    }
  }
}

function predicted(filter, left, above, corner) {
  switch (filter) {
    case HORIZONTAL:
      return left;
    case VERTICAL:
      return above;
    default: // the gradient
      return Math.min(Math.max(left + above - corner, 0), 255);
  }
}
