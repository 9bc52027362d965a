/** A wash, or a blur string, as a picture of any size (docs/format.md, "Wash", "Colours"). */

import { LIMITS } from "../constants.js";
import { RecipeError } from "../errors.js";
import { readBlur } from "../forms/blur.js";
import { blank, premultiply, unpremultiply } from "../pixels/pixels.js";
import { resizeColumns, resizeRows } from "../pixels/resize.js";
import { drawnPlanes, finestStep } from "./synthesis.js";
import { upsample } from "./upsample.js";

/** Red, green, blue out of luma and two opponent colours; 2^-14. */
const COLOUR = [
  [9459, 11585, 6689],
  [9459, 0, -13377],
  [9459, -11585, 6689],
];

/**
 * Draw a wash.
 *
 * @param {Wash} wash
 * @param {[number, number]} size width and height, pixels.
 * @returns {Picture} RGBA, straight alpha.
 */
export function washPicture(wash, [width, height]) {
  const planes = drawnPlanes(wash);
  const [luma, first, second] = upsample(planes.slice(0, 3), wash.width, wash.height, finestStep(wash));
  const coarse = blank(2 * wash.width, 2 * wash.height);
  const levels = new Uint8ClampedArray(coarse.data.buffer);
  for (let n = 0; n < luma.length; n++) {
    for (let c = 0; c < 3; c++) {
      const [a, b, d] = COLOUR[c];
      levels[4 * n + c] = Math.floor((a * luma[n] + b * first[n] + d * second[n] + 134742016) / 1048576);
    }
    levels[4 * n + 3] = 255;
  }
  const image = resizeColumns(resizeRows(coarse, width), coarse.height, height);
  if (planes.length < 4) {
    for (let at = 3; at < image.data.length; at += 4) image.data[at] = 255;
  } else {
    const alpha = alphaOf(planes[3], wash, width, height);
    for (let at = 3; at < image.data.length; at += 4) image.data[at] = alpha.data[at];
    premultiply(image);
    unpremultiply(image);
  }
  return { width, height, data: image.data };
}

function alphaOf(plane, wash, width, height) {
  const coarse = blank(wash.width, wash.height);
  const levels = new Uint8ClampedArray(coarse.data.buffer);
  for (let n = 0; n < plane.length; n++) levels[4 * n + 3] = Math.floor((plane[n] + 8224) / 64);
  return resizeColumns(resizeRows(coarse, width), wash.height, height);
}

/**
 * Draw a blur string.
 *
 * @param {string} text what `haac blur` gave.
 * @param {number} [longSide] pixels, 1 to 16383.
 * @returns {Picture} RGBA, straight alpha.
 * @throws {RecipeError} not a blur string, or too large a size.
 */
export function decodeBlur(text, longSide = 320) {
  if (!Number.isInteger(longSide) || longSide < 1 || longSide > LIMITS.canvas_side) {
    throw new RecipeError(
      `a blur string is to be drawn with ${longSide} pixels; 1 to ${LIMITS.canvas_side} are allowed`,
    );
  }
  const blur = readBlur(text);
  const long = Math.max(blur.width, blur.height);
  const side = (length) => Math.max(1, Math.floor((2 * longSide * length + long) / (2 * long)));
  const [width, height] = [side(blur.width), side(blur.height)];
  if (width * height > LIMITS.canvas_pixels) {
    throw new RecipeError(
      `a blur string is to be drawn with ${width}x${height} pixels; at most ${LIMITS.canvas_pixels} in all are allowed`,
    );
  }
  return washPicture(blur.wash, [width, height]);
}
