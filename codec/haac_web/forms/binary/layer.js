/**
 * Layer parameters in the binary form (docs/format.md, "The values, in order" and "Paraphrases"), with adaptive tables:
 * a layer is like those before it.
 */

import { TABLES } from "../../constants.js";
import { Adaptive, bitLength, Uniform } from "../rans.js";
import { FLIPS, FULL_TURN, makeLayer } from "../scene.js";
import { nearLengths } from "./similar.js";

const NAMES = [
  "HAS_CROP",
  "EDGE",
  "FLIP",
  "HAS_ADJUSTMENT",
  "ADJUSTED",
  "ADJUST_SIDE",
  "ADJUST",
  "ADJUST_FIVES",
  "ADJUST_ONES",
  "SIZE",
  "PIXELS",
  "SCALE",
  "HAS_ROTATION",
  "TURN",
  "HAS_BLUR",
  "BLUR",
  "HAS_OPACITY",
  "OPACITY",
  "WHERE",
  "OUTSIDE",
];
const ADJUSTMENTS = ["brightness", "contrast", "saturation"];
const ADJUST_STEPS = [5, 1];
/** Quarters of a turn, five degrees, a degree, a quarter degree. */
export const TURN_STEPS = [360, 20, 4, 1];
/** Of paraphrases: eight degrees, a degree, a quarter degree. */
const LIKE_TURN_STEPS = [32, 4, 1];
const OPACITY_STEPS = [10, 5, 1];
/**
 * What a decoder may expect: tables that each layer uses, and the uniform totals of all steps, as their common
 * multiple.
 */
const ALWAYS = [
  ...["HAS_CROP", "FLIP", "HAS_ADJUSTMENT", "SIZE", "HAS_ROTATION", "HAS_BLUR", "HAS_OPACITY"],
  ...["WHERE", "WHERE"],
];
const TURN_RANKS = 73440; // 3, 68, 288, 1080
const OPACITY_RANKS = 80; // 10, 10, 80

/** Codes the layers of one recipe, one after the other. */
export class LayerCoder {
  /**
   * @param {number} width of the canvas, pixels
   * @param {number} height of the canvas, pixels
   * @param {Elements} elements what the layers show
   * @param {string} prefix of the names of tables that stand in place of others
   */
  constructor(width, height, elements, prefix = "") {
    this._width = width;
    this._height = height;
    this._elements = elements;
    this._places = [width, height];
    this._of = {};
    for (const name of NAMES) this._of[name] = new Adaptive(TABLES[prefix + name] ?? TABLES[name]);
  }

  /** Codes a layer; while decoding the argument is a stand-in that is not looked at. */
  code(io, layer) {
    const of = this._of;
    io.expect([this._elements.next, ...ALWAYS.map((name) => of[name])], [this._elements.others, ...this._places]);
    const values = { element: this._elements.take(io, () => layer.element) };
    if (io.pick(of.HAS_CROP, () => layer.crop !== null)) {
      io.expect([of.EDGE, of.EDGE, of.EDGE, of.EDGE], [2 ** 52]);
      const box = layer?.crop ?? [0, 0, 1, 1];
      const left = io.number(of.EDGE, () => box[0]);
      const top = io.number(of.EDGE, () => box[1]);
      const width = io.number(of.EDGE, () => box[2] - box[0]);
      const height = io.number(of.EDGE, () => box[3] - box[1]);
      values.crop = [left, top, left + width, top + height];
    }
    values.flip = FLIPS[io.pick(of.FLIP, () => FLIPS.indexOf(layer.flip))];
    if (io.pick(of.HAS_ADJUSTMENT, () => ADJUSTMENTS.some((name) => layer[name] !== 100))) {
      io.expect([of.ADJUSTED, of.ADJUSTED, of.ADJUSTED], []);
      for (const name of ADJUSTMENTS) values[name] = this._adjustment(io, layer?.[name]);
    }
    this._size(io, layer, values);
    if (io.pick(of.HAS_ROTATION, () => layer.rotation !== 0)) values.rotation = this._rotation(io, layer);
    if (io.pick(of.HAS_BLUR, () => layer.blur !== 0)) {
      io.expect([of.BLUR], [2 ** 9]);
      values.blur = io.number(of.BLUR, () => layer.blur);
    }
    if (io.pick(of.HAS_OPACITY, () => layer.opacity !== 100)) {
      io.expect([of.OPACITY], [OPACITY_RANKS]);
      values.opacity = 100 - stepped(io, of.OPACITY, OPACITY_STEPS, 100, () => 100 - layer.opacity);
    }
    values.x = this._position(io, this._width, values.width, () => layer.x);
    values.y = this._position(io, this._height, values.height, () => layer.y);
    return makeLayer(values);
  }

  _adjustment(io, given) {
    const of = this._of;
    if (!io.pick(of.ADJUSTED, () => given !== 100)) return 100;
    io.expect([of.ADJUST_SIDE, of.ADJUST, of.ADJUST_FIVES, of.ADJUST_ONES], [2 ** 7]);
    const lengths = [of.ADJUST_FIVES, of.ADJUST_ONES];
    return 100 + fromZero(io, of.ADJUST_SIDE, of.ADJUST, ADJUST_STEPS, lengths, () => given - 100);
  }

  _size(io, layer, values) {
    const { PIXELS, SCALE, SIZE } = this._of;
    const kind = io.pick(SIZE, () => sizeKind(layer));
    if (kind) io.expect(kind === 4 ? [SCALE] : kind === 3 ? [PIXELS, PIXELS] : [PIXELS], [2 ** 26]);
    if (kind === 1 || kind === 3) values.width = this._pixels(io, undefined, () => layer.width);
    if (kind === 2 || kind === 3) values.height = this._pixels(io, values.width, () => layer.height);
    if (kind === 4) values.scale = io.number(SCALE, () => layer.scale);
  }

  /** A width; or a height, `near` being the width that was said before. */
  _pixels(io, near, wanted) {
    return io.number(this._of.PIXELS, wanted);
  }

  _rotation(io, layer) {
    io.expect([this._of.TURN], [TURN_RANKS]);
    return stepped(io, this._of.TURN, TURN_STEPS, FULL_TURN - 1, () => layer.rotation);
  }

  /** A left or top edge: of a box of this size, if it was said. */
  _position(io, length, size, wanted) {
    return this._place(io, length, wanted);
  }

  /** Any integer; those from 0 to `length` are likely. */
  _place(io, length, wanted) {
    const { WHERE, OUTSIDE } = this._of;
    const where = io.pick(WHERE, () => (wanted() < 0 ? 1 : wanted() < length ? 0 : 2));
    if (where === 0) return io.pick(new Uniform(length), wanted);
    io.expect([OUTSIDE], [2 ** 30]);
    if (where === 1) return -1 - io.number(OUTSIDE, () => -1 - wanted());
    return length + io.number(OUTSIDE, () => wanted() - length);
  }
}

/**
 * Codes the layers of a paraphrase: sizes and positions in steps of a grid, boxes by their middle, small turns to
 * either side.
 */
export class SimilarLayerCoder extends LayerCoder {
  /** The last argument, `grid`: pixels that positions and sizes are multiples of; the others as of LayerCoder. */
  constructor(width, height, elements, grid) {
    super(width, height, elements, "LIKE_");
    this._of.TURN_SIDE = new Adaptive(TABLES.LIKE_TURN_SIDE);
    this._of.TURN_LENGTH = new Adaptive(TABLES.LIKE_TURN_LENGTH);
    this._grid = grid;
    this._places = [width, height].map((length) => Math.ceil(length / grid));
  }

  _pixels(io, near, wanted) {
    const grid = this._grid;
    const lengths = near === undefined ? this._of.PIXELS : nearLengths(bitLength(Math.floor(near / grid)));
    if (near !== undefined) io.expect([], [lengths.total]);
    return grid * io.number(lengths, () => Math.floor(wanted() / grid));
  }

  _rotation(io, layer) {
    const { TURN_SIDE, TURN, TURN_LENGTH } = this._of;
    io.expect([TURN_SIDE, TURN, TURN_LENGTH], [2 ** 9]);
    const wanted = () => (layer.rotation > FULL_TURN / 2 ? layer.rotation - FULL_TURN : layer.rotation);
    const turn = fromZero(io, TURN_SIDE, TURN, LIKE_TURN_STEPS, Array(3).fill(TURN_LENGTH), wanted);
    return modulo(turn, FULL_TURN);
  }

  /** The middle is on the canvas where the edge often is not. */
  _position(io, length, size, wanted) {
    const grid = this._grid;
    const half = Math.floor(Math.floor((size ?? 0) / grid) / 2);
    const middle = this._place(io, Math.ceil(length / grid), () => Math.floor(wanted() / grid) + half);
    return grid * (middle - half);
  }
}

function modulo(value, by) {
  return ((value % by) + by) % by;
}

function sizeKind({ width, height, scale }) {
  if (scale !== null) return 4;
  return (width !== null ? 1 : 0) + (height !== null ? 2 : 0);
}

/**
 * Codes an integer that is not 0; a rounder one and one nearer to 0 cost less.
 *
 * First its sign; then the largest step that it is a multiple of; then which one from 0 on, of those that are multiples
 * of no larger step, counted from 1.
 *
 * @param {Coder} io either direction
 * @param {Adaptive} sides how likely it is below 0
 * @param {Adaptive} kinds how likely each step is
 * @param {number[]} steps each is a multiple of the next; the last is 1
 * @param {Adaptive[]} lengths of that count, in bits; a table for each step, in which 0 has no share
 * @param {() => number} wanted gives the integer to an encoder
 */
function fromZero(io, sides, kinds, steps, lengths, wanted) {
  const below = io.pick(sides, () => wanted() < 0);
  const kind = io.pick(kinds, () => steps.findIndex((step) => wanted() % step === 0));
  const step = steps[kind];
  const every = kind ? steps[kind - 1] / step : 0;
  const found = io.number(lengths[kind], () => {
    const multiple = Math.abs(wanted()) / step;
    return every ? rank(multiple, every) + 1 : multiple;
  });
  const distance = step * (every ? found + Math.floor((found - 1) / (every - 1)) : found);
  return below ? -distance : distance;
}

/**
 * Codes an integer from 1 to `most`; a rounder one costs less.
 *
 * First the largest step that it is a multiple of; then which one, of those that are multiples of no larger step.
 *
 * @param {Coder} io either direction
 * @param {Table} kinds how likely each step is
 * @param {number[]} steps each is a multiple of the next; the last is 1
 * @param {number} most the largest number
 * @param {() => number} wanted gives the number to an encoder
 */
export function stepped(io, kinds, steps, most, wanted) {
  const kind = io.pick(kinds, () => steps.findIndex((step) => wanted() % step === 0));
  const step = steps[kind];
  // The multiples of a larger step among those of this one.
  const every = kind ? steps[kind - 1] / step : most + 1;
  const count = Math.floor(most / step);
  const total = count - Math.floor(count / every);
  const index = io.pick(new Uniform(total), () => rank(wanted() / step, every));
  return step * (index + 1 + Math.floor(index / (every - 1)));
}

function rank(multiple, every) {
  return multiple - 1 - Math.floor(multiple / every);
}
