/**
 * Work and memory of a scene, predicted from sizes alone, before anything is decoded or drawn (haac/_drawing/work.py;
 * the sum is part of the format, so that which recipes are accepted does not depend on the decoder).
 */

import { LIMITS, WEIGHTS } from "../constants.js";
import { RecipeError } from "../errors.js";
import { elementKey } from "../forms/scene.js";
import { area, grown, isEmpty, moved, QUARTER } from "./boxes.js";
import { blurMargin, named, planBlur, planWarp } from "./plan.js";

/** Bytes of decoded elements that Python's renderer keeps: the number belongs to the verdict. */
const KEPT = 256 * 2 ** 20;
/** Times that the pixels of an element are in memory while it is decoded. */
const DECODE_COPIES = 5;
/** Bytes of elements, the copies of one that is decoded among them, for which others that are held are forgotten. */
const WHILE_DECODING = 640 * 2 ** 20;
/** Bytes of the steps that are done in strips, and of the program beside its pictures. */
const STRIPS = 32 * 2 ** 20;

/**
 * Predict what drawing one layer takes, its element being decoded.
 *
 * @param layer how it stands.
 * @param {[number, number]} size width and height of its element.
 * @param {[number, number]} canvas width and height.
 * @returns {{units: number, pixels: number} | null} units of work, and the most pixels in memory at a time; null if
 *   no pixel of the layer can be on the canvas.
 * @throws {RecipeError} the crop or the size is outside the limits.
 */
export function layerWork(layer, size, canvas) {
  const seen = moved([0, 0, ...canvas], -layer.x, -layer.y);
  const plan = planWarp(layer, size, grown(seen, blurMargin(layer.blur)));
  if (plan === null) return null;
  const { blurred, visible } = planBlur(layer, plan.turned, seen);
  if (isEmpty(visible)) return null;
  const work = { units: WEIGHTS.compose * area(visible), pixels: area(visible) };
  const add = (units, pixels) => {
    work.units += units;
    work.pixels = Math.max(work.pixels, pixels);
  };
  addWarping(add, layer, plan);
  if (layer.blur) {
    const columns = (visible[2] - visible[0]) * (blurred[3] - blurred[1]);
    add(WEIGHTS.blur_rows * area(blurred), 2 * area(blurred));
    add(WEIGHTS.blur_columns * columns, Math.max(area(blurred) + columns, 4 * columns));
  }
  return work;
}

/** Step by step, up to the rotation. */
function addWarping(add, layer, plan) {
  const read = area(plan.cut);
  const part = area(plan.part);
  const turned = area(plan.turned);
  const saturated = layer.saturation !== 100;
  let units = WEIGHTS.read + WEIGHTS.flip * layer.flip.length;
  if (layer.brightness !== 100 || layer.contrast !== 100) units += WEIGHTS.curve;
  if (saturated) units += WEIGHTS.saturation;
  add(units * read, (saturated ? 3 : 2) * read);
  const [across, down] = plan.cropped;
  const [width, height] = plan.size;
  const rows = plan.cut[3] - plan.cut[1];
  const columns = plan.part[2] - plan.part[0];
  if (width !== across) {
    add(4 * Math.max(across, width) * (WEIGHTS.weight + WEIGHTS.tap * rows), read + width * rows);
  }
  if (height !== down) {
    const before = width * rows + columns * down;
    const weights = 4 * Math.max(down, height);
    add(weights * (WEIGHTS.weight + WEIGHTS.tap * columns), Math.max(before, columns * (down + height)));
    add(0, columns * height + part);
  }
  if (layer.rotation % QUARTER) add(WEIGHTS.rotation * turned + WEIGHTS.read * part, 2 * part + turned);
  else if (layer.rotation) add(WEIGHTS.quarter * turned, part + turned);
}

/** A plate, as the layer that would show the same. */
export function plateLayer(scene) {
  return {
    element: scene.background.element,
    crop: null,
    flip: "",
    brightness: 100,
    contrast: 100,
    saturation: 100,
    width: scene.width,
    height: scene.height,
    scale: null,
    rotation: 0,
    blur: 0,
    opacity: 100,
    x: 0,
    y: 0,
  };
}

function backgroundWork(scene, sizeOf) {
  const { width, height, background } = scene;
  const pixels = width * height;
  const plain = WEIGHTS.canvas * pixels;
  switch (background?.kind) {
    case "gradient":
      return { units: plain + WEIGHTS.gradient * pixels, pixels: 2 * pixels };
    case "wash": {
      const { wash } = background;
      const coefficients = wash.channels.reduce((sum, channel) => sum + channel.length, 0);
      const units = WEIGHTS.wash_grid * wash.width * wash.height + WEIGHTS.wash_coefficient * coefficients;
      return { units: plain + WEIGHTS.wash * pixels + units, pixels: 4 * pixels };
    }
    case "plate": {
      const work = layerWork(plateLayer(scene), sizeOf(background.element), [width, height]);
      return { units: plain + work.units, pixels: work.pixels };
    }
    default:
      return { units: plain, pixels };
  }
}

/** Decoding: each element once; or for each use, where they are not all kept. */
function decodingWork(shown, sizeOf) {
  const pixels = new Map();
  for (const element of shown) {
    const [width, height] = sizeOf(element);
    pixels.set(elementKey(element), width * height);
  }
  let together = 0;
  let largest = 0;
  for (const one of pixels.values()) {
    together += one;
    largest = Math.max(largest, one);
  }
  // With the copies of the one that is decoded: else others are forgotten to make room.
  const once = 4 * together <= KEPT && 4 * (together + (DECODE_COPIES - 1) * largest) <= WHILE_DECODING;
  const count = once ? together : shown.reduce((sum, element) => sum + pixels.get(elementKey(element)), 0);
  const held = Math.min(together, Math.max(largest, KEPT / 4));
  const most = Math.min(held + DECODE_COPIES * largest, Math.max(WHILE_DECODING / 4, DECODE_COPIES * largest));
  return { units: WEIGHTS.decode * count, held, most };
}

/**
 * Compare what a scene takes with the limits.
 *
 * @param scene what is to be drawn.
 * @param {(element) => [number, number]} sizeOf width and height of an element, which is a number or an Inline.
 * @throws {RecipeError} too much work, or too much memory; or a size is outside the limits.
 * @throws {ElementError} `sizeOf` knows no such element.
 */
export function checkWork(scene, sizeOf) {
  const canvas = [scene.width, scene.height];
  const background = backgroundWork(scene, sizeOf);
  const works = scene.layers.map((layer) => layerWork(layer, sizeOf(layer.element), canvas));
  const shown = scene.layers.filter((_, n) => works[n] !== null).map((layer) => layer.element);
  if (scene.background?.kind === "plate") shown.push(scene.background.element);
  const decoding = decodingWork(shown, sizeOf);
  const units = works.reduce(
    (sum, work) => sum + WEIGHTS.layer + (work?.units ?? 0),
    decoding.units + background.units,
  );
  if (units > LIMITS.work) {
    let most = ["decoding its elements", decoding.units];
    if (background.units > most[1]) most = ["its background", background.units];
    works.forEach((work, n) => {
      if ((work?.units ?? 0) > most[1]) most = [`layer ${n + 1} (${named(scene.layers[n].element)})`, work.units];
    });
    throw new RecipeError(
      `drawing this recipe takes ${(units / 1e9).toFixed(1)} x 10^9 units of work, ${(most[1] / 1e9).toFixed(2)} of them` +
        ` for ${most[0]}; at most ${LIMITS.work / 1e9} are allowed:` +
        " use fewer or smaller layers, a smaller canvas, or less blur",
    );
  }
  const largest = works.reduce((most, work) => Math.max(most, work?.pixels ?? 0), 0);
  const whole = scene.width * scene.height;
  const drawing = whole + largest + decoding.held;
  const bytes = 4 * Math.max(background.pixels + decoding.held, whole + decoding.most, drawing) + STRIPS;
  if (bytes > LIMITS.memory_bytes) {
    throw new RecipeError(
      `drawing this recipe takes ${Math.round(bytes / 1e6)} MB of memory; at most ${LIMITS.memory_bytes / 1e6}` +
        ` are allowed: use a smaller canvas, smaller elements, or smaller layers`,
    );
  }
}
