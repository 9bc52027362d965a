/** Coefficients: tokens decoded and dequantised. */

/**
 * Which band of probabilities a coefficient has, by its place in the zigzag; one more for what is looked up behind the
 * last.
 */
const BANDS = Uint8Array.of(0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0);
const ZIGZAG = Uint8Array.of(0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15);
/** Probabilities of a context, a band, a kind of block. */
const CONTEXT = 11;
const BAND = 3 * CONTEXT;
const KIND = 8 * BAND;
/** Kinds of blocks. */
const Y_AFTER_Y2 = 0;
const Y2 = 1;
const CHROMA = 2;
const Y_WITH_FIRST = 3;
/** Smallest values of the tokens with extra bits, and the probabilities of these bits (RFC 6386, section 13.2). */
const CATEGORIES = [
  { least: 5, bits: [159] },
  { least: 7, bits: [165, 145] },
  { least: 11, bits: [173, 148, 140] },
  { least: 19, bits: [176, 155, 140, 135] },
  { least: 35, bits: [180, 157, 141, 134, 130] },
  { least: 67, bits: [254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129] },
];
/** Blocks of a macroblock: 16 of Y, 4 of U, 4 of V; the 25th is Y2. */
const BLOCKS = 24;
/** Contexts of a macroblock: 4 of Y, 2 of U, 2 of V, 1 of Y2. */
const CONTEXTS = 9;

/** Reads the coefficients of macroblocks, from left to right and from above (RFC 6386, section 13). */
export class CoefficientReader {
  /** @param {import("./header.js").FrameHeader} header */
  constructor({ width, probabilities, steps }) {
    this.probabilities = probabilities;
    this.steps = steps;
    this.above = new Uint8Array(((width + 15) >> 4) * CONTEXTS);
    this.left = new Uint8Array(CONTEXTS);
    /** Of the macroblock that was read last: dequantised, 16 a block; whoever uses them makes them 0 again. */
    this.values = new Int16Array((BLOCKS + 1) * 16);
    /** How many coefficients of each block there may be in the order of the zigzag; 0: the block has none. */
    this.counts = new Uint8Array(BLOCKS);
  }

  /** To be called before the first macroblock of each row. */
  startRow() {
    this.left.fill(0);
  }

  /**
   * Pass a macroblock without coefficients.
   *
   * @param {number} column
   * @param {boolean} split It has no Y2.
   */
  skip(column, split) {
    const count = split ? CONTEXTS - 1 : CONTEXTS;
    this.left.fill(0, 0, count);
    this.above.fill(0, column * CONTEXTS, column * CONTEXTS + count);
    this.counts.fill(0);
  }

  /**
   * Read the coefficients of one macroblock.
   *
   * @param {import("./bool_decoder.js").BoolDecoder} decoder
   * @param {number} column
   * @param {boolean} split It has no Y2.
   * @param {number} segment
   * @returns {boolean} Some block has coefficients.
   */
  read(decoder, column, split, segment) {
    const steps = this.steps[segment];
    const { left, above, counts } = this;
    const from = column * CONTEXTS;
    let [kind, first] = [Y_WITH_FIRST, 0];
    if (!split) {
      const count = this.#block(decoder, Y2 * KIND, left[8] + above[from + 8], steps[2], steps[3], 0, BLOCKS * 16);
      left[8] = above[from + 8] = count > 0 ? 1 : 0;
      spread(this.values);
      [kind, first] = [Y_AFTER_Y2, 1];
    }
    let any = 0;
    for (let block = 0; block < BLOCKS; block++) {
      const luma = block < 16;
      const l = luma ? block >> 2 : 4 + ((block - 16) >> 1);
      const a = from + (luma ? block & 3 : 4 + ((block - 16) >> 2) * 2 + (block & 1));
      const context = left[l] + above[a];
      const count = luma
        ? this.#block(decoder, kind * KIND, context, steps[0], steps[1], first, block * 16)
        : this.#block(decoder, CHROMA * KIND, context, steps[4], steps[5], 0, block * 16);
      left[l] = above[a] = count > (luma ? first : 0) ? 1 : 0;
      counts[block] = count > 1 ? count : this.values[block * 16] ? 1 : 0;
      any |= counts[block];
    }
    return any !== 0;
  }

  /** One block: how many coefficients there are in the order of the zigzag, up to the last one sent. */
  #block(decoder, kind, context, firstStep, step, index, at) {
    const { probabilities, values } = this;
    let p = kind + BANDS[index] * BAND + context * CONTEXT;
    while (index < 16 && decoder.bit(probabilities[p])) {
      while (!decoder.bit(probabilities[p + 1])) {
        index++;
        if (index === 16) {
          return 16;
        }
        p = kind + BANDS[index] * BAND;
      }
      let value = 1;
      const next = kind + BANDS[index + 1] * BAND;
      if (decoder.bit(probabilities[p + 2])) {
        value = largeValue(decoder, probabilities, p);
        p = next + 2 * CONTEXT;
      } else {
        p = next + CONTEXT;
      }
      values[at + ZIGZAG[index]] = (decoder.bit(128) ? -value : value) * (index ? step : firstStep);
      index++;
    }
    return index;
  }
}

/** A value of at least 2, with probabilities that begin at `p`. */
function largeValue(decoder, probabilities, p) {
  if (!decoder.bit(probabilities[p + 3])) {
    if (!decoder.bit(probabilities[p + 4])) {
      return 2;
    }
    return 3 + decoder.bit(probabilities[p + 5]);
  }
  let category;
  if (!decoder.bit(probabilities[p + 6])) {
    category = decoder.bit(probabilities[p + 7]);
  } else {
    const upper = decoder.bit(probabilities[p + 8]);
    category = 2 + upper * 2 + decoder.bit(probabilities[p + 9 + upper]);
  }
  const { least, bits } = CATEGORIES[category];
  let extra = 0;
  for (const probability of bits) {
    extra = (extra << 1) | decoder.bit(probability);
  }
  return least + extra;
}

/** Undo the Walsh-Hadamard transform: from Y2, the first coefficient of each block of Y (RFC 6386, section 14.3). */
function spread(values) {
  const y2 = values.subarray(BLOCKS * 16);
  for (let column = 0; column < 4; column++) {
    const outer = y2[column] + y2[12 + column];
    const inner = y2[4 + column] + y2[8 + column];
    const innerLess = y2[4 + column] - y2[8 + column];
    const outerLess = y2[column] - y2[12 + column];
    y2[column] = outer + inner;
    y2[8 + column] = outer - inner;
    y2[4 + column] = outerLess + innerLess;
    y2[12 + column] = outerLess - innerLess;
  }
  for (let row = 0; row < 4; row++) {
    const [a, b, c, d] = y2.subarray(row * 4, row * 4 + 4);
    values[row * 64] = (a + d + (b + c) + 3) >> 3;
    values[row * 64 + 16] = (a - d + (b - c) + 3) >> 3;
    values[row * 64 + 32] = (a + d - (b + c) + 3) >> 3;
    values[row * 64 + 48] = (a - d - (b - c) + 3) >> 3;
  }
  y2.fill(0);
}
