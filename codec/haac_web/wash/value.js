/**
 * Wash, the value: {width, height, step, channels}, quantised wavelet coefficients of a whole picture (docs/format.md,
 * "Wash"). The grid's width and height are in samples, the long side is 8 * 2^levels; `step` of the quantiser is 0
 * (finest) to 63; `channels` are luma, two opponent colours and perhaps alpha: Int16Arrays of the first bands'
 * coefficients (`bandShapes`) row by row. What is missing at the end is zero; the last band that is there has one that
 * is not.
 */

import { LIMITS } from "../constants.js";
import { RecipeError } from "../errors.js";

/** Samples of the lowest band on the long side. */
export const BASE = 8;
/** At most so many halvings: grids of 8 to 512 samples on the long side. */
export const LEVELS = 6;
/** Quantiser steps, an eighth of an octave apart. */
export const STEPS = 64;
/** Largest magnitude. */
export const COEFFICIENT = 4095;

/**
 * Checks a wash against the limits.
 * @param {object} wash
 * @throws {RecipeError} outside the limits
 */
export function checkWash({ width, height, step, channels }) {
  const long = Math.max(width, height);
  const longs = Array.from({ length: LEVELS + 1 }, (_, level) => BASE << level);
  if (!longs.includes(long) || !Number.isInteger(width) || !Number.isInteger(height) || Math.min(width, height) < 1) {
    throw new RecipeError(
      `a wash has a grid of ${width}x${height}; a long side of 8, 16, ... ${BASE << LEVELS} is allowed`,
    );
  }
  if (!Number.isInteger(step) || step < 0 || step >= STEPS) {
    throw new RecipeError(`a wash has the step ${step}; 0 to ${STEPS - 1} is allowed`);
  }
  if (channels.length !== 3 && channels.length !== 4) {
    throw new RecipeError(`a wash has ${channels.length} channels; 3 or 4 are allowed`);
  }
  const sizes = bandSizes(width, height);
  checkCoefficients(sizes, channels.map((channel) => cut(sizes, channel)));
}

/**
 * How often the grid of a wash is halved down to the lowest band.
 * @param {object} wash
 * @returns {number} 0 to 6
 */
export function levelsOf({ width, height }) {
  return 31 - Math.clz32(Math.max(width, height) / BASE);
}

/**
 * Checks that the grid of a wash is that of a canvas.
 * @param {object} wash
 * @param {number} width canvas, pixels
 * @param {number} height canvas, pixels
 * @throws {RecipeError} another shape
 */
export function checkCanvas(wash, width, height) {
  const [across, down] = grid(width, height, levelsOf(wash));
  if (wash.width !== across || wash.height !== down) {
    throw new RecipeError(
      `a wash for ${wash.width}x${wash.height} stands on a canvas of ${width}x${height}, which has another shape`,
    );
  }
}

/**
 * Checks the limits: the number of coefficients, and its product with the bits of the number that they are in.
 * @param {number[]} sizes coefficients of the bands
 * @param {number[]} cuts bands of each channel
 * @param {number} bits
 * @throws {RecipeError} too many
 */
export function checkCoefficients(sizes, cuts, bits = 0) {
  let total = 0;
  for (const count of cuts) for (let band = 0; band < count; band++) total += sizes[band];
  if (total > LIMITS.wash_coefficients) {
    throw new RecipeError(
      `a wash has ${total} coefficients; at most ${LIMITS.wash_coefficients} are allowed: use a smaller budget`,
    );
  }
  if (total * bits > LIMITS.wash_work) {
    throw new RecipeError(
      `a wash has ${total} coefficients in a number of ${bits} bits; their product may be ${LIMITS.wash_work} at most`,
    );
  }
}

/**
 * Checks the time that a wash takes to decode in a number of so many bits.
 * @param {object} wash
 * @param {number} bits
 * @throws {RecipeError} it would take too long
 */
export function checkWork({ channels }, bits) {
  checkCoefficients([channels.reduce((total, channel) => total + channel.length, 0)], [1], bits);
}

/**
 * Counts the bands of a channel.
 * @param {number[]} sizes coefficients of the bands
 * @param {Int16Array} channel
 * @returns {number}
 * @throws {RecipeError} it ends within a band, or with a band of zeros
 */
export function cut(sizes, channel) {
  let [count, total, last] = [0, 0, 0];
  while (count < sizes.length && total < channel.length) {
    last = total;
    total += sizes[count++];
  }
  if (total !== channel.length || (total && channel.subarray(last).every((value) => value === 0))) {
    throw new RecipeError("a channel of a wash does not end with a band that holds something");
  }
  return count;
}

/**
 * Width and height, in samples, of the coefficient grid of so many levels for a picture of this size.
 * @returns {[number, number]}
 */
export function grid(width, height, levels) {
  const [long, most] = [BASE << levels, Math.max(width, height)];
  const side = (length) => Math.max(1, Math.floor((2 * long * length + most) / (2 * most)));
  return [side(width), side(height)];
}

/**
 * [height, width] of the bands of a grid: the lowest one, then for each level from the coarsest: HL, LH, HH.
 * @returns {[number, number][]}
 */
export function bandShapes(width, height) {
  const levels = [];
  let [across, down] = [width, height];
  while (Math.max(across, down) > BASE) {
    const [lowWidth, lowHeight] = [(across + 1) >> 1, (down + 1) >> 1];
    const [highWidth, highHeight] = [across >> 1, down >> 1];
    levels.unshift([lowHeight, highWidth], [highHeight, lowWidth], [highHeight, highWidth]);
    [across, down] = [lowWidth, lowHeight];
  }
  return [[down, across], ...levels];
}

/**
 * Coefficients of the bands of a grid.
 * @returns {number[]}
 */
export function bandSizes(width, height) {
  return bandShapes(width, height).map(([rows, columns]) => rows * columns);
}
