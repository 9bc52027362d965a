/**
 * Times of the web's renderer, in Node or in a browser: of whole scenes, and of frames while a layer is dragged.
 * Milliseconds.
 */

import { render } from "../../../codec/haac_web/drawing/render.js";
import { Renderer } from "../../../codec/haac_web/drawing/renderer.js";
import { readRecipe } from "../../../codec/haac_web/forms/recipe.js";

/**
 * Render each scene some times.
 * @param {{elements: object, recipes: object}} request sizes of elements by number, in the order of their pixels;
 *   recipes by kind
 * @param {Uint8Array} pixels of all elements
 * @returns {object} by kind a function that renders so many times
 */
export function rendering({ elements, recipes }, pixels) {
  const source = sourceOf(elements, pixels);
  const found = {};
  for (const [kind, text] of Object.entries(recipes)) {
    const scene = readRecipe(text);
    found[kind] = (runs) => {
      for (let n = 0; n < runs; n++) render(scene, source);
    };
    // Engines translate what is slow only after a while.
    found[kind](5);
  }
  return found;
}

/**
 * Drag layers about a canvas of the page.
 * @param {{elements: object, drag: {text: string, layers: object}}} request as above; a recipe, and which of its
 *   layers by kind
 * @param {Uint8Array} pixels of all elements
 * @param {number} frames of each drag
 * @returns {Promise<object>} by kind: the time of each frame from the new scene until its pixels are on the canvas,
 *   and the time from one frame that the browser shows to the next
 */
export async function dragTimes({ elements, drag }, pixels, frames) {
  const source = sourceOf(elements, pixels);
  const scene = readRecipe(drag.text);
  const canvas = document.createElement("canvas");
  canvas.width = scene.width;
  canvas.height = scene.height;
  document.body.append(canvas);
  const context = canvas.getContext("2d");
  const renderer = new Renderer(source);
  show(renderer, scene, context);
  const times = {};
  for (const [kind, index] of Object.entries(drag.layers)) {
    times[kind] = await dragged(renderer, scene, index, context, frames);
  }
  return times;
}

/** One layer, around a circle, a step a frame. */
async function dragged(renderer, scene, index, context, frames) {
  const work = [];
  const shown = [];
  let before = await nextFrame();
  for (let n = 0; n < frames; n++) {
    const turn = (2 * Math.PI * (n + 1)) / frames;
    const layer = scene.layers[index];
    const [x, y] = [layer.x + Math.round(200 * Math.sin(turn)), layer.y + Math.round(120 - 120 * Math.cos(turn))];
    const moved = { ...scene, layers: scene.layers.with(index, { ...layer, x, y }) };
    work.push(timed(() => show(renderer, moved, context)));
    const now = await nextFrame();
    shown.push(now - before);
    before = now;
  }
  return { work, shown };
}

function show(renderer, scene, context) {
  const { width, height, data } = renderer.render(scene);
  if (renderer.changed === null) return;
  const [left, top, right, bottom] = renderer.changed;
  const image = new ImageData(new Uint8ClampedArray(data.buffer), width, height);
  context.putImageData(image, 0, 0, left, top, right - left, bottom - top);
}

function nextFrame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

function timed(run) {
  const began = performance.now();
  run();
  return performance.now() - began;
}

function sourceOf(elements, pixels) {
  const pictures = new Map();
  let at = 0;
  for (const [number, [width, height]] of Object.entries(elements)) {
    const end = at + 4 * width * height;
    pictures.set(Number(number), { width, height, data: pixels.subarray(at, end) });
    at = end;
  }
  return {
    size: (number) => [pictures.get(number).width, pictures.get(number).height],
    image: (number) => pictures.get(number),
  };
}
