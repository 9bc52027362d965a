/** Entropy-coded images: literals, copies (LZ77), colour cache. */

import { damaged } from "../damaged.js";
import { PACKED_SIZE, readGroups, readTiles } from "./groups.js";
import { LENGTHS, LITERALS } from "./prefix_codes.js";

/** Colours of a colour cache: at most 2 to this. */
const MAX_CACHE_BITS = 11;
/** Multiplier of the hash of a colour (RFC 9649, section 3.6.2.3). */
const HASH = 0x1e35a7bd;
/** Offsets of the 120 nearest pixels. */
const NEAR = nearest();

/**
 * Columns to the left and rows up of the pixels that short codes of distances mean (RFC 9649, section 3.6.2.2.1): those
 * of the half plane before, by their distance; among equals those in nearer columns first, and left before right.
 */
function nearest() {
  const all = [];
  for (let rows = 0; rows < 8; rows++) {
    for (let columns = rows ? -7 : 1; columns <= 8; columns++) {
      all.push({ columns, rows, far: columns ** 2 + rows ** 2 });
    }
  }
  return all.sort(
    (a, b) => a.far - b.far || Math.abs(a.columns) - Math.abs(b.columns) || b.columns - a.columns,
  );
}

/**
 * Decode an entropy-coded image: that of the pixels, or one that a transform or the prefix codes need (RFC 9649,
 * section 3.8.2).
 *
 * @param {import("./bits.js").BitReader} reader
 * @param {number} width Columns.
 * @param {number} height Rows.
 * @param {boolean} outer It is the image of the pixels: only that may have several groups of prefix codes.
 * @param {boolean} [cutOff] The last pixel may end behind the data, if pixels differ in nothing but green.
 * @returns {Int32Array} ARGB, a row after the other.
 * @throws {PictureError} Damaged.
 */
export function decodeImage(reader, width, height, outer, cutOff = false) {
  const cacheBits = reader.read(1) ? reader.read(4) || -1 : 0;
  if (cacheBits < 0 || cacheBits > MAX_CACHE_BITS) {
    throw damaged("its colour cache has a size that is not allowed");
  }
  const tiles = outer && reader.read(1) ? readTiles(reader, width, height, decodeImage) : null;
  const groups = readGroups(reader, tiles, cacheBits ? 1 << cacheBits : 0);
  const pixels = new Int32Array(width * height);
  const target = { pixels, width, at: 0 };
  const cache = cacheBits ? new ColourCache(cacheBits, pixels) : null;
  while (target.at < pixels.length) {
    reader.check();
    const { group, until } = tiles ? tileAt(tiles, target.at, width) : { group: 0, until: pixels.length };
    decodePixels(reader, groups, groups.all[group], target, until, cache);
  }
  if (!cutOff || cache || !groups.all.every(({ fixed }) => fixed)) {
    reader.check();
  }
  return pixels;
}

/** The group of codes of a pixel, and where its tile ends in this row. */
function tileAt({ bits, columns, groups }, at, width) {
  const y = Math.floor(at / width);
  const x = at - y * width;
  const until = y * width + Math.min(((x >> bits) + 1) << bits, width);
  return { group: groups[(y >> bits) * columns + (x >> bits)], until };
}

/**
 * Colours that came lately, by their hash. What is decoded goes in only when a colour is asked for: most pixels come
 * without.
 */
class ColourCache {
  constructor(bits, pixels) {
    this.colours = new Int32Array(1 << bits);
    this.shift = 32 - bits;
    this.pixels = pixels;
    this.entered = 0;
  }

  /** The colour of this number, when `count` pixels are decoded. */
  get(number, count) {
    const { colours, pixels, shift } = this;
    for (let at = this.entered; at < count; at++) {
      colours[Math.imul(pixels[at], HASH) >>> shift] = pixels[at];
    }
    this.entered = count;
    return colours[number];
  }
}

/**
 * Decode pixels with one group of codes, from `target.at` until at least `until`: a copy may go on behind it.
 *
 * Position and place are kept in variables, and every lookup is written out: calls would take three times as long.
 */
function decodePixels(reader, { entries, packed }, group, target, until, cache) {
  const { view, end } = reader;
  const { pixels } = target;
  const [green, red, blue, alpha] = group.codes;
  const { literal, packedBase, fixed } = group;
  let { position } = reader;
  let { at } = target;
  while (at < until && position <= end) {
    let word = view.getUint32(position >>> 3, true) >>> (position & 7);
    if (packedBase >= 0) {
      const index = packedBase + ((word & (PACKED_SIZE - 1)) << 1);
      const bits = packed[index];
      if (bits >= 0) {
        position += bits;
        pixels[at++] = packed[index + 1];
        continue;
      }
    }
    let entry = entries[green.base + (word & green.mask)];
    if ((entry & 15) > 8) {
      entry = entries[(entry >>> 4) + ((word >>> 8) & ((1 << ((entry & 15) - 8)) - 1))];
      position += 8;
    }
    position += entry & 15;
    const symbol = entry >>> 4;
    if (symbol >= LITERALS) {
      reader.position = position;
      target.at = at;
      if (symbol >= LITERALS + LENGTHS) {
        pixels[at] = cache.get(symbol - LITERALS - LENGTHS, at);
        at++;
      } else {
        at = copy(reader, entries, group.codes[4], target, symbol - LITERALS);
        position = reader.position;
      }
      continue;
    }
    if (fixed) {
      pixels[at++] = literal | (symbol << 8);
      continue;
    }
    word = view.getUint32(position >>> 3, true) >>> (position & 7);
    entry = entries[red.base + (word & red.mask)];
    if ((entry & 15) > 8) {
      entry = entries[(entry >>> 4) + ((word >>> 8) & ((1 << ((entry & 15) - 8)) - 1))];
      position += 8;
    }
    position += entry & 15;
    let pixel = (symbol << 8) | ((entry >>> 4) << 16);
    word = view.getUint32(position >>> 3, true) >>> (position & 7);
    entry = entries[blue.base + (word & blue.mask)];
    if ((entry & 15) > 8) {
      entry = entries[(entry >>> 4) + ((word >>> 8) & ((1 << ((entry & 15) - 8)) - 1))];
      position += 8;
    }
    position += entry & 15;
    pixel |= entry >>> 4;
    word = view.getUint32(position >>> 3, true) >>> (position & 7);
    entry = entries[alpha.base + (word & alpha.mask)];
    if ((entry & 15) > 8) {
      entry = entries[(entry >>> 4) + ((word >>> 8) & ((1 << ((entry & 15) - 8)) - 1))];
      position += 8;
    }
    position += entry & 15;
    pixels[at++] = pixel | ((entry >>> 4) << 24);
  }
  target.at = at;
  reader.position = position;
}

/** Repeat earlier pixels; the place behind them. */
function copy(reader, entries, distances, target, symbol) {
  const { pixels, width, at } = target;
  const length = reader.magnitude(symbol);
  const code = reader.magnitude(reader.symbol(entries, distances.base, distances.mask));
  const near = NEAR[code - 1];
  const distance = near ? Math.max(near.columns + near.rows * width, 1) : code - NEAR.length;
  if (distance > at || length > pixels.length - at) {
    throw damaged("it repeats pixels that it does not have");
  }
  if (distance >= length) {
    pixels.copyWithin(at, at - distance, at - distance + length);
  } else if (distance === 1) {
    pixels.fill(pixels[at - 1], at, at + length);
  } else {
    for (let index = at; index < at + length; index++) {
      pixels[index] = pixels[index - distance];
    }
  }
  return at + length;
}
