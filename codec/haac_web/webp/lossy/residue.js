/** The inverse DCT. */

/** Fixed-point factors of the inverse DCT, 16 bits behind the point: sqrt(2) cos(pi/8) - 1 and sqrt(2) sin(pi/8). */
const COSINE = 20091;
const SINE = 35468;

/**
 * Add to a predicted block of 4x4 pixels what its coefficients say (RFC 6386, sections 14.4 and 14.5), and make these
 * 0.
 *
 * @param {Int16Array} values Coefficients.
 * @param {number} from The first of the block.
 * @param {number} count 1: only the first one is not 0.
 * @param {Uint8ClampedArray} data Of a plane.
 * @param {number} at The first pixel.
 * @param {number} stride From a row to the next.
 */
export function addResidue(values, from, count, data, at, stride) {
  if (count === 1) {
    const step = (values[from] + 4) >> 3;
    values[from] = 0;
    for (let row = 0; row < 4; row++, at += stride) {
      data[at] += step;
      data[at + 1] += step;
      data[at + 2] += step;
      data[at + 3] += step;
    }
    return;
  }
  for (let index = from; index < from + 4; index++) {
    const even = values[index] + values[index + 8];
    const odd = values[index] - values[index + 8];
    const second = values[index + 4];
    const fourth = values[index + 12];
    const inner = ((second * SINE) >> 16) - fourth - ((fourth * COSINE) >> 16);
    const outer = second + ((second * COSINE) >> 16) + ((fourth * SINE) >> 16);
    values[index] = even + outer;
    values[index + 4] = odd + inner;
    values[index + 8] = odd - inner;
    values[index + 12] = even - outer;
  }
  for (let index = from; index < from + 16; index += 4, at += stride) {
    const first = values[index] + 4;
    const second = values[index + 1];
    const third = values[index + 2];
    const fourth = values[index + 3];
    const even = first + third;
    const odd = first - third;
    const inner = ((second * SINE) >> 16) - fourth - ((fourth * COSINE) >> 16);
    const outer = second + ((second * COSINE) >> 16) + ((fourth * SINE) >> 16);
    // Of 16 bits, the upper 13; only damaged pictures have more.
    data[at] += ((even + outer) << 16) >> 19;
    data[at + 1] += ((odd + inner) << 16) >> 19;
    data[at + 2] += ((odd - inner) << 16) >> 19;
    data[at + 3] += ((even - outer) << 16) >> 19;
    values[index] = values[index + 1] = values[index + 2] = values[index + 3] = 0;
  }
}
