/**
 * What gestures do to layers: moving, scaling, rotating, cropping. Pure functions from the state at a gesture's start;
 * results are whole steps of the recipe grid.
 */

import { LIMITS } from "/web/constants.js";
import { layerSize } from "../scene.js";
import { FULL_TURN, frameOf, toFrame, turned } from "./geometry.js";

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** 15 degrees in quarter degrees. */
const ROTATION_STEP = 60;

/** @param {number} rotation any whole number of quarter degrees @returns {number} 0 to 1439 */
export function wrapped(rotation) {
  return ((Math.round(rotation) % FULL_TURN) + FULL_TURN) % FULL_TURN;
}

/** @param {object} layer @param {number} dx @param {number} dy pixels @returns {object} fields */
export function moved(layer, dx, dy) {
  const place = (value) => clamp(Math.round(value), -LIMITS.position, LIMITS.position);
  return { x: place(layer.x + dx), y: place(layer.y + dy) };
}

/** x and y that put a layer of this size around a centre. */
function placed([cx, cy], [width, height]) {
  return moved({ x: 0, y: 0 }, cx - width / 2, cy - height / 2);
}

/**
 * Another size in the same place, said as the layer says it already: as scale, as width, as height or as both.
 *
 * @param {object} layer
 * @param {[number, number]} own size of its element
 * @param {number} factor of the present size
 * @returns {object} the fields width, height, scale
 */
export function resized(layer, own, factor) {
  const [width, height] = layerSize(layer, own);
  const side = (value) => clamp(Math.round(value * factor), 1, LIMITS.layer_side);
  if (layer.scale !== null) {
    return { scale: clamp(Math.round(layer.scale * factor), 1, LIMITS.scale), width: null, height: null };
  }
  if (layer.width !== null && layer.height !== null) return { scale: null, width: side(width), height: side(height) };
  if (layer.height !== null) return { scale: null, width: null, height: side(height) };
  return { scale: null, width: side(width), height: null };
}

/**
 * Drag a handle of a layer's frame.
 *
 * @param {object} layer at the start
 * @param {[number, number]} own size of its element
 * @param {[number, number]} handle -1, 0 or 1 for left/top, middle, right/bottom, in the frame's own axes
 * @param {[number, number]} delta how far the handle was dragged, canvas pixels
 * @param {{free?: boolean, centred?: boolean}} how free: the shape may change (edges always); centred: about the centre
 * @returns {object} fields of the layer
 */
export function scaled(layer, own, handle, delta, { free = false, centred = false } = {}) {
  const frame = frameOf(layer, own);
  const [dx, dy] = turned(delta, FULL_TURN - layer.rotation);
  const reach = centred ? 2 : 1;
  const wanted = [frame.width + handle[0] * dx * reach, frame.height + handle[1] * dy * reach];
  let fields;
  if (free || !handle[0] || !handle[1]) {
    const side = (value) => clamp(Math.round(value), 1, LIMITS.layer_side);
    fields = { scale: null, width: side(wanted[0]), height: side(wanted[1]) };
  } else {
    // The point of the diagonal that is nearest to the pointer.
    const { width, height } = frame;
    const factor = (wanted[0] * width + wanted[1] * height) / (width * width + height * height);
    fields = resized(layer, own, Math.max(0, factor));
  }
  const after = { ...layer, ...fields };
  return { ...fields, ...keptAt(layer, after, own, centred ? [0, 0] : [-handle[0], -handle[1]]) };
}

/**
 * Where a layer has to be so that a point of its frame stays.
 *
 * @param {object} before
 * @param {object} after with another size
 * @param {[number, number]} own
 * @param {[number, number]} anchor -1 to 1 in both axes of the frame
 * @returns {{x: number, y: number}}
 */
export function keptAt(before, after, own, anchor) {
  const frame = frameOf(before, own);
  const size = layerSize(after, own);
  const shift = turned(
    [(anchor[0] * (frame.width - size[0])) / 2, (anchor[1] * (frame.height - size[1])) / 2],
    before.rotation,
  );
  return placed([frame.cx + shift[0], frame.cy + shift[1]], size);
}

/**
 * Another angle, about the centre.
 *
 * @param {object} layer at the start
 * @param {[number, number]} own
 * @param {number} by quarter degrees, counter-clockwise, may be a fraction
 * @param {boolean} stepped to multiples of 15 degrees
 */
export function rotated(layer, own, by, stepped = false) {
  const target = layer.rotation + by;
  return { rotation: wrapped(stepped ? Math.round(target / ROTATION_STEP) * ROTATION_STEP : target) };
}

/**
 * Scale several layers together about a point, keeping their shapes.
 *
 * @param {object} layer one of them at the start
 * @param {[number, number]} own
 * @param {[number, number]} anchor the point that stays, canvas pixels
 * @param {number} factor
 */
export function scaledAbout(layer, own, anchor, factor) {
  const frame = frameOf(layer, own);
  const fields = resized(layer, own, factor);
  const centre = [anchor[0] + (frame.cx - anchor[0]) * factor, anchor[1] + (frame.cy - anchor[1]) * factor];
  return { ...fields, ...placed(centre, layerSize({ ...layer, ...fields }, own)) };
}

/**
 * Rotate several layers together about a point.
 *
 * @param {object} layer one of them at the start
 * @param {[number, number]} own
 * @param {[number, number]} centre canvas pixels
 * @param {number} by whole quarter degrees, counter-clockwise
 */
export function rotatedAbout(layer, own, centre, by) {
  const frame = frameOf(layer, own);
  const [x, y] = turned([frame.cx - centre[0], frame.cy - centre[1]], by);
  const fields = { rotation: wrapped(layer.rotation + by) };
  return { ...fields, ...placed([centre[0] + x, centre[1] + y], [frame.width, frame.height]) };
}

/**
 * Mirror a layer as one sees it: a turned one turns the other way.
 *
 * @param {object} layer
 * @param {"h"|"v"} axis
 */
export function mirrored(layer, axis) {
  const has = new Set(layer.flip);
  if (!has.delete(axis)) has.add(axis);
  return { flip: ["h", "v"].filter((name) => has.has(name)).join(""), rotation: wrapped(FULL_TURN - layer.rotation) };
}

/**
 * Another crop; what stays visible does not move, and keeps its size on the canvas.
 *
 * @param {object} layer
 * @param {[number, number]} own
 * @param {[number, number, number, number]} box left, top, right, bottom, pixels of the element
 * @returns {object} fields
 */
export function cropped(layer, own, box) {
  const before = layer.crop ?? [0, 0, ...own];
  const left = clamp(Math.round(box[0]), 0, own[0] - 1);
  const top = clamp(Math.round(box[1]), 0, own[1] - 1);
  const after = [
    left,
    top,
    clamp(Math.round(box[2]), left + 1, own[0]),
    clamp(Math.round(box[3]), top + 1, own[1]),
  ];
  const frame = frameOf(layer, own);
  const across = frame.width / (before[2] - before[0]);
  const down = frame.height / (before[3] - before[1]);
  const crop = after[0] === 0 && after[1] === 0 && after[2] === own[0] && after[3] === own[1] ? null : after;
  const fields = { crop };
  const side = (value) => clamp(Math.round(value), 1, LIMITS.layer_side);
  if (layer.scale === null && layer.width !== null) fields.width = side((after[2] - after[0]) * across);
  if (layer.scale === null && layer.height !== null) fields.height = side((after[3] - after[1]) * down);
  const offset = [
    ((after[0] + after[2] - before[0] - before[2]) / 2) * across * (layer.flip.includes("h") ? -1 : 1),
    ((after[1] + after[3] - before[1] - before[3]) / 2) * down * (layer.flip.includes("v") ? -1 : 1),
  ];
  const shift = turned(offset, layer.rotation);
  const size = layerSize({ ...layer, ...fields }, own);
  return { ...fields, ...placed([frame.cx + shift[0], frame.cy + shift[1]], size) };
}

/** The frame of the whole element around a cropped layer, as the crop mode shows it. */
export function wholeFrame(layer, own) {
  const frame = frameOf(layer, own);
  const [left, top, right, bottom] = layer.crop ?? [0, 0, ...own];
  const [across, down] = [frame.width / (right - left), frame.height / (bottom - top)];
  const shift = turned([
    ((own[0] - left - right) / 2) * across * (layer.flip.includes("h") ? -1 : 1),
    ((own[1] - top - bottom) / 2) * down * (layer.flip.includes("v") ? -1 : 1),
  ], layer.rotation);
  return {
    cx: frame.cx + shift[0],
    cy: frame.cy + shift[1],
    width: own[0] * across,
    height: own[1] * down,
    rotation: layer.rotation,
  };
}

/** A point of the canvas in pixels of the element, not rounded, also beside it. */
export function toElement(layer, own, point) {
  const frame = wholeFrame(layer, own);
  const [x, y] = toFrame(frame, point);
  const [u, v] = [x / frame.width + 0.5, y / frame.height + 0.5];
  return [
    (layer.flip.includes("h") ? 1 - u : u) * own[0],
    (layer.flip.includes("v") ? 1 - v : v) * own[1],
  ];
}
