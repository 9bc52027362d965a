/** Wash bitstream: entropy coding of the coefficients, as symbols of the recipe's number (docs/format.md, "Wash"). */

import { TABLES, USUAL_STEPS } from "../constants.js";
import { RecipeError } from "../errors.js";
import { Table, Uniform } from "../forms/rans.js";
import { codeBand, Known } from "./contexts.js";
import { magnitudeSlots, signSlots } from "./slots.js";
import { bandShapes, checkCoefficients, checkWash, COEFFICIENT, cut, grid, levelsOf, STEPS } from "./value.js";

const LEVELS = new Table(TABLES.LEVELS);
const HAS_ALPHA = new Table(TABLES.HAS_ALPHA);
/** How many bands luma has less than there are. */
const LUMA_BANDS = new Table(TABLES.LUMA_BANDS);
/** Length in bits of a large magnitude less 14. */
const ESCAPE = new Table(TABLES.ESCAPE);
/** The symbol of all magnitudes from 15 on. */
const LARGE = 15;

/**
 * Codes the wash of a canvas in either direction.
 * @param {Coder} io a Checker takes the coefficients for granted: other ones would be another number
 * @param {number} width canvas, pixels
 * @param {number} height canvas, pixels
 * @param {object|undefined} given the wash; while decoding it is not looked at
 * @returns {object} the wash
 * @throws {RecipeError} damaged, or outside the limits
 */
export function codeWash(io, width, height, given) {
  const levels = io.pick(LEVELS, () => levelsOf(given));
  const step = io.pick(stepTable(levels), () => given.step);
  const alpha = io.pick(HAS_ALPHA, () => given.channels.length - 3);
  const [across, down] = grid(width, height, levels);
  const shapes = bandShapes(across, down);
  const sizes = shapes.map(([rows, columns]) => rows * columns);
  const wanted = (channel) => cut(sizes, given.channels[channel]);
  const cuts = [shapes.length - io.pick(LUMA_BANDS, () => shapes.length - wanted(0))];
  if (cuts[0] < 0) throw new RecipeError("the recipe is damaged: its wash has fewer bands than none");
  for (let n = 1; n < 3 + alpha; n++) cuts.push(io.pick(new Uniform(shapes.length + 1), () => wanted(n)));
  checkCoefficients(sizes, cuts, io.decodes ? io.length : 0);
  if (io.decodes) {
    const decoder = new CoefficientDecoder(io);
    const channels = codeChannels(decoder, step, shapes, cuts).map(({ bands }) => joined(bands));
    decoder.finish();
    const wash = { width: across, height: down, step, channels };
    checkWash(wash);
    return wash;
  }
  if (io.steps) codeChannels(new CoefficientEncoder(io, given.channels), step, shapes, cuts);
  return given;
}

/**
 * Bands of a wash, with the context of each coefficient, which its point of reconstruction depends on.
 * @param {object} wash
 * @returns {{bands: Int16Array[], contexts: Uint8Array[]}[]} by channel, then by band, row by row; those that are
 *   missing at the end are zeros
 */
export function takenApart({ width, height, step, channels }) {
  const shapes = bandShapes(width, height);
  const sizes = shapes.map(([rows, columns]) => rows * columns);
  const cuts = channels.map((channel) => cut(sizes, channel));
  return codeChannels(new CoefficientReader(channels), step, shapes, cuts);
}

/** Distribution of the quantiser step: those near the usual one are likely. */
function stepTable(levels) {
  const share = (step) => 1 + Math.floor(255 / (1 + ((step - USUAL_STEPS[levels]) ** 2 >> 3)));
  return new Table(Array.from({ length: STEPS }, (_, step) => share(step)));
}

/** Codes channel after channel, band after band. */
function codeChannels(coder, step, shapes, cuts) {
  const known = [];
  return cuts.map((count, channel) => {
    known.push([]);
    coder.begin(channel);
    const parts = shapes.map((shape, band) => {
      const coded = band < count ? codeBand(coder, known, channel, band, shape, step) : null;
      known[channel].push(new Known(coded?.values ?? [], shape));
      if (coded) coder.advance(coded.values.length);
      return coded;
    });
    return {
      bands: parts.filter(Boolean).map(({ values }) => values),
      contexts: parts.filter(Boolean).map(({ contexts }) => contexts),
    };
  });
}

function joined(bands) {
  const channel = new Int16Array(bands.reduce((total, band) => total + band.length, 0));
  let at = 0;
  for (const band of bands) {
    channel.set(band, at);
    at += band.length;
  }
  return channel;
}

/**
 * Takes coefficients out of a decoder's number.
 *
 * A step is `state -> (state >> 12) * share + rank`, of which the lowest bits depend on the lowest bits alone. So 48
 * bits are held apart, as `state = rest * 2^48 + low`, and after four steps the large number is multiplied once by all
 * four shares.
 */
class CoefficientDecoder {
  constructor(io) {
    this._io = io;
    this._rest = io.state;
    this._low = 0;
    this._shares = 1; // what the rest is to be multiplied by
    this._bits = 0; // of `low` that are sure; if the rest is 0, all of it is
    this._whole = false;
  }

  begin() {}

  advance() {}

  /** Decodes a magnitude in a context. */
  magnitude(context) {
    const symbol = this._step(magnitudeSlots(context));
    if (symbol < LARGE) return symbol;
    const io = this._io;
    const picks = io.picks.length;
    this.finish();
    const magnitude = io.number(ESCAPE) + LARGE - 1;
    io.picks.length = picks;
    this._rest = io.state;
    if (magnitude > COEFFICIENT) {
      throw new RecipeError(`the recipe is damaged: its wash has a coefficient above ${COEFFICIENT}`);
    }
    return magnitude;
  }

  /** Decodes a sign, where plus has so many of 4096. */
  negative(plus) {
    return this._step(signSlots(plus)) === 1;
  }

  _step(slots) {
    if (this._bits < 12 && !this._whole) this._refill();
    const above = Math.floor(this._low / 4096);
    const slot = this._low - above * 4096;
    const symbol = slots.symbols[slot];
    const share = slots.frequencies[symbol];
    this._low = above * share + slots.ranks[slot];
    this._shares *= share;
    this._bits -= 12;
    this._io.bits += slots.costs[symbol];
    return symbol;
  }

  _refill() {
    this.finish();
    const { state } = this._io;
    this._rest = state >> 48n;
    this._low = Number(BigInt.asUintN(48, state));
    this._bits = 48;
    this._whole = this._rest === 0n;
  }

  /** Gives the number back. */
  finish() {
    if (this._whole) this._io.state = BigInt(this._low);
    else this._io.state = ((this._rest * BigInt(this._shares)) << BigInt(this._bits)) + BigInt(this._low);
    this._shares = 1;
    this._low = this._bits = 0;
    this._whole = false;
  }
}

/** Gives the coefficients of a wash, to find out their contexts. */
class CoefficientReader {
  constructor(channels) {
    this._channels = channels;
    this._at = 0;
  }

  begin(channel) {
    this._channel = this._channels[channel];
    this._at = 0;
  }

  /** Goes on to the next band. */
  advance(size) {
    this._at += size;
  }

  magnitude(context, place) {
    return Math.abs(this._channel[this._at + place]);
  }

  negative(plus, place) {
    return this._channel[this._at + place] < 0;
  }
}

/** Gives the coefficients of a wash to an encoder. */
class CoefficientEncoder extends CoefficientReader {
  constructor(io, channels) {
    super(channels);
    this._io = io;
  }

  magnitude(context, place) {
    const magnitude = super.magnitude(context, place);
    const symbol = Math.min(magnitude, LARGE);
    this._io.steps.push(magnitudeSlots(context).steps[symbol]);
    if (symbol === LARGE) this._io.number(ESCAPE, () => magnitude - LARGE + 1);
    return magnitude;
  }

  negative(plus, place) {
    const negative = super.negative(plus, place);
    this._io.steps.push(signSlots(plus).steps[Number(negative)]);
    return negative;
  }
}
