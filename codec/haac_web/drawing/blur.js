/**
 * Step 8: Gaussian blur as Pillow's `GaussianBlur` does it: three extended box blurs along each axis, in fixed point.
 *
 * Source: P. Gwosdek, S. Grewenig, A. Bruhn, J. Weickert, "Theoretical foundations of Gaussian convolution by
 * extended box filtering", SSVM 2011.
 */

import { blank, cutOut } from "../pixels/pixels.js";

const single = Math.fround;

const HALF = 8388608;
/** Every other byte of a word. */
const EVEN = 0x00ff00ff;
/** The largest radius with which the sum of a channel has no more than 16 bits. */
const PAIRED = 128;

/**
 * Box of a blur; single precision but where the page says double.
 *
 * @param {number} blur quarter pixels of the standard deviation, from 1 on.
 * @returns {{radius: number, near: number, far: number}} pixels, and the weights, 2^-24, of what is within the radius
 *   and of the two pixels beyond it.
 */
export function boxOf(blur) {
  const sigma = single(blur / 4);
  const q = single(single(sigma * sigma) / 3);
  const length = single(Math.sqrt(12 * q + 1));
  const whole = single(Math.floor((length - 1) / 2));
  const more = single(whole + 1);
  const above = single(single(single(2 * whole) + 1) * single(single(whole * more) - single(3 * q)));
  const below = single(6 * single(q - single(more * more)));
  const box = single(whole + single(above / below));
  const radius = Math.trunc(box);
  const near = Math.trunc(single(16777216 / single(single(box * 2) + 1)));
  const far = Math.floor((16777216 - (2 * radius + 1) * near) / 2);
  return { radius, near, far };
}

/**
 * Blur along rows, then along those columns that are visible.
 *
 * @param {Pixels} image premultiplied, covering `box`.
 * @param {number[]} box
 * @param {number[]} blurred what is blurred, with transparency around the image.
 * @param {number[]} visible within `blurred`.
 * @param {number} blur quarter pixels of the standard deviation.
 * @returns {Pixels} of `visible`.
 */
export function blurPixels(image, box, blurred, visible, blur) {
  const { radius, near, far } = boxOf(blur);
  const wide = cutOut(image, box, blurred);
  blurRows(wide, radius, near, far);
  const [left, , right] = visible;
  const columns = cutOut(wide, blurred, [left, blurred[1], right, blurred[3]]);
  const turned = transposed(columns);
  blurRows(turned, radius, near, far);
  return cutOut(transposed(turned), [left, blurred[1], right, blurred[3]], visible);
}

/** Three box blurs of each row, in place; beyond its ends a row is transparent. */
function blurRows({ width, height, words }, radius, near, far) {
  const reach = radius + 1;
  let line = new Uint32Array(width + 2 * reach);
  let other = new Uint32Array(width + 2 * reach);
  const boxBlur = radius <= PAIRED ? boxBlurOfPairs : boxBlurOfBytes;
  for (let y = 0; y < height; y++) {
    const row = words.subarray(y * width, (y + 1) * width);
    if (isBlank(row)) continue;
    line.set(row, reach);
    for (let pass = 0; pass < 3; pass++) {
      boxBlur(line, other, width, radius, near, far);
      [line, other] = [other, line];
    }
    row.set(line.subarray(reach, reach + width));
  }
}

function isBlank(words) {
  for (let at = 0; at < words.length; at++) if (words[at] !== 0) return false;
  return true;
}

/**
 * One box blur of a line with radius + 1 transparent pixels at both ends, which are left as they are. The sums of two
 * channels stand in the halves of one number.
 */
function boxBlurOfPairs(line, out, width, radius, near, far) {
  const reach = radius + 1;
  let sumEven = 0; // red and blue
  let sumOdd = 0; // green and alpha
  for (let at = Math.min(line.length, 2 * reach) - 1; at > 0; at--) {
    sumEven += line[at] & EVEN;
    sumOdd += (line[at] >>> 8) & EVEN;
  }
  let even = line[0] & EVEN;
  let odd = (line[0] >>> 8) & EVEN;
  const end = reach + width;
  for (let put = reach, ahead = 2 * reach; put < end; put++, ahead++) {
    const next = line[ahead];
    const nextEven = next & EVEN;
    const nextOdd = (next >>> 8) & EVEN;
    const endsEven = nextEven + even;
    const endsOdd = nextOdd + odd;
    const red = Math.imul(near, sumEven & 0xffff) + Math.imul(far, endsEven & 0xffff) + HALF;
    const green = Math.imul(near, sumOdd & 0xffff) + Math.imul(far, endsOdd & 0xffff) + HALF;
    const blue = Math.imul(near, sumEven >>> 16) + Math.imul(far, endsEven >>> 16) + HALF;
    const alpha = Math.imul(near, sumOdd >>> 16) + Math.imul(far, endsOdd >>> 16) + HALF;
    out[put] = (red >>> 24) | ((green >>> 16) & 0xff00) | ((blue >>> 8) & 0xff0000) | (alpha & 0xff000000);
    const last = line[put - radius];
    even = last & EVEN;
    odd = (last >>> 8) & EVEN;
    sumEven = (sumEven + nextEven - even) | 0;
    sumOdd = (sumOdd + nextOdd - odd) | 0;
  }
}

/** The same for any radius. */
function boxBlurOfBytes(lineWords, outWords, width, radius, near, far) {
  const line = new Uint8Array(lineWords.buffer);
  const out = new Uint8Array(outWords.buffer);
  const reach = radius + 1;
  for (let channel = 0; channel < 4; channel++) {
    let sum = 0;
    for (let at = Math.min(line.length - 4, 8 * reach - 4) + channel; at > 3; at -= 4) sum += line[at];
    let behind = line[channel];
    let put = 4 * reach + channel;
    let before = 4 + channel;
    let ahead = put + 4 * reach;
    const end = put + 4 * width;
    for (; put < end; put += 4, before += 4, ahead += 4) {
      const next = line[ahead];
      out[put] = (Math.imul(near, sum) + Math.imul(far, next + behind) + HALF) >>> 24;
      behind = line[before];
      sum = (sum + next - behind) | 0;
    }
  }
}

/** Rows as columns. */
function transposed({ width, height, words }) {
  const result = blank(height, width);
  const out = result.words;
  const BLOCK = 16;
  for (let top = 0; top < height; top += BLOCK) {
    const bottom = Math.min(height, top + BLOCK);
    for (let x = 0; x < width; x++) {
      const put = x * height;
      for (let y = top; y < bottom; y++) out[put + y] = words[y * width + x];
    }
  }
  return result;
}
