/**
 * Decoder of booleans with probabilities: the arithmetic decoder of VP8 (RFC 6386, section 7).
 *
 * `value` holds the bits that were read and not yet used, `spare` how many of them are beyond the 8 that are compared.
 * Two bytes are taken at once. After the end come zeros, and `ended` says so. It also says so of bytes that cannot be.
 */
export class BoolDecoder {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
    this.value = 0;
    this.range = 255;
    this.spare = -8;
    // No encoder begins like that: it is more than the range has, and decoders differ in what they make of it.
    this.ended = bytes[0] === 255;
  }

  /** Take one or two more bytes. */
  load() {
    const { bytes, at } = this;
    if (at + 1 < bytes.length) {
      this.value = (this.value << 16) | (bytes[at] << 8) | bytes[at + 1];
      this.at = at + 2;
      this.spare += 16;
      return;
    }
    this.ended ||= at >= bytes.length;
    this.value = (this.value << 8) | (at < bytes.length ? bytes[at] : 0);
    this.at = at + 1;
    this.spare += 8;
  }

  /**
   * @param {number} probability Of 0, in 256ths, 0 to 255.
   * @returns {0 | 1}
   */
  bit(probability) {
    if (this.spare < 0) {
      this.load();
    }
    const split = 1 + (((this.range - 1) * probability) >> 8);
    const compared = split << this.spare;
    let bit = 0;
    let range = split;
    if (this.value >= compared) {
      this.value -= compared;
      range = this.range - split;
      bit = 1;
    }
    if (range < 128) {
      const shift = Math.clz32(range) - 24;
      range <<= shift;
      this.spare -= shift;
    }
    this.range = range;
    return bit;
  }

  /**
   * @param {number} bits
   * @returns {number} An unsigned number, its highest bit first.
   */
  literal(bits) {
    let value = 0;
    while (bits--) {
      value = (value << 1) | this.bit(128);
    }
    return value;
  }

  /**
   * @param {number} bits Without sign.
   * @returns {number} A number, its sign last.
   */
  signed(bits) {
    const value = this.literal(bits);
    return this.bit(128) ? -value : value;
  }

  /**
   * @param {number} bits Without sign.
   * @returns {number} A number that is sent only if it is not 0.
   */
  optional(bits) {
    return this.bit(128) ? this.signed(bits) : 0;
  }
}
