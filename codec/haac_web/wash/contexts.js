/**
 * Context modelling of a wash: each coefficient's frequency table, chosen by a log-linear predictor out of what is
 * decoded before it (docs/format.md, "Wash"; names as in haac/_wash/contexts.py).
 *
 * Source of the idea: X. Wu, "High-order context modeling and embedded conditional entropy coding of wavelet
 * coefficients for image compression", Asilomar 1997.
 */

import tables from "./tables.js";

/** Rows and columns to the neighbours that are decoded before a coefficient of the same band. */
const CAUSAL = [
  [0, -1],
  [0, -2],
  [-1, 0],
  [-2, 0],
  [-1, -1],
  [-1, 1],
];
const CONTEXTS = 48;
const ZONES = 8;
const FEATURES = CAUSAL.length + 16;
/** Places of the weights after the causal ones. */
const [ROWS, PARENT, PARENT_AROUND, PARENT_MEAN] = [6, 7, 8, 9];
const [SIBLING, EARLIER, PARENT_OTHERS, PRODUCT] = [10, 14, 20, 21];
/** Columns and rows of zeros around a band: so far its neighbours reach. */
const MARGIN = 2;
/** round(16 * log2(1 + m)) of a magnitude m, of 63 for all larger ones. */
const LOGARITHM = Int32Array.from({ length: 64 }, (_, m) => Math.round(16 * Math.log2(1 + m)));

/**
 * Orientation of a band: 0 LL, 1 HL, 2 LH, 3 HH.
 * @param {number} band
 */
export function kind(band) {
  return band === 0 ? 0 : 1 + ((band - 1) % 3);
}

/**
 * Level of a band: 0 for the lowest, then 1, 2, ... from coarse to fine.
 * @param {number} band
 */
export function depth(band) {
  return band === 0 ? 0 : 1 + Math.floor((band - 1) / 3);
}

/** Features of a band for the contexts of others: companded magnitudes, with the sums around each place, and signs. */
export class Known {
  /**
   * @param {ArrayLike<number>} coefficients row by row; none for a band of zeros
   * @param {[number, number]} shape height and width
   */
  constructor(coefficients, [height, width]) {
    const size = height * width;
    this.height = height;
    this.width = width;
    this.values = new Int32Array(size);
    this.signs = new Int8Array(size);
    this.around = new Int32Array(size);
    this.diagonal = new Int32Array(size);
    this.mean = 0;
    if (coefficients.length) this._fill(coefficients);
  }

  _fill(coefficients) {
    const { height, width, values } = this;
    let total = 0;
    for (let at = 0; at < values.length; at++) {
      const value = coefficients[at];
      values[at] = LOGARITHM[Math.min(63, Math.abs(value))];
      this.signs[at] = Math.sign(value);
      total += values[at];
    }
    this.mean = Math.floor((4 * total) / Math.max(1, values.length));
    for (let y = 0, at = 0; y < height; y++) {
      const [up, down] = [y > 0, y + 1 < height];
      for (let x = 0; x < width; x++, at++) {
        const [left, right] = [x > 0, x + 1 < width];
        this.around[at] =
          (left ? values[at - 1] : 0) +
          (right ? values[at + 1] : 0) +
          (up ? values[at - width] : 0) +
          (down ? values[at + width] : 0);
        this.diagonal[at] =
          (up && left ? values[at - width - 1] : 0) +
          (up && right ? values[at - width + 1] : 0) +
          (down && left ? values[at + width - 1] : 0) +
          (down && right ? values[at + width + 1] : 0);
      }
    }
  }
}

/**
 * Adds a weight times a plane at half the place (`shift` 1) or at the same (0); beyond its edge, its last row or
 * column.
 */
function add(sum, shape, weight, plane, { height, width }, shift) {
  if (!weight || !height || !width) return;
  for (let y = 0, at = 0; y < shape[0]; y++) {
    const row = Math.min(y >> shift, height - 1) * width;
    for (let x = 0; x < shape[1]; x++, at++) sum[at] += weight * plane[row + Math.min(x >> shift, width - 1)];
  }
}

/**
 * Log-odds of a coefficient that is not 0, part 1: from other bands and channels.
 * @param {Known[][]} known by channel, then by band: all before this band
 * @param {number} channel
 * @param {number} band
 * @param {[number, number]} shape height and width
 * @param {number} step of the quantiser
 * @returns {Int32Array} row by row
 */
function beforeBand(known, channel, band, shape, step) {
  const weights = weightsOf(channel, band);
  const sum = new Int32Array(shape[0] * shape[1]);
  const bias = (zone) => weights[FEATURES + zone] + step * weights[FEATURES + ZONES + zone];
  if (band) sum.fill(bias(Math.min(depth(band), ZONES - 1)));
  else {
    for (let at = 0; at < sum.length; at++) {
      const [row, column] = [Math.floor(at / shape[1]), at % shape[1]];
      sum[at] = bias(Math.min(ZONES - 1, row + column));
    }
  }
  const own = known[channel];
  if (band > 3) {
    const parent = own[band - 3];
    add(sum, shape, weights[PARENT], parent.values, parent, 1);
    add(sum, shape, weights[PARENT_AROUND], parent.around, parent, 1);
    const mean = weights[PARENT_MEAN] * parent.mean;
    for (let at = 0; at < sum.length; at++) sum[at] += mean;
    const first = 3 * depth(band) - 5; // the HL band of the coarser level
    for (let n = first; n < first + 3; n++) {
      if (n !== band - 3) add(sum, shape, weights[PARENT_OTHERS], own[n].values, own[n], 1);
    }
  }
  const siblings = { 2: [band - 1], 3: [band - 2, band - 1] }[kind(band)] ?? [];
  siblings.forEach((sibling, n) => {
    add(sum, shape, weights[SIBLING + 2 * n], own[sibling].values, own[sibling], 0);
    add(sum, shape, weights[SIBLING + 2 * n + 1], own[sibling].around, own[sibling], 0);
  });
  for (let n = 0; n < (channel < 3 ? Math.min(channel, 2) : 0); n++) {
    const before = known[channel - 1 - n][band];
    add(sum, shape, weights[EARLIER + 3 * n], before.values, before, 0);
    add(sum, shape, weights[EARLIER + 3 * n + 1], before.around, before, 0);
    add(sum, shape, weights[EARLIER + 3 * n + 2], before.diagonal, before, 0);
  }
  return sum;
}

/** Log-odds of a plus sign, part 1: from the channels before. */
function signBeforeBand(known, channel, band, shape) {
  const weights = signWeightsOf(channel, band);
  const sum = new Int32Array(shape[0] * shape[1]);
  for (let n = 0; n < (channel < 3 ? channel : 0); n++) {
    const before = known[channel - 1 - n][band];
    add(sum, shape, weights[CAUSAL.length + n], before.signs, before, 0);
  }
  return sum;
}

/** Weights of a band's predictor; alpha has those of luma. */
function weightsOf(channel, band) {
  return tables.weights[(channel % 3) * 4 + kind(band)];
}

function signWeightsOf(channel, band) {
  return tables.signs[(channel % 3) * 4 + kind(band)];
}

/**
 * Codes one band, in either direction, one turn a coefficient.
 *
 * @param {object} coder `magnitude(context, at) -> number` and `negative(plus, at) -> boolean`, `at` being the place
 *   row by row and `plus` how likely a plus is, of 4096
 * @param {Known[][]} known by channel, then by band: all before this band
 * @param {number} channel
 * @param {number} band
 * @param {[number, number]} shape height and width
 * @param {number} step of the quantiser
 * @returns {{values: Int16Array, contexts: Uint8Array}} row by row
 */
export function codeBand(coder, known, channel, band, shape, step) {
  const [height, width] = shape;
  const start = beforeBand(known, channel, band, shape, step);
  const tilt = signBeforeBand(known, channel, band, shape);
  const weights = weightsOf(channel, band);
  const [west, west2, north, north2, northwest, northeast] = weights;
  const [rows, both] = [weights[ROWS], weights[PRODUCT]];
  const around = signWeightsOf(channel, band);
  const stride = width + 2 * MARGIN;
  const logs = new Int32Array(stride * (height + MARGIN));
  const signs = new Int8Array(logs.length);
  const values = new Int16Array(height * width);
  const contexts = new Uint8Array(height * width);
  const first = band ? CONTEXTS : 0;
  const shares = tables["sign shares"][0];
  let total = 0;
  for (let y = 0, place = 0; y < height; y++) {
    const above = rows * Math.floor((4 * total) / (y * width + 8));
    let at = (y + MARGIN) * stride + MARGIN;
    for (let x = 0; x < width; x++, at++, place++) {
      const odds =
        start[place] +
        above +
        west * logs[at - 1] +
        west2 * logs[at - 2] +
        north * logs[at - stride] +
        north2 * logs[at - 2 * stride] +
        northwest * logs[at - stride - 1] +
        northeast * logs[at - stride + 1] +
        both * ((logs[at - 1] * logs[at - stride]) >> 4);
      const context = first + Math.min(CONTEXTS - 1, Math.max(0, (odds >> 12) + 32));
      contexts[place] = context;
      const magnitude = coder.magnitude(context, place);
      if (!magnitude) continue;
      logs[at] = LOGARITHM[Math.min(63, magnitude)];
      total += logs[at];
      const tilted =
        tilt[place] +
        around[0] * signs[at - 1] +
        around[1] * signs[at - 2] +
        around[2] * signs[at - stride] +
        around[3] * signs[at - 2 * stride] +
        around[4] * signs[at - stride - 1] +
        around[5] * signs[at - stride + 1];
      const plus = shares[Math.min(24, Math.max(0, ((tilted + 2048) >> 12) + 12))];
      signs[at] = coder.negative(plus, place) ? -1 : 1;
      values[place] = signs[at] * magnitude;
    }
  }
  return { values, contexts };
}
