/** Canonical prefix (Huffman) codes, decoded with tables. */

import { damaged } from "../damaged.js";

/** Bits of a root table: longer codes go on in a second table. */
const ROOT_BITS = 8;
const MAX_LENGTH = 15;
/** By so many entries at most the tables grow at once. */
const GROWTH = 2 ** 23;
/** Symbols of literals, and of the magnitudes of lengths and of distances (RFC 9649, section 3.7.3). */
export const LITERALS = 256;
export const LENGTHS = 24;
const DISTANCES = 40;
/** The order in which lengths of the code of code lengths are sent. */
const LENGTH_ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const REVERSED = new Uint8Array(256).map((_, byte) => {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) {
    reversed |= ((byte >> bit) & 1) << (7 - bit);
  }
  return reversed;
});

/**
 * Tables of canonical prefix codes, all in one array.
 *
 * An entry is `symbol << 4 | length`, found by the next bits. In the root table, a length above 8 says that the code
 * goes on: then the upper part is where its second table begins, and the length is 8 more than the bits that are looked
 * up there.
 */
export class PrefixTables {
  constructor() {
    this.entries = new Int32Array(8192);
    this.used = 0;
    this.order = new Int32Array(4096);
  }

  /**
   * Build the table of one code.
   *
   * @param {Uint8Array} lengths Of each symbol's code, 0 to 15; 0: it has none.
   * @param {number} count Symbols.
   * @returns {{base: number, mask: number, single: number}} Where it is; `single` is the only symbol, which takes no
   *   bits, or -1.
   * @throws {PictureError} No code has these lengths.
   */
  add(lengths, count) {
    const counts = new Int32Array(MAX_LENGTH + 2);
    for (let symbol = 0; symbol < count; symbol++) {
      counts[lengths[symbol]]++;
    }
    counts[0] = 0;
    const starts = new Int32Array(MAX_LENGTH + 2);
    let space = 0;
    for (let length = 1; length <= MAX_LENGTH; length++) {
      starts[length + 1] = starts[length] + counts[length];
      space += counts[length] << (MAX_LENGTH - length);
    }
    const total = starts[MAX_LENGTH + 1];
    const { order } = this;
    for (let symbol = 0; symbol < count; symbol++) {
      if (lengths[symbol]) {
        order[starts[lengths[symbol]]++] = symbol;
      }
    }
    if (total === 1) {
      const base = this.#take(1);
      this.entries[base] = order[0] << 4;
      return { base, mask: 0, single: order[0] };
    }
    if (space !== 1 << MAX_LENGTH) {
      throw damaged("the lengths of a prefix code fit no code");
    }
    let longest = MAX_LENGTH;
    while (!counts[longest]) {
      longest--;
    }
    const base = this.#fill(counts, Math.min(longest, ROOT_BITS), longest);
    return { base, mask: (1 << Math.min(longest, ROOT_BITS)) - 1, single: -1 };
  }

  /** Write the entries of a complete code whose symbols stand in `order`. */
  #fill(counts, rootBits, longest) {
    const base = this.#take(1 << rootBits);
    let code = 0;
    let at = 0;
    for (let length = 1; length <= rootBits; length++, code <<= 1) {
      for (let left = counts[length]; left; left--, code++) {
        const entry = (this.order[at++] << 4) | length;
        const { entries } = this;
        for (let index = base + reversed(code, length); index < base + (1 << rootBits); index += 1 << length) {
          entries[index] = entry;
        }
      }
    }
    if (longest > rootBits) {
      this.#fillSecond(counts, base, code, at);
    }
    return base;
  }

  /** The second tables: codes of one root stand together, as they grow. */
  #fillSecond(counts, base, code, at) {
    // Code is that of the first symbol above ROOT_BITS, seen with ROOT_BITS + 1 bits.
    for (let length = ROOT_BITS + 1, left = counts[length]; length <= MAX_LENGTH; ) {
      if (!left) {
        length++;
        left = counts[length];
        code <<= 1;
        continue;
      }
      // How many bits this root takes: as many as until its codes are complete.
      let bits = length - ROOT_BITS;
      for (let free = (1 << bits) - left; free > 0; ) {
        bits++;
        free = free * 2 - counts[ROOT_BITS + bits];
      }
      const second = this.#take(1 << bits);
      const root = code >>> (length - ROOT_BITS);
      this.entries[base + reversed(root, ROOT_BITS)] = (second << 4) | (ROOT_BITS + bits);
      for (;;) {
        const tail = length - ROOT_BITS;
        const entry = (this.order[at++] << 4) | tail;
        const first = reversed(code & ((1 << tail) - 1), tail);
        for (let index = first; index < 1 << bits; index += 1 << tail) {
          this.entries[second + index] = entry;
        }
        code++;
        left--;
        while (!left && length < MAX_LENGTH) {
          length++;
          left = counts[length];
          code <<= 1;
        }
        if (!left || code >>> (length - ROOT_BITS) !== root) {
          break;
        }
      }
      if (!left) {
        return;
      }
    }
  }

  #take(count) {
    const base = this.used;
    this.used += count;
    if (this.used > this.entries.length) {
      const entries = new Int32Array(Math.min(this.used * 2, this.used + GROWTH));
      entries.set(this.entries);
      this.entries = entries;
    }
    return base;
  }
}

function reversed(code, length) {
  return ((REVERSED[code & 255] << 8) | REVERSED[code >>> 8]) >>> (16 - length);
}

/**
 * Read one group of prefix codes (RFC 9649, section 3.7.2).
 *
 * @param {import("./bits.js").BitReader} reader
 * @param {PrefixTables} tables Where they go.
 * @param {number} cacheSize Colours of the colour cache.
 * @param {Uint8Array} scratch At least as many bytes as the largest alphabet has symbols, and 256.
 * @returns {{base: number, mask: number, single: number}[]} Of green (with lengths and cached colours), red, blue,
 *   alpha, distances.
 * @throws {PictureError} Damaged.
 */
export function readCodes(reader, tables, cacheSize, scratch) {
  return [LITERALS + LENGTHS + cacheSize, LITERALS, LITERALS, LITERALS, DISTANCES].map((count) => {
    scratch.fill(0, 0, Math.max(count, 256));
    if (reader.read(1)) {
      readSimpleLengths(reader, scratch);
    } else {
      readLengths(reader, tables, scratch, count);
    }
    return tables.add(scratch, count);
  });
}

/** One or two symbols. */
function readSimpleLengths(reader, lengths) {
  const two = reader.read(1);
  const bits = reader.read(1) ? 8 : 1;
  lengths[reader.read(bits)] = 1;
  if (two) {
    lengths[reader.read(8)] = 1;
  }
}

/** Lengths that are coded with a prefix code themselves. */
function readLengths(reader, tables, lengths, count) {
  const own = new Uint8Array(LENGTH_ORDER.length);
  const sent = reader.read(4) + 4;
  for (let index = 0; index < sent; index++) {
    own[LENGTH_ORDER[index]] = reader.read(3);
  }
  const before = tables.used;
  const { base, mask } = tables.add(own, own.length);
  tables.used = before; // it is needed only here, and nothing is added meanwhile
  const { entries } = tables;
  let left = count;
  if (reader.read(1)) {
    left = 2 + reader.read(2 + 2 * reader.read(3));
    if (left > count) {
      throw damaged(`a prefix code has ${left} lengths for ${count} symbols`);
    }
  }
  let previous = 8;
  for (let symbol = 0; symbol < count && left; left--) {
    const length = reader.symbol(entries, base, mask);
    if (length < 16) {
      lengths[symbol++] = length;
      previous = length || previous;
      continue;
    }
    const repeats = length === 16 ? 3 + reader.read(2) : length === 17 ? 3 + reader.read(3) : 11 + reader.read(7);
    if (symbol + repeats > count) {
      throw damaged(`a prefix code has lengths for more than its ${count} symbols`);
    }
    lengths.fill(length === 16 ? previous : 0, symbol, symbol + repeats);
    symbol += repeats;
  }
}
