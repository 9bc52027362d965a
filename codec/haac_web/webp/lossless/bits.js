/** Bits of a lossless bitstream. */

import { damaged } from "../damaged.js";

/** Bytes after the end that may be looked at: more than one pixel or one copy takes beyond the last whole check. */
const PADDING = 24;

/**
 * Bits of a lossless WebP bitstream, least significant first (RFC 9649, section 3.3).
 *
 * The position is in bits, and whoever looks at many bits keeps it in a variable: a 32-bit word that is read at its
 * byte and shifted by the rest has at least 25 bits from there on.
 */
export class BitReader {
  /**
   * @param {Uint8Array} bytes
   * @throws {PictureError} More bytes than positions can be counted in.
   */
  constructor(bytes) {
    if (bytes.length > 2 ** 28) {
      throw damaged(`its bitstream has ${bytes.length} bytes, at most ${2 ** 28} are allowed`);
    }
    const padded = new Uint8Array(bytes.length + PADDING);
    padded.set(bytes);
    this.view = new DataView(padded.buffer);
    this.position = 0;
    this.end = bytes.length * 8;
  }

  /**
   * @param {number} count 0 to 24.
   * @returns {number} So many bits as an unsigned number.
   * @throws {PictureError} The data ends before.
   */
  read(count) {
    const { position } = this;
    const value = (this.view.getUint32(position >>> 3, true) >>> (position & 7)) & ((1 << count) - 1);
    this.position = position + count;
    this.check();
    return value;
  }

  /** @throws {PictureError} More bits were taken than there are. */
  check() {
    if (this.position > this.end) {
      throw damaged("its bitstream ends too early");
    }
  }

  /**
   * Decode one symbol of a prefix code.
   *
   * @param {Int32Array} table All tables, see `PrefixTables`.
   * @param {number} base Where the code's table begins.
   * @param {number} mask One less than the entries of its root table.
   * @returns {number}
   * @throws {PictureError} The data ends before.
   */
  symbol(table, base, mask) {
    const word = this.view.getUint32(this.position >>> 3, true) >>> (this.position & 7);
    let entry = table[base + (word & mask)];
    let length = entry & 15;
    if (length > 8) {
      entry = table[(entry >>> 4) + ((word >>> 8) & ((1 << (length - 8)) - 1))];
      length = (entry & 15) + 8;
    }
    this.position += length;
    this.check();
    return entry >>> 4;
  }

  /**
   * Decode a number whose magnitude a symbol gave: lengths and distances of copies (RFC 9649, section 3.6.2.2).
   *
   * @param {number} symbol 0 to 39.
   * @returns {number} 1 to 1,048,576.
   * @throws {PictureError} The data ends before.
   */
  magnitude(symbol) {
    if (symbol < 4) {
      return symbol + 1;
    }
    const extra = (symbol - 2) >> 1;
    return ((2 + (symbol & 1)) << extra) + this.read(extra) + 1;
  }
}
