/**
 * What of a layer has to be computed for what is visible of it (haac/_drawing/plan.py): region-of-interest
 * propagation, from the canvas back to the element. It follows from sizes alone. No pixel depends on it.
 */

import { formatId } from "../forms/digits.js";
import { isInline, layerSize } from "../forms/scene.js";
import { grown, isEmpty, outline, overlap, turnedBack } from "./boxes.js";

/** What a message calls an element: "element 7k2" or "an inline element". */
export function named(element) {
  return isInline(element) ? "an inline element" : `element ${formatId(element)}`;
}

/**
 * Plan the crop, resizing and rotation of a layer.
 *
 * @param layer how it stands.
 * @param {[number, number]} size width and height of its element.
 * @param needed box that is wanted of the result, relative to the resized picture's box before rotation.
 * @returns null if nothing of the layer is in that box; else
 *   `cut`, the box of the element that is read; `cropped`, width and height after the crop, of which `cut` is a part;
 *   `size` after resizing; `firstRow` of what is cropped and flipped, where the rows begin that are read (columns are
 *   all read if they are resized); `part` of the resized picture that is rotated; `turned`, the box that is made.
 * @throws {RecipeError} the crop or the size is outside the limits.
 */
export function planWarp(layer, size, needed) {
  const [width, height] = layerSize(layer, ...size);
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
  const mirrored = layer.flip.includes("h");
  const x = mirrored ? [right - columns[1], right - columns[0]] : [left + columns[0], left + columns[1]];
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
 * @returns {{blurred: number[], visible: number[]}} what is blurred, with transparency around the pixels; and what of
 *   it is visible. Both may be empty.
 */
export function planBlur(layer, box, seen) {
  const margin = blurMargin(layer.blur);
  const blurred = overlap(grown(box, margin), grown(seen, margin));
  return { blurred, visible: overlap(blurred, seen) };
}
