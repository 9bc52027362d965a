/** Step 7: rotation about the centre, by right angles exactly, else bilinear as Pillow's `transform` with AFFINE. */

import { cos, grown, ONE, QUARTER, sin } from "./boxes.js";
import { blank, cutOut } from "../pixels/pixels.js";

const FRACTION = 17;
const WHOLE = 1 << FRACTION;
const MASK = WHOLE - 1;
const SCALE = 1 / (WHOLE * WHOLE);

/**
 * Rotate `plan.part` of a resized picture; the result covers `plan.turned`.
 *
 * @param {Pixels} image premultiplied; itself if there is nothing to turn.
 * @param plan see `planWarp`.
 * @param {number} turn quarter degrees counter-clockwise, 0 to 1439.
 * @returns {Pixels}
 */
export function rotate(image, plan, turn) {
  if (turn === 0) return image;
  if (turn % QUARTER === 0) return quarterTurned(image, turn / QUARTER);
  const [width, height] = plan.size;
  const [left, top, right, bottom] = plan.turned;
  const c = cos(turn);
  const s = sin(turn);
  // With a border of one transparent pixel the four neighbours of any place that shows something are there.
  const bordered = cutOut(image, plan.part, grown(plan.part, 1));
  const result = blank(right - left, bottom - top);
  // Where the middle of the result's first pixel comes from; 2^-16 of a pixel, rounded down as the format says.
  const x = Math.floor((width * ONE + c * (2 * left - width) - s * (2 * top - height)) / 2);
  const y = Math.floor((height * ONE + s * (2 * left - width) + c * (2 * top - height)) / 2);
  for (let j = 0; j < result.height; j++) {
    // The first of the four neighbours; 2^-17 of a pixel of the bordered picture.
    const u = 2 * x + c - s * (2 * j + 1) + ONE - plan.part[0] * WHOLE;
    const v = 2 * y + s + c * (2 * j + 1) + ONE - plan.part[1] * WHOLE;
    const columns = inside(u, 2 * c, bordered.width - 1, result.width);
    const rows = inside(v, 2 * s, bordered.height - 1, result.width);
    const first = Math.max(columns[0], rows[0]);
    const last = Math.min(columns[1], rows[1]);
    if (first < last) turnRow(bordered, u + 2 * c * first, v + 2 * s * first, 2 * c, 2 * s, result, j, first, last);
  }
  return result;
}

/**
 * The numbers n below `count` with 0 <= (start + n * step) / 2^17 < size: from the first up to but not including the
 * last.
 */
function inside(start, step, size, count) {
  const end = size * WHOLE;
  if (step === 0) return start >= 0 && start < end ? [0, count] : [0, 0];
  const [low, high] =
    step > 0
      ? [Math.ceil(-start / step), Math.ceil((end - start) / step)]
      : [Math.floor((end - start) / step) + 1, Math.floor(-start / step) + 1];
  return [Math.max(0, low), Math.min(count, high)];
}

function turnRow(bordered, u, v, du, dv, result, j, first, last) {
  const { data, words, width } = bordered;
  const out = result.data;
  const outWords = result.words;
  let x = Math.floor(u / WHOLE);
  let fx = u - x * WHOLE;
  let y = Math.floor(v / WHOLE);
  let fy = v - y * WHOLE;
  let put = j * result.width + first;
  for (let n = first; n < last; n++, put++) {
    const at = y * width + x;
    const a = words[at];
    const b = words[at + 1];
    const c = words[at + width];
    const d = words[at + width + 1];
    if (a === b && c === d && a === c) {
      outWords[put] = a;
    } else {
      const p = 4 * at;
      const q = p + 4 * width;
      const to = 4 * put;
      const gx = WHOLE - fx;
      const gy = (WHOLE - fy) * SCALE;
      const hy = fy * SCALE;
      out[to] = (data[p] * gx + data[p + 4] * fx) * gy + (data[q] * gx + data[q + 4] * fx) * hy;
      out[to + 1] = (data[p + 1] * gx + data[p + 5] * fx) * gy + (data[q + 1] * gx + data[q + 5] * fx) * hy;
      out[to + 2] = (data[p + 2] * gx + data[p + 6] * fx) * gy + (data[q + 2] * gx + data[q + 6] * fx) * hy;
      out[to + 3] = (data[p + 3] * gx + data[p + 7] * fx) * gy + (data[q + 3] * gx + data[q + 7] * fx) * hy;
    }
    fx += du;
    x += fx >> FRACTION;
    fx &= MASK;
    fy += dv;
    y += fy >> FRACTION;
    fy &= MASK;
  }
}

/** Turn by right angles, counter-clockwise. */
export function quarterTurned({ width, height, words }, quarters) {
  if (quarters === 2) {
    const result = blank(width, height);
    result.words.set(words);
    result.words.reverse();
    return result;
  }
  const result = blank(height, width);
  const out = result.words;
  for (let y = 0; y < height; y++) {
    // The row becomes a column: the first from the bottom up, or the last from the top down.
    let put = quarters === 1 ? (width - 1) * height + y : height - 1 - y;
    const step = quarters === 1 ? -height : height;
    for (let at = y * width; at < (y + 1) * width; at++, put += step) out[put] = words[at];
  }
  return result;
}
