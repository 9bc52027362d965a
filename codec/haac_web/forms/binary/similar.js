/**
 * Canvas and grid of a paraphrase in the binary form (docs/format.md, "Paraphrases"): canvases are photographs' (a long
 * side, a shape), and positions and sizes are often multiples of some pixels.
 */

import { GRIDS, LONG_SIDES, SHAPES, TABLES } from "../../constants.js";
import { bitLength, Table } from "../rans.js";

const LONG = new Table(TABLES.LIKE_LONG);
const SHAPE = new Table(TABLES.LIKE_SHAPE);
const UPRIGHT = new Table(TABLES.LIKE_UPRIGHT);
const GRID = new Table(TABLES.LIKE_GRID);

/** Lengths of a canvas side, also of ordinary recipes. */
export const SIDE = new Table(TABLES.SIDE);

/**
 * How long a number is in bits that is about as large as another one of this length.
 * @param {number} length bits
 * @returns {Table}
 */
export function nearLengths(length) {
  // From 32 on, a shift in JavaScript begins anew; 64 >> 7 is 0 already.
  return new Table(Array.from({ length: 15 }, (_, bits) => Math.max(1, 64 >> Math.min(31, (bits - length) ** 2))));
}

/** Codes width and height; while decoding the arguments are not looked at. */
export function codeCanvas(io, width, height) {
  let [long, short] = [Math.max(width, height), Math.min(width, height)];
  const place = LONG_SIDES.indexOf(long);
  const side = io.pick(LONG, () => (place < 0 ? LONG_SIDES.length : place));
  const wantedLong = long;
  long = side < LONG_SIDES.length ? LONG_SIDES[side] : io.number(SIDE, () => wantedLong);
  const sides = SHAPES.map(([across, down]) => Math.floor((2 * long * down + across) / (2 * across)));
  const wantedShort = short;
  const shape = io.pick(SHAPE, () => (sides.includes(wantedShort) ? sides.indexOf(wantedShort) : SHAPES.length));
  short = shape < SHAPES.length ? sides[shape] : io.number(nearLengths(bitLength(long)), () => wantedShort);
  if (short !== long && io.pick(UPRIGHT, () => height > width)) return [short, long];
  return [long, short];
}

/**
 * Codes the largest of GRIDS that all positions and sizes in pixels are multiples of; while decoding no layers are
 * given.
 */
export function codeGrid(io, layers) {
  const wanted = () => {
    const values = layers.flatMap(({ x, y, width, height }) => [x, y, width ?? 0, height ?? 0]);
    return GRIDS.findLastIndex((grid) => values.every((value) => value % grid === 0));
  };
  return GRIDS[io.pick(GRID, wanted)];
}
