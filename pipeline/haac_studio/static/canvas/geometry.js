/** Where layers are: corners, bounding boxes, hit tests. Pure functions in canvas pixels; y points down. */

import { layerSize } from "../scene.js";

/** Quarter degrees of a full turn. */
export const FULL_TURN = 1440;

/**
 * A layer's rectangle: resized box, turned about its centre.
 *
 * @typedef {object} Frame
 * @property {number} cx centre
 * @property {number} cy centre
 * @property {number} width before rotation
 * @property {number} height before rotation
 * @property {number} rotation quarter degrees, counter-clockwise
 */

/**
 * @typedef {[number, number]} Point x, y
 * @typedef {[number, number, number, number]} Box left, top, right, bottom
 */

/** Turn a vector counter-clockwise, as one sees it. @returns {Point} */
export function turned([x, y], rotation) {
  const angle = (rotation * Math.PI * 2) / FULL_TURN;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [cos * x + sin * y, cos * y - sin * x];
}

/**
 * @param {object} layer
 * @param {Point} own size of its element
 * @returns {Frame}
 */
export function frameOf(layer, own) {
  const [width, height] = layerSize(layer, own);
  // Quarter turns move whole pixels: where width and height differ by an odd number, half a pixel to the top left.
  const half = layer.rotation % 720 === 360 && (width - height) % 2 ? -0.5 : 0;
  return { cx: layer.x + width / 2 + half, cy: layer.y + height / 2 + half, width, height, rotation: layer.rotation };
}

/** From a frame's own axes, relative to its centre, to the canvas. @returns {Point} */
export function toCanvas(frame, point) {
  const [x, y] = turned(point, frame.rotation);
  return [frame.cx + x, frame.cy + y];
}

/** From the canvas to a frame's own axes, relative to its centre. @returns {Point} */
export function toFrame(frame, [x, y]) {
  return turned([x - frame.cx, y - frame.cy], FULL_TURN - frame.rotation);
}

/** Corners clockwise from the top left one. @returns {Point[]} */
export function corners(frame) {
  const [w, h] = [frame.width / 2, frame.height / 2];
  return [[-w, -h], [w, -h], [w, h], [-w, h]].map((point) => toCanvas(frame, point));
}

/** Smallest box around points. @param {Point[]} points @returns {Box} */
export function bounds(points) {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** Bounding box of a frame; whole pixels where rotation allows. @returns {Box} */
export function frameBounds(frame) {
  // Cosines of right angles are not quite 0.
  return bounds(corners(frame)).map((value) => Math.round(value * 1e6) / 1e6);
}

/** Bounding box of several boxes, or null of none. @param {Box[]} boxes @returns {Box|null} */
export function union(boxes) {
  return boxes.length ? bounds(boxes.flatMap(([l, t, r, b]) => [[l, t], [r, b]])) : null;
}

/** Whether two boxes share area. @param {Box} a @param {Box} b */
export function overlap(a, b) {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

/**
 * Which pixel of the element is shown at a point of the canvas.
 *
 * @param {object} layer
 * @param {Point} own size of its element
 * @param {Point} point
 * @returns {Point|null} pixel of the element, or null beside the layer
 */
export function elementPixel(layer, own, point) {
  const frame = frameOf(layer, own);
  const [x, y] = toFrame(frame, point);
  const [u, v] = [x / frame.width + 0.5, y / frame.height + 0.5];
  if (u < 0 || v < 0 || u >= 1 || v >= 1) return null;
  const [left, top, right, bottom] = layer.crop ?? [0, 0, ...own];
  const across = layer.flip.includes("h") ? 1 - u : u;
  const down = layer.flip.includes("v") ? 1 - v : v;
  return [
    Math.min(right - 1, left + Math.floor(across * (right - left))),
    Math.min(bottom - 1, top + Math.floor(down * (bottom - top))),
  ];
}

/** Whether a point is in a box. @param {Point} point @param {Box} box */
export function inBox([x, y], [left, top, right, bottom]) {
  return x >= left && x < right && y >= top && y < bottom;
}
