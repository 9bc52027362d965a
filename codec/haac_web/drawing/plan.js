/**
 * What of a layer has to be computed for what is visible of it (haac/_drawing/plan.py): region-of-interest propagation, from the
 * canvas back to the element. It follows from sizes alone. No pixel depends on it.
 */

import { LIMITS } from "../constants.js";
import { RecipeError } from "../errors.js";
import { grown, isEmpty, outline, overlap, turnedBack } from "./boxes.js";

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

/** What a message calls an element: "element 7k2" or "an inline element". */
export function named(element) {
  if (typeof element !== "number") return "an inline element";
  let digits = "";
  for (let rest = element; rest > 0; rest = Math.floor(rest / 32)) digits = DIGITS[rest % 32] + digits;
  return `element ${digits || "0"}`;
}

function scaled(length, numerator, denominator) {
  return Math.max(1, Math.floor((2 * length * numerator + denominator) / (2 * denominator)));
}

/**
 * Width and height of a layer after crop and resizing.
 *
 * @param layer how it stands.
 * @param {[number, number]} size width and height of its element.
 * @returns {[number, number]} pixels.
 * @throws {RecipeError} the crop leaves the element, or the size is larger than the limits allow.
 */
export function layerSize(layer, [width, height]) {
  if (layer.crop) {
    const [left, top, right, bottom] = layer.crop;
    if (right > width || bottom > height) {
      const crop = layer.crop.join(", ");
      throw new RecipeError(`the crop (${crop}) leaves ${named(layer.element)}, which has ${width}x${height} pixels`);
    }
    width = right - left;
    height = bottom - top;
  }
  let made = [width, height];
  if (layer.scale) made = [scaled(width, layer.scale, 1000), scaled(height, layer.scale, 1000)];
  else if (layer.width) made = [layer.width, layer.height || scaled(height, layer.width, width)];
  else if (layer.height) made = [scaled(width, layer.height, height), layer.height];
  if (
    Math.max(...made) > LIMITS.layer_side ||
    Math.max(made[0] * made[1], made[0] * height) > LIMITS.layer_pixels
  ) {
    throw new RecipeError(
      `${named(layer.element)} would be resized to ${made[0]}x${made[1]}; at most ${LIMITS.layer_side} pixels a side` +
        ` and ${LIMITS.layer_pixels} in all are allowed`,
    );
  }
  return made;
}

/**
 * Plan the crop, resizing and rotation of a layer.
 *
 * @param layer how it stands.
 * @param {[number, number]} size width and height of its element.
 * @param needed box that is wanted of the result, relative to the resized picture's box before rotation.
 * @returns null if nothing of the layer is in that box; else
 *   `cut`, the box of the element that is read; `cropped`, width and height after the crop, of which `cut` is a part; `size` after
 *   resizing; `firstRow` of what is cropped and flipped, where the rows begin that are read (columns are all read if they are
 *   resized); `part` of the resized picture that is rotated; `turned`, the box that is made.
 * @throws {RecipeError} the crop or the size is outside the limits.
 */
export function planWarp(layer, size, needed) {
  const [width, height] = layerSize(layer, size);
  const [left, top, right, bottom] = layer.crop ?? [0, 0, ...size];
  const across = right - left;
  const down = bottom - top;
  const turned = overlap(outline(width, height, layer.rotation), needed);
  if (isEmpty(turned)) return null;
  const part = overlap(turnedBack(turned, width, height, layer.rotation), [0, 0, width, height]);
  if (isEmpty(part)) return null;
  const columns = width === across ? [part[0], part[2]] : [0, across];
  const rows = linesRead(down, height, part[1], part[3]);
  // A flip comes after the crop: what is wanted on the left is read on the right.
  const x = layer.flip.includes("h") ? [right - columns[1], right - columns[0]] : [left + columns[0], left + columns[1]];
  const y = layer.flip.includes("v") ? [bottom - rows[1], bottom - rows[0]] : [top + rows[0], top + rows[1]];
  return {
    cut: [x[0], y[0], x[1], y[1]],
    cropped: [across, down],
    size: [width, height],
    firstRow: rows[0],
    part,
    turned,
  };
}

/** The lines from which bicubic resizing makes the lines from `first` up to but not including `last`, or a few more. */
function linesRead(before, after, first, last) {
  if (before === after) return [first, last];
  const support = Math.max(2, Math.ceil((2 * before) / after)) + 1;
  return [
    Math.max(0, Math.floor(((2 * first + 1) * before) / (2 * after)) - support),
    Math.min(before, Math.floor(((2 * last - 1) * before) / (2 * after)) + 1 + support),
  ];
}

/** How far the blur reaches, at least: three box blurs of a radius below the standard deviation plus one. Pixels. */
export function blurMargin(blur) {
  return blur ? Math.floor((3 * blur + 3) / 4) + 3 : 0;
}

/**
 * Plan the blur of a warped layer.
 *
 * @param layer how it stands.
 * @param box where the warped pixels are.
 * @param seen what may be seen.
 * @returns {{blurred: number[], visible: number[]}} what is blurred, with transparency around the pixels; and what of it is
 *   visible. Both may be empty.
 */
export function planBlur(layer, box, seen) {
  const margin = blurMargin(layer.blur);
  const blurred = overlap(grown(box, margin), grown(seen, margin));
  return { blurred, visible: overlap(blurred, seen) };
}
