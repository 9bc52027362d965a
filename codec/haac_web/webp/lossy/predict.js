/** Intra prediction. */

import * as modes from "./modes.js";

/** Pixels around a subblock, see `SubblockPredictor`. */
const LINE = 16;
const CORNER = 6;
/** Instead of the weighted mean of three pixels, the mean of a pixel and the next. */
const PAIR = LINE;

/**
 * For each mode that predicts a subblock of means: where on the line around it the mean stands that predicts each of
 * its 16 pixels (RFC 6386, section 12.3).
 */
const MEANS = [];
MEANS[modes.VERTICAL] = places((row, column) => CORNER + 1 + column);
MEANS[modes.HORIZONTAL] = places((row) => CORNER - 1 - row);
MEANS[modes.LEFT_DOWN] = places((row, column) => CORNER + 2 + row + column);
MEANS[modes.RIGHT_DOWN] = places((row, column) => CORNER - row + column);
MEANS[modes.VERTICAL_RIGHT] = Uint8Array.of(
  ...[PAIR + 6, PAIR + 7, PAIR + 8, PAIR + 9],
  ...[6, 7, 8, 9],
  ...[5, PAIR + 6, PAIR + 7, PAIR + 8],
  ...[4, 6, 7, 8],
);
MEANS[modes.VERTICAL_LEFT] = Uint8Array.of(
  ...[PAIR + 7, PAIR + 8, PAIR + 9, PAIR + 10],
  ...[8, 9, 10, 11],
  ...[PAIR + 8, PAIR + 9, PAIR + 10, 12],
  ...[9, 10, 11, 13],
);
MEANS[modes.HORIZONTAL_DOWN] = Uint8Array.of(
  ...[PAIR + 5, 6, 7, 8],
  ...[PAIR + 4, 5, PAIR + 5, 6],
  ...[PAIR + 3, 4, PAIR + 4, 5],
  ...[PAIR + 2, 3, PAIR + 3, 4],
);
MEANS[modes.HORIZONTAL_UP] = Uint8Array.of(
  ...[PAIR + 4, 4, PAIR + 3, 3],
  ...[PAIR + 3, 3, PAIR + 2, 2],
  ...[PAIR + 2, 2, 1, 1],
  ...[1, 1, 1, 1],
);

function places(place) {
  return Uint8Array.from({ length: 16 }, (_, index) => place(index >> 2, index & 3));
}

/**
 * Predicts subblocks of 4x4 pixels.
 *
 * The pixels around one are kept as one line: the left column from below (with its lowest pixel twice more in front),
 * the corner, four pixels above and four on the right of these (with the last once more).
 */
export class SubblockPredictor {
  constructor() {
    this.line = new Uint8Array(LINE);
    /** Weighted means around each place of the line, then those of pairs. */
    this.means = new Uint8Array(2 * LINE);
  }

  /**
   * @param {Uint8ClampedArray} data Of a plane.
   * @param {number} at The first pixel of the subblock.
   * @param {number} stride From a row to the next.
   * @param {number} mode See modes.js.
   * @param {number} right Where the four pixels stand that are above on the right.
   */
  predict(data, at, stride, mode, right) {
    if (mode === modes.TRUE_MOTION) {
      predictTrueMotion(data, at, stride, 4);
    } else if (mode === modes.DC) {
      let sum = 4;
      for (let index = 0; index < 4; index++) {
        sum += data[at - stride + index] + data[at + index * stride - 1];
      }
      fill(data, at, stride, 4, sum >> 3);
    } else {
      this.#takeLine(data, at, stride, right);
      const { means } = this;
      const places = MEANS[mode];
      for (let row = 0; row < 4; row++, at += stride) {
        data[at] = means[places[row * 4]];
        data[at + 1] = means[places[row * 4 + 1]];
        data[at + 2] = means[places[row * 4 + 2]];
        data[at + 3] = means[places[row * 4 + 3]];
      }
    }
  }

  #takeLine(data, at, stride, right) {
    const { line, means } = this;
    for (let index = 0; index < 4; index++) {
      line[CORNER - 1 - index] = data[at + index * stride - 1];
      line[CORNER + 1 + index] = data[at - stride + index];
      line[CORNER + 5 + index] = data[right + index];
    }
    line[0] = line[1] = line[2];
    line[CORNER] = data[at - stride - 1];
    line[LINE - 1] = line[LINE - 2];
    for (let index = 1; index < LINE - 1; index++) {
      means[index] = (line[index - 1] + 2 * line[index] + line[index + 1] + 2) >> 2;
      means[PAIR + index] = (line[index] + line[index + 1] + 1) >> 1;
    }
  }
}

/**
 * Predict a whole block: of luma or of chroma (RFC 6386, sections 12.2 and 12.3).
 *
 * @param {Uint8ClampedArray} data Of a plane.
 * @param {number} at The first pixel of the block.
 * @param {number} stride From a row to the next.
 * @param {number} size 16 or 8.
 * @param {number} mode See modes.js.
 * @param {boolean} above There is a block above.
 * @param {boolean} left There is a block on the left.
 */
export function predictBlock(data, at, stride, size, mode, above, left) {
  switch (mode) {
    case modes.TRUE_MOTION:
      predictTrueMotion(data, at, stride, size);
      break;
    case modes.VERTICAL:
      for (let row = 0; row < size; row++) {
        data.copyWithin(at + row * stride, at - stride, at - stride + size);
      }
      break;
    case modes.HORIZONTAL:
      for (let row = 0, from = at; row < size; row++, from += stride) {
        data.fill(data[from - 1], from, from + size);
      }
      break;
    default:
      fill(data, at, stride, size, mean(data, at, stride, size, above, left));
  }
}

/** The mean of the pixels above and on the left, as far as there are any. */
function mean(data, at, stride, size, above, left) {
  const count = (above ? size : 0) + (left ? size : 0);
  if (!count) {
    return 128;
  }
  let sum = count >> 1;
  for (let index = 0; index < size; index++) {
    sum += (above ? data[at - stride + index] : 0) + (left ? data[at + index * stride - 1] : 0);
  }
  return Math.floor(sum / count);
}

function fill(data, at, stride, size, value) {
  for (let row = 0; row < size; row++, at += stride) {
    for (let column = 0; column < size; column++) {
      data[at + column] = value;
    }
  }
}

function predictTrueMotion(data, at, stride, size) {
  const above = at - stride;
  const corner = data[above - 1];
  for (let row = 0; row < size; row++, at += stride) {
    const step = data[at - 1] - corner;
    for (let column = 0; column < size; column++) {
      data[at + column] = data[above + column] + step;
    }
  }
}
