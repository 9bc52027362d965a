/** Modes of intra prediction. */

import { MODE_PROBABILITIES } from "./tables.js";

/**
 * Modes of whole blocks. Those of subblocks have the same numbers; more follow (RFC 6386, section 11.2, in its order
 * there).
 */
export const DC = 0;
export const TRUE_MOTION = 1;
export const VERTICAL = 2;
export const HORIZONTAL = 3;
export const LEFT_DOWN = 4;
export const RIGHT_DOWN = 5;
export const VERTICAL_RIGHT = 6;
export const VERTICAL_LEFT = 7;
export const HORIZONTAL_DOWN = 8;
export const HORIZONTAL_UP = 9;

/** Reads how the macroblocks of a frame are predicted, from left to right and from above (RFC 6386, section 11). */
export class ModeReader {
  /** @param {import("./header.js").FrameHeader} header */
  constructor(header) {
    const { modes, segmentProbabilities, skip, width } = header;
    this.decoder = modes;
    this.segmentProbabilities = segmentProbabilities;
    this.skipProbability = skip;
    this.above = new Uint8Array(((width + 15) >> 4) * 4);
    this.left = new Uint8Array(4);
    /** Of the macroblock that was read last. */
    this.segment = 0;
    /** It has no coefficients. */
    this.skip = false;
    /** Its luma is predicted as subblocks, each with its own mode. */
    this.split = false;
    /** Mode of its luma, if not. */
    this.luma = DC;
    /** Modes of its 16 subblocks, if so. */
    this.subblocks = new Uint8Array(16);
    this.chroma = DC;
  }

  /** To be called before the first macroblock of each row. */
  startRow() {
    this.left.fill(DC);
  }

  /** @param {number} column Of the macroblock that comes next. */
  read(column) {
    const { decoder, segmentProbabilities } = this;
    if (segmentProbabilities) {
      const upper = decoder.bit(segmentProbabilities[0]);
      this.segment = upper * 2 + decoder.bit(segmentProbabilities[1 + upper]);
    }
    this.skip = this.skipProbability >= 0 && decoder.bit(this.skipProbability) === 1;
    this.split = !decoder.bit(145);
    if (this.split) {
      this.#readSubblocks(column * 4);
    } else {
      this.luma = decoder.bit(156)
        ? decoder.bit(128) ? TRUE_MOTION : HORIZONTAL
        : decoder.bit(163) ? VERTICAL : DC;
      this.above.fill(this.luma, column * 4, column * 4 + 4);
      this.left.fill(this.luma);
    }
    this.chroma = !decoder.bit(142) ? DC : !decoder.bit(114) ? VERTICAL : decoder.bit(183) ? TRUE_MOTION : HORIZONTAL;
  }

  #readSubblocks(from) {
    const { above, left, subblocks } = this;
    for (let row = 0; row < 4; row++) {
      let mode = left[row];
      for (let column = 0; column < 4; column++) {
        mode = this.#readSubblock((above[from + column] * 10 + mode) * 9);
        above[from + column] = mode;
        subblocks[row * 4 + column] = mode;
      }
      left[row] = mode;
    }
  }

  /** One mode, with probabilities that begin at `base`. */
  #readSubblock(base) {
    const { decoder } = this;
    const bit = (node) => decoder.bit(MODE_PROBABILITIES[base + node]);
    if (!bit(0)) {
      return DC;
    }
    if (!bit(1)) {
      return TRUE_MOTION;
    }
    if (!bit(2)) {
      return VERTICAL;
    }
    if (!bit(3)) {
      return !bit(4) ? HORIZONTAL : bit(5) ? VERTICAL_RIGHT : RIGHT_DOWN;
    }
    if (!bit(6)) {
      return LEFT_DOWN;
    }
    return !bit(7) ? VERTICAL_LEFT : bit(8) ? HORIZONTAL_UP : HORIZONTAL_DOWN;
  }
}
