/**
 * Wash synthesis: dequantisation, inverse DCT and CDF 9/7 wavelet, in integers (docs/format.md, "Wash", from
 * "Samples" on).
 *
 * Samples are whole numbers in Float64Arrays: hostile ones outgrow 32 bits, none outgrows 53.
 */

import { takenApart } from "./bitstream.js";
import { depth, kind } from "./contexts.js";
import tables from "./tables.js";
import { bandShapes, levelsOf } from "./value.js";

/** The quantiser's steps: amplitude in the lowest band, 1/64 of a level. */
export const STEP = Array.from({ length: 64 }, (_, n) => Math.floor(32 * 2 ** (n / 8) + 0.5));

/** 256 over the norm of a coefficient of an LL, HL, LH, HH band. */
const GAIN = [242, 394, 394, 624];

/** The CDF 9/7 wavelet's lifting steps, and the gain of its low band; 2^-14. */
const LIFT = { a: -25987, b: -868, c: 14466, d: 7266, gain: 20155 };

/** Step size of a wash's finest band, 1/64 of a level. */
export function finestStep(wash) {
  return Math.floor((STEP[wash.step] * GAIN[1] * 2 ** levelsOf(wash)) / 512);
}

/**
 * Dequantise a wash and invert its transform.
 *
 * @param {Wash} wash
 * @returns {Float64Array[]} of each channel the samples on the grid, row by row; 1/64 of a level, 0 is the middle.
 */
export function drawnPlanes(wash) {
  const shapes = bandShapes(wash.width, wash.height);
  return takenApart(wash).map(({ bands, contexts }) => {
    const samples = shapes.map(([rows, columns], b) =>
      b < bands.length ? dequantised(bands[b], contexts[b], b, wash.step) : new Float64Array(rows * columns),
    );
    let plane = { data: inverseCosine(samples[0], ...shapes[0]), height: shapes[0][0], width: shapes[0][1] };
    for (let b = 1; b < shapes.length; b += 3) {
      const part = (n) => ({ data: samples[b + n], height: shapes[b + n][0], width: shapes[b + n][1] });
      const low = joinedColumns(plane, part(0));
      const high = joinedColumns(part(1), part(2));
      plane = joinedRows(low, high);
    }
    return plane.data;
  });
}

/** Samples of a band, of its coefficients and their contexts. */
function dequantised(values, contexts, band, step) {
  const samples = new Float64Array(values.length);
  const amplitude = STEP[step] * GAIN[kind(band)] * 2 ** Math.max(0, depth(band) - 1);
  for (let n = 0; n < values.length; n++) {
    const value = values[n];
    if (value === 0) continue;
    const magnitude = Math.abs(value);
    const size = 64 * magnitude + tables.points[contexts[n]][Math.min(magnitude, 3) - 1];
    samples[n] = Math.floor((Math.sign(value) * size * amplitude + 8192) / 16384);
  }
  return samples;
}

/** Matrix of the orthonormal DCT: row k, sample i; 2^-14, rounded to nearest. No value is near a rounding boundary. */
export function cosines(size) {
  return Array.from({ length: size }, (_, k) =>
    Array.from({ length: size }, (_, i) =>
      Math.floor(Math.cos((Math.PI * (2 * i + 1) * k) / (2 * size)) * Math.sqrt((k ? 2 : 1) / size) * 16384 + 0.5),
    ),
  );
}

/** The lowest band as samples: at most 8 x 8, so that it may take integers of any size, which hostile ones need. */
function inverseCosine(band, height, width) {
  const down = cosines(height).map((row) => row.map(BigInt));
  const across = cosines(width).map((row) => row.map(BigInt));
  const values = Array.from(band, BigInt);
  const half = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0n;
      for (let k = 0; k < height; k++) sum += down[k][y] * values[k * width + x];
      half.push(sum);
    }
  }
  const result = new Float64Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 1n << 27n;
      for (let k = 0; k < width; k++) sum += half[y * width + k] * across[k][x];
      result[y * width + x] = Number(sum >> 28n);
    }
  }
  return result;
}

/** One level of the inverse wavelet along x. */
function joinedColumns(low, high) {
  if (high.width === 0) return low;
  const { height } = low;
  const width = low.width + high.width;
  const data = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < low.width; x++) data[row + 2 * x] = gained(low.data[y * low.width + x]);
    for (let x = 0; x < high.width; x++) data[row + 2 * x + 1] = high.data[y * high.width + x];
    for (const [parity, weight] of lifting()) {
      for (let x = parity; x < width; x += 2) {
        const left = data[row + (x > 0 ? x - 1 : 1)];
        const right = data[row + (x + 1 < width ? x + 1 : x - 1)];
        data[row + x] -= Math.floor(((left + right) * weight + 8192) / 16384);
      }
    }
  }
  return { data, width, height };
}

/** One level of the inverse wavelet along y. */
function joinedRows(low, high) {
  if (high.height === 0) return low;
  const { width } = low;
  const height = low.height + high.height;
  const data = new Float64Array(width * height);
  for (let y = 0; y < low.height; y++) {
    for (let x = 0; x < width; x++) data[2 * y * width + x] = gained(low.data[y * width + x]);
  }
  for (let y = 0; y < high.height; y++) {
    data.set(high.data.subarray(y * width, (y + 1) * width), (2 * y + 1) * width);
  }
  for (const [parity, weight] of lifting()) {
    for (let y = parity; y < height; y += 2) {
      const above = (y > 0 ? y - 1 : 1) * width;
      const below = (y + 1 < height ? y + 1 : y - 1) * width;
      const row = y * width;
      for (let x = 0; x < width; x++) {
        data[row + x] -= Math.floor(((data[above + x] + data[below + x]) * weight + 8192) / 16384);
      }
    }
  }
  return { data, width, height };
}

function gained(value) {
  return Math.floor((value * LIFT.gain + 8192) / 16384);
}

/** Parity of the samples that a step changes, and its weight. */
function lifting() {
  return [
    [0, LIFT.d],
    [1, LIFT.c],
    [0, LIFT.b],
    [1, LIFT.a],
  ];
}
