/**
 * Deterministic renderer: scene and elements to RGBA pixels, the same as Python's on every machine (docs/format.md,
 * "Rendering").
 */

import { checkScene } from "../forms/scene.js";
import { pixelsOf } from "../pixels/pixels.js";
import { drawBackground } from "./background.js";
import { compose } from "./compose.js";
import { drawLayer, seenOf, visibleBox } from "./layer.js";
import { checkWork } from "./work.js";

/**
 * @typedef {object} ElementSource where elements come from, all at hand.
 * @property {(element: number | Inline) => [number, number]} size width and height, without decoding.
 * @property {(element: number | Inline) => Picture} image RGBA pixels, straight alpha. They are not changed. May be
 *   asked more than once.
 */

/**
 * Render a scene.
 *
 * @param {Scene} scene what to draw.
 * @param {ElementSource} source throws ElementError for what it does not have.
 * @param {{onStep?: (picture: Picture, done: number, total: number) => void}} [options] `onStep` is called after the
 *   background and after each layer, with the canvas as it is by then.
 * @returns {Picture} scene.width x scene.height pixels, RGBA, straight alpha.
 * @throws {RecipeError} outside the limits: nothing was decoded or drawn.
 * @throws {ElementError} an element cannot be had.
 */
export function render(scene, source, { onStep } = {}) {
  checkScene(scene);
  checkWork(scene, (element) => source.size(element));
  const canvas = drawBackground(scene, source);
  const total = 1 + scene.layers.length;
  const picture = pictureOf(canvas);
  onStep?.(picture, 1, total);
  scene.layers.forEach((layer, n) => {
    if (visibleBox(layer, source.size(layer.element), canvas) !== null) {
      const drawn = drawLayer(layer, pixelsOf(source.image(layer.element)), seenOf(layer, canvas));
      if (drawn) compose(canvas, drawn.image, drawn.x + layer.x, drawn.y + layer.y, layer.opacity);
    }
    onStep?.(picture, n + 2, total);
  });
  return picture;
}

/** The renderer's pixels as a Picture of the same memory. */
export function pictureOf({ width, height, data }) {
  return { width, height, data };
}
