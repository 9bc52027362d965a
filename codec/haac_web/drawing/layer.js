/**
 * Pixels of one layer, premultiplied: crop, flip, adjust, resize, rotate, blur (docs/format.md, "Rendering", steps 2
 * to 8).
 *
 * From resizing on, only what can be seen is computed; that does not change a pixel.
 */

import { cutOut } from "../pixels/pixels.js";
import { resizeColumns, resizeRows } from "../pixels/resize.js";
import { blurPixels } from "./blur.js";
import { grown, isEmpty, moved } from "./boxes.js";
import { blurMargin, planBlur, planWarp } from "./plan.js";
import { prepare } from "./prepare.js";
import { rotate } from "./rotate.js";

/**
 * Draw one layer alone, without opacity.
 *
 * @param layer how it stands.
 * @param {Pixels} image of its element, straight alpha.
 * @param {number[]} seen box that may be seen, relative to the layer's own box before rotation.
 * @returns {{image: Pixels, x: number, y: number} | null} premultiplied pixels, and where their top left corner is
 *   relative to the same box; null if nothing is seen.
 * @throws {RecipeError} the crop or the size is outside the limits.
 */
export function drawLayer(layer, image, seen) {
  const plan = planWarp(layer, [image.width, image.height], grown(seen, blurMargin(layer.blur)));
  if (plan === null) return null;
  const { blurred, visible } = planBlur(layer, plan.turned, seen);
  if (isEmpty(visible)) return null;
  const warped = rotate(resize(prepare(layer, image, plan.cut), plan), plan, layer.rotation);
  const drawn = layer.blur
    ? blurPixels(warped, plan.turned, blurred, visible, layer.blur)
    : cutOut(warped, blurred, visible);
  return { image: drawn, x: visible[0], y: visible[1] };
}

/**
 * Where a layer may have pixels on a canvas: its box after rotation and blur, cut to the canvas.
 *
 * @param layer how it stands.
 * @param {[number, number]} size of its element.
 * @param {{width: number, height: number}} canvas
 * @returns {number[] | null} box of the canvas; null if there is none.
 * @throws {RecipeError} the crop or the size is outside the limits.
 */
export function visibleBox(layer, size, canvas) {
  const seen = seenOf(layer, canvas);
  const plan = planWarp(layer, size, grown(seen, blurMargin(layer.blur)));
  if (plan === null) return null;
  const { visible } = planBlur(layer, plan.turned, seen);
  return isEmpty(visible) ? null : moved(visible, layer.x, layer.y);
}

/** What of a layer may be seen on a canvas: `seen` of `drawLayer`. */
export function seenOf(layer, canvas) {
  return moved([0, 0, canvas.width, canvas.height], -layer.x, -layer.y);
}

/** Resize what was read, first the width, then the height, cut to `plan.part`. */
function resize(image, plan) {
  const [across, down] = plan.cropped;
  const [width, height] = plan.size;
  const [left, top, right, bottom] = plan.part;
  const start = width === across ? left : 0;
  const rows = resizeRows(image, width === across ? image.width : width);
  const read = [start, plan.firstRow, start + rows.width, plan.firstRow + rows.height];
  if (height === down) return cutOut(rows, read, plan.part);
  const columns = cutOut(rows, read, [left, read[1], right, read[3]]);
  return resizeColumns(columns, down, height, plan.firstRow, top, bottom);
}
