/**
 * Boxes of pixels, and where rotation takes them: integer geometry of the renderer (haac/_drawing/boxes.py).
 *
 * A box is [left, top, right, bottom]. All numbers are whole and below 2^53, so doubles hold them exactly.
 */

import { COSINES } from "../constants.js";

/** 1 in the fixed point of sines, cosines and coordinates. */
export const ONE = 65536;

/** Quarter degrees. */
export const FULL_TURN = 1440;

/** A right angle, quarter degrees. */
export const QUARTER = 360;

/** Cosine of quarter degrees, 0 to 1439, in steps of 2^-16. */
export function cos(turn) {
  return COSINES[turn];
}

/** Sine of quarter degrees, 0 to 1439, in steps of 2^-16. */
export function sin(turn) {
  return COSINES[(turn + FULL_TURN - QUARTER) % FULL_TURN];
}

/** Larger by a margin on each side. */
export function grown([left, top, right, bottom], margin) {
  return [left - margin, top - margin, right + margin, bottom + margin];
}

/** What two boxes share; see `isEmpty`. */
export function overlap(a, b) {
  return [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
}

/** Whether there is no pixel in it. */
export function isEmpty([left, top, right, bottom]) {
  return left >= right || top >= bottom;
}

/** Pixels in it. */
export function area(box) {
  return isEmpty(box) ? 0 : (box[2] - box[0]) * (box[3] - box[1]);
}

/** Shifted to the right and down. */
export function moved([left, top, right, bottom], x, y) {
  return [left + x, top + y, right + x, bottom + y];
}

/** The smallest box around two, of which either may be empty. */
export function union(a, b) {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

/** Whether two boxes are the same. */
export function sameBox(a, b) {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3];
}

/** Quotient, rounded up. */
function ceilDivided(a, b) {
  return -Math.floor(-a / b);
}

/** Bounding box of a picture that was turned about its centre, relative to its own box before. */
export function outline(width, height, turn) {
  if (turn % QUARTER === 0) {
    if (turn % (2 * QUARTER) === 0) return [0, 0, width, height];
    const left = Math.floor((width - height) / 2);
    const top = Math.floor((height - width) / 2);
    return [left, top, left + height, top + width];
  }
  const c = Math.abs(cos(turn));
  const s = Math.abs(sin(turn));
  const across = c * width + s * height;
  const down = s * width + c * height;
  // Bilinear filtering reaches half a pixel outside the turned rectangle; -1 and +1 make room for it.
  return [
    Math.floor((width * ONE - across) / (2 * ONE)) - 1,
    Math.floor((height * ONE - down) / (2 * ONE)) - 1,
    ceilDivided(width * ONE + across, 2 * ONE) + 1,
    ceilDivided(height * ONE + down, 2 * ONE) + 1,
  ];
}

/**
 * Where the pixels of a box within the `outline` come from: exact for right angles, else with all that the filter
 * reads.
 *
 * @returns a box relative to the picture before rotation; it may reach beyond it, by a transparent border and the
 *   filter.
 */
export function turnedBack(box, width, height, turn) {
  if (turn % QUARTER === 0) {
    const [x, y] = outline(width, height, turn);
    const [left, top, right, bottom] = moved(box, -x, -y);
    switch (turn / QUARTER) {
      case 1:
        return [width - bottom, left, width - top, right];
      case 2:
        return [width - right, height - bottom, width - left, height - top];
      case 3:
        return [top, height - right, bottom, height - left];
      default:
        return box;
    }
  }
  const c = cos(turn);
  const s = sin(turn);
  const across = [];
  const down = [];
  for (const i of [box[0], box[2]]) {
    for (const j of [box[1], box[3]]) {
      const x = 2 * i - width;
      const y = 2 * j - height;
      across.push(c * x - s * y);
      down.push(s * x + c * y);
    }
  }
  const reach = 2; // the filter's one pixel, and one for rounding
  return [
    Math.floor((Math.min(...across) + width * ONE) / (2 * ONE)) - reach,
    Math.floor((Math.min(...down) + height * ONE) / (2 * ONE)) - reach,
    ceilDivided(Math.max(...across) + width * ONE, 2 * ONE) + reach,
    ceilDivided(Math.max(...down) + height * ONE, 2 * ONE) + reach,
  ];
}
