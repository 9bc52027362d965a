/** Contexts of the coefficients of a whole wash, which say where in its step a coefficient is drawn (docs/format.md, "Contexts"). */

import tables from "./tables.js";

const LOGARITHM = Uint8Array.from({ length: 64 }, (_, m) => Math.round(16 * Math.log2(1 + m)));
const CONTEXTS = 48;
const ZONES = 8;
/** Rows and columns to the neighbours that are decoded before a coefficient of the same band. */
const CAUSAL = [[0, -1], [0, -2], [-1, 0], [-2, 0], [-1, -1], [-1, 1]];

/** Companded magnitudes of a band, with a border of zeros, and the sums around each place. */
class Known {
  constructor(values, height, width) {
    this.height = height;
    this.width = width;
    this.stride = width + 4;
    this.values = new Int32Array((height + 4) * this.stride);
    let sum = 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const found = LOGARITHM[Math.min(63, Math.abs(values[y * width + x]))];
        this.values[this.place(y, x)] = found;
        sum += found;
      }
    }
    this.mean = Math.floor((4 * sum) / Math.max(1, height * width));
  }

  place(row, column) {
    return (row + 2) * this.stride + column + 2;
  }

  /** The place itself, or the nearest one in the band; -1 if the band has none. */
  nearest(row, column) {
    if (this.height === 0 || this.width === 0) return -1;
    return this.place(Math.min(row, this.height - 1), Math.min(column, this.width - 1));
  }

  at(place) {
    return place < 0 ? 0 : this.values[place];
  }

  around(place) {
    if (place < 0) return 0;
    const { values, stride } = this;
    return values[place - 1] + values[place + 1] + values[place - stride] + values[place + stride];
  }

  diagonal(place) {
    const { values, stride } = this;
    return (
      values[place - stride - 1] + values[place - stride + 1] + values[place + stride - 1] + values[place + stride + 1]
    );
  }
}

/**
 * Take a wash apart.
 *
 * @param {Wash} wash
 * @param {[number, number][]} shapes of its bands, (height, width).
 * @returns {{bands: Int16Array[], contexts: (Uint8Array | null)[]}[]} of each channel: coefficients of each band, and their contexts where
 *   the band is coded.
 */
export function contextsOf(wash, shapes) {
  const channels = wash.channels.map((channel) => {
    let at = 0;
    return shapes.map(([height, width]) => {
      const size = height * width;
      const coded = at < channel.length;
      const values = coded ? channel.subarray(at, at + size) : new Int16Array(size);
      at += size;
      return { values, coded };
    });
  });
  const known = channels.map((bands) => bands.map(({ values }, b) => new Known(values, ...shapes[b])));
  return channels.map((bands, c) => ({
    bands: bands.map(({ values }) => values),
    contexts: bands.map(({ coded }, b) => (coded ? bandContexts(known, c, b, wash.step) : null)),
  }));
}

function bandContexts(known, channel, band, step) {
  const kind = band === 0 ? 0 : 1 + ((band - 1) % 3);
  const depth = band === 0 ? 0 : 1 + Math.floor((band - 1) / 3);
  const weights = tables.weights[4 * (channel % 3) + kind];
  const own = known[channel][band];
  const features = featuresOf(known, channel, band, kind, depth);
  const found = new Uint8Array(own.height * own.width);
  let above = 0;
  for (let row = 0; row < own.height; row++) {
    const mean = Math.floor((4 * above) / (row * own.width + 8));
    for (let column = 0; column < own.width; column++) {
      const zone = band === 0 ? Math.min(ZONES - 1, row + column) : Math.min(ZONES - 1, depth);
      let odds = weights[22 + zone] + step * weights[30 + zone] + weights[6] * mean;
      const place = own.place(row, column);
      for (let n = 0; n < CAUSAL.length; n++) {
        odds += weights[n] * own.values[place + CAUSAL[n][0] * own.stride + CAUSAL[n][1]];
      }
      odds += weights[21] * ((own.values[place - 1] * own.values[place - own.stride]) >> 4);
      for (const feature of features) odds += feature(weights, row, column);
      above += own.values[place];
      const context = Math.min(CONTEXTS - 1, Math.max(0, Math.floor(odds / 4096) + 32));
      found[row * own.width + column] = context + (band ? CONTEXTS : 0);
    }
  }
  return found;
}

/** What other bands and channels say: functions of the weights and a place, whose sum it is. */
function featuresOf(known, channel, band, kind, depth) {
  const features = [];
  const bands = known[channel];
  if (depth > 1) {
    const parent = bands[band - 3];
    const first = 3 * depth - 5; // the HL band of the coarser level
    const others = [0, 1, 2].filter((n) => first + n !== band - 3).map((n) => bands[first + n]);
    features.push((weights, row, column) => {
      const place = parent.nearest(row >> 1, column >> 1);
      let sum = weights[7] * parent.at(place) + weights[8] * parent.around(place) + weights[9] * parent.mean;
      for (const other of others) sum += weights[20] * other.at(other.nearest(row >> 1, column >> 1));
      return sum;
    });
  }
  for (let n = 0; n < kind - 1; n++) {
    const sibling = bands[band - kind + 1 + n];
    features.push((weights, row, column) => {
      const place = sibling.nearest(row, column);
      return weights[10 + 2 * n] * sibling.at(place) + weights[11 + 2 * n] * sibling.around(place);
    });
  }
  for (let n = 0; n < (channel < 3 ? channel : 0); n++) {
    const before = known[channel - 1 - n][band];
    features.push((weights, row, column) => {
      const place = before.place(row, column);
      const [at, around, diagonal] = weights.slice(14 + 3 * n, 17 + 3 * n);
      return at * before.at(place) + around * before.around(place) + diagonal * before.diagonal(place);
    });
  }
  return features;
}
