/** Groups of prefix codes, and which part of a picture has which: meta prefix codes. */

import { LENGTHS, LITERALS, PrefixTables, readCodes } from "./prefix_codes.js";

/** Bits that are looked up for a whole pixel at once, where a group's codes are so short. */
const PACKED_BITS = 6;
/** Entries of such a table: each is how many bits the pixel takes (-1: they are no whole pixel), and the pixel. */
export const PACKED_SIZE = 1 << PACKED_BITS;

/**
 * Which group of codes each tile has.
 *
 * @typedef {object} Tiles
 * @property {number} bits A tile is 2^bits pixels wide and high.
 * @property {number} columns Tiles in a row.
 * @property {Uint16Array} groups A row after the other.
 */

/**
 * Groups of prefix codes, with all their tables.
 *
 * @typedef {object} Groups
 * @property {Int32Array} entries See `PrefixTables`.
 * @property {Int32Array} packed Pairs of bits and pixel.
 * @property {Group[]} all By number; undefined where no tile has it.
 *
 * @typedef {object} Group
 * @property {{base: number, mask: number, single: number}[]} codes Of green (with lengths and cached colours), red,
 *   blue, alpha, distances.
 * @property {boolean} fixed Red, blue and alpha are the same everywhere.
 * @property {number} literal They as ARGB, if so.
 * @property {number} packedBase Where its table of packed pixels begins, or -1.
 */

/**
 * Read which group of codes each tile has (RFC 9649, section 3.7.2.2).
 *
 * @param {import("./bits.js").BitReader} reader
 * @param {number} width Pixels.
 * @param {number} height Pixels.
 * @param {Function} decodeImage What decodes an entropy-coded image.
 * @returns {Tiles}
 * @throws {PictureError} Damaged.
 */
export function readTiles(reader, width, height, decodeImage) {
  const bits = reader.read(3) + 2;
  const columns = tilesOf(width, bits);
  const image = decodeImage(reader, columns, tilesOf(height, bits), false);
  // Numbers are in red and green.
  return { bits, columns, groups: Uint16Array.from(image, (argb) => (argb >>> 8) & 0xffff) };
}

/**
 * @param {number} side Pixels.
 * @param {number} bits
 * @returns {number} Tiles of 2^bits pixels that cover it.
 */
export function tilesOf(side, bits) {
  return (side + (1 << bits) - 1) >> bits;
}

/**
 * Read all groups of prefix codes. Of those that no tile has, nothing is kept.
 *
 * @param {import("./bits.js").BitReader} reader
 * @param {Tiles | null} tiles `null`: one group for all.
 * @param {number} cacheSize Colours of the colour cache.
 * @returns {Groups}
 * @throws {PictureError} Damaged.
 */
export function readGroups(reader, tiles, cacheSize) {
  const tables = new PrefixTables();
  const scratch = new Uint8Array(LITERALS + LENGTHS + cacheSize);
  const wanted = new Uint8Array(2 ** 16);
  let count = 1;
  for (const group of tiles ? tiles.groups : [0]) {
    wanted[group] = 1;
    count = Math.max(count, group + 1);
  }
  const all = new Array(count);
  for (let number = 0; number < count; number++) {
    const before = tables.used;
    const codes = readCodes(reader, tables, cacheSize, scratch);
    if (wanted[number]) {
      all[number] = groupOf(codes);
    } else {
      tables.used = before;
    }
  }
  return { entries: tables.entries, packed: pack(tables.entries, all), all };
}

function groupOf(codes) {
  const [, red, blue, alpha] = codes;
  const fixed = red.single >= 0 && blue.single >= 0 && alpha.single >= 0;
  const literal = fixed ? (alpha.single << 24) | (red.single << 16) | blue.single : 0;
  return { codes, fixed, literal, packedBase: -1 };
}

/** Make tables of whole pixels for groups whose codes are short: those of pictures with few colours. */
function pack(entries, groups) {
  const longest = (mask) => 32 - Math.clz32(mask);
  const short = groups.filter(
    ({ codes }) => codes.slice(0, 4).reduce((bits, { mask }) => bits + longest(mask), 0) <= PACKED_BITS,
  );
  const packed = new Int32Array(short.length * PACKED_SIZE * 2);
  short.forEach((group, number) => {
    group.packedBase = number * PACKED_SIZE * 2;
    for (let word = 0; word < PACKED_SIZE; word++) {
      let used = 0;
      const [green, red, blue, alpha] = group.codes.slice(0, 4).map(({ base, mask }) => {
        const entry = entries[base + ((word >> used) & mask)];
        used += entry & 15;
        return entry >>> 4;
      });
      const at = group.packedBase + word * 2;
      packed[at] = green < LITERALS ? used : -1;
      packed[at + 1] = (alpha << 24) | (red << 16) | (green << 8) | blue;
    }
  });
  return packed;
}
