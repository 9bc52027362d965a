/**
 * Step 6: bicubic resampling (a = -0.5), one axis a pass, in 8-bit fixed point as Pillow's `Image.resize` does it.
 *
 * Coefficients are made in doubles, in the order of the format's page; sums are of 32 bits.
 * Transparent margins are skipped: a sum of zeros is zero.
 */

import { blank } from "./pixels.js";

const HALF = 1 << 21;

function bicubic(x) {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * -0.5;
  return 0;
}

/**
 * Filter of one axis.
 *
 * @param {number} before length, pixels.
 * @param {number} after length, pixels.
 * @param {number} first the first output that is wanted.
 * @param {number} last the one after the last.
 * @returns {{starts: Int32Array, ends: Int32Array, offsets: Int32Array, weights: Int32Array}} of each output from
 *   `first` on: the inputs it takes, from `starts` up to but not including `ends`, and where its weights begin;
 *   weights are in steps of 2^-22.
 */
export function filterOf(before, after, first = 0, last = after) {
  const scale = before / after;
  const stretch = Math.max(scale, 1);
  const count = last - first;
  const most = Math.min(before, Math.ceil(4 * stretch) + 2);
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  const offsets = new Int32Array(count);
  const weights = new Int32Array(count * most);
  const found = new Float64Array(most);
  let at = 0;
  for (let n = 0; n < count; n++) {
    const centre = (first + n + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - 2 * stretch + 0.5));
    const end = Math.min(before, Math.trunc(centre + 2 * stretch + 0.5));
    let sum = 0;
    for (let x = start; x < end; x++) {
      const weight = bicubic(Math.abs((x - centre + 0.5) * (1 / stretch)));
      found[x - start] = weight;
      sum += weight;
    }
    starts[n] = start;
    ends[n] = end;
    offsets[n] = at;
    for (let x = 0; x < end - start; x++) {
      const weight = sum === 0 ? found[x] : found[x] / sum;
      weights[at++] = Math.trunc(weight < 0 ? -0.5 + weight * 4194304 : 0.5 + weight * 4194304);
    }
  }
  return { starts, ends, offsets, weights };
}

/** The first entry of an ascending list from which on all are above a bound. */
function firstAbove(list, bound) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The columns of a row that are not transparent: [first, one after the last], equal if there is none. */
export function spanOf(words, from, to) {
  let first = from;
  while (first < to && words[first] === 0) first++;
  let last = to;
  while (last > first && words[last - 1] === 0) last--;
  return [first - from, last - from];
}

/**
 * Resize all rows to another width.
 *
 * @param {Pixels} image
 * @param {number} width pixels.
 * @returns {Pixels}
 */
export function resizeRows(image, width) {
  if (width === image.width) return image;
  const filter = filterOf(image.width, width);
  const result = blank(width, image.height);
  const out = new Uint8ClampedArray(result.data.buffer);
  for (let y = 0; y < image.height; y++) {
    const from = y * image.width;
    const [left, right] = spanOf(image.words, from, from + image.width);
    if (left === right) continue;
    const first = firstAbove(filter.ends, left);
    const last = firstAbove(filter.starts, right - 1);
    resizeRow(image.data, 4 * from, out, 4 * y * width, filter, first, last);
  }
  return result;
}

function resizeRow(data, from, out, to, { starts, ends, offsets, weights }, first, last) {
  for (let x = first; x < last; x++) {
    let at = from + 4 * starts[x];
    let k = offsets[x];
    const end = k + ends[x] - starts[x];
    if (end - k === 4) {
      fourOfRow(data, at, weights[k], weights[k + 1], weights[k + 2], weights[k + 3], out, to + 4 * x);
      continue;
    }
    let red = HALF;
    let green = HALF;
    let blue = HALF;
    let alpha = HALF;
    for (; k < end; k++, at += 4) {
      const weight = weights[k];
      red = (red + Math.imul(weight, data[at])) | 0;
      green = (green + Math.imul(weight, data[at + 1])) | 0;
      blue = (blue + Math.imul(weight, data[at + 2])) | 0;
      alpha = (alpha + Math.imul(weight, data[at + 3])) | 0;
    }
    const put = to + 4 * x;
    out[put] = red >> 22;
    out[put + 1] = green >> 22;
    out[put + 2] = blue >> 22;
    out[put + 3] = alpha >> 22;
  }
}

/** One pixel out of four in a row, as enlarging takes them. */
function fourOfRow(data, at, a, b, c, d, out, put) {
  for (const end = put + 4; put < end; put++, at++) {
    const sum = Math.imul(a, data[at]) + Math.imul(b, data[at + 4]) + Math.imul(c, data[at + 8]);
    out[put] = (sum + Math.imul(d, data[at + 12]) + HALF) >> 22;
  }
}

/**
 * Resize all columns to another height.
 *
 * @param {Pixels} image of which rows may be missing at both ends.
 * @param {number} before height of the whole picture.
 * @param {number} height to resize it to.
 * @param {number} firstRow of the whole picture, that `image` begins with. Rows that are not in it are not asked for.
 * @param {number} top the first row of the result that is wanted.
 * @param {number} bottom the one after the last.
 * @returns {Pixels} with bottom - top rows.
 */
export function resizeColumns(image, before, height, firstRow = 0, top = 0, bottom = height) {
  const { width } = image;
  const { starts, ends, offsets, weights } = filterOf(before, height, top, bottom);
  const result = blank(width, bottom - top);
  const out = new Uint8ClampedArray(result.data.buffer);
  const spans = [];
  for (let y = 0; y < image.height; y++) spans.push(spanOf(image.words, y * width, (y + 1) * width));
  for (let y = 0; y < bottom - top; y++) {
    let start = starts[y] - firstRow;
    let end = ends[y] - firstRow;
    let k = offsets[y];
    // Rows that were not read make nothing that is kept.
    if (start < 0) {
      k -= start;
      start = 0;
    }
    end = Math.min(end, image.height);
    while (start < end && spans[start][0] === spans[start][1]) {
      start++;
      k++;
    }
    let left = width;
    let right = 0;
    for (let row = start; row < end; row++) {
      if (spans[row][0] === spans[row][1]) continue;
      left = Math.min(left, spans[row][0]);
      right = Math.max(right, spans[row][1]);
    }
    if (left < right) addRows(image.data, 4 * width, start, end - start, weights, k, left, right, out, 4 * y * width);
  }
  return result;
}

function addRows(data, stride, start, count, weights, k, left, right, out, to) {
  if (count === 4) {
    const at = start * stride + 4 * left;
    const [a, b, c, d] = weights.subarray(k, k + 4);
    addFour(data, at, stride, a, b, c, d, out, to + 4 * left, to + 4 * right);
    return;
  }
  for (let x = left; x < right; x++) {
    let at = start * stride + 4 * x;
    let red = HALF;
    let green = HALF;
    let blue = HALF;
    let alpha = HALF;
    for (let n = k; n < k + count; n++, at += stride) {
      const weight = weights[n];
      red = (red + Math.imul(weight, data[at])) | 0;
      green = (green + Math.imul(weight, data[at + 1])) | 0;
      blue = (blue + Math.imul(weight, data[at + 2])) | 0;
      alpha = (alpha + Math.imul(weight, data[at + 3])) | 0;
    }
    const put = to + 4 * x;
    out[put] = red >> 22;
    out[put + 1] = green >> 22;
    out[put + 2] = blue >> 22;
    out[put + 3] = alpha >> 22;
  }
}

/** As many bytes as there are from `put` to `end`, each out of four in a column, as enlarging takes them. */
function addFour(data, at, stride, a, b, c, d, out, put, end) {
  let [second, third, fourth] = [at + stride, at + 2 * stride, at + 3 * stride];
  for (; put < end; put++, at++, second++, third++, fourth++) {
    const sum = Math.imul(a, data[at]) + Math.imul(b, data[second]) + Math.imul(c, data[third]);
    out[put] = (sum + Math.imul(d, data[fourth]) + HALF) >> 22;
  }
}
