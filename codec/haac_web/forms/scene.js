/** Scene graph of a recipe, as plain objects (docs/format.md, "Scene"), and its checks. */

import { LIMITS, REPOSITORY_LIMITS } from "../constants.js";
import { RecipeError } from "../errors.js";
import { checkCanvas, checkWash } from "../wash/value.js";
import { formatId } from "./digits.js";
import { inlineSize } from "./inline.js";

export const FLIPS = ["", "h", "v", "hv"];

/** Quarter degrees. */
export const FULL_TURN = 1440;

/** What is said of a paraphrase, wherever it is shown. */
export const SIMILAR = "similar, not the same";

const UNSAID = {
  element: 0,
  crop: null,
  flip: "",
  brightness: 100,
  contrast: 100,
  saturation: 100,
  width: null,
  height: null,
  scale: null,
  rotation: 0,
  blur: 0,
  opacity: 100,
  x: 0,
  y: 0,
};

/**
 * Makes a layer: what is not given says "not at all".
 * @param {object} values some of a layer's fields, the element among them
 * @returns {object} the layer
 * @throws {RecipeError} outside the limits
 */
export function makeLayer(values) {
  const layer = { ...UNSAID, ...values };
  checkLayer(layer);
  return layer;
}

/**
 * Makes a scene without layers.
 * @param {number} width canvas, pixels
 * @param {number} height canvas, pixels
 * @param {boolean} similar whether it is a paraphrase
 * @returns {object} the scene
 * @throws {RecipeError} outside the limits
 */
export function makeScene(width, height, similar = false) {
  const scene = { width, height, fingerprint: null, similar, background: null, layers: [] };
  checkSize(scene);
  return scene;
}

/**
 * Checks a scene against the limits, and what `similar` says.
 * @param {object} scene
 * @throws {RecipeError} outside the limits, or nothing in the scene could be similar
 */
export function checkScene(scene) {
  checkSize(scene);
  checkBackground(scene.background);
  if (scene.background?.kind === "wash") {
    checkWash(scene.background.wash);
    checkCanvas(scene.background.wash, scene.width, scene.height);
  }
  if (scene.layers.length > LIMITS.layers) {
    throw new RecipeError(`the scene has ${scene.layers.length} layers; at most ${LIMITS.layers} are allowed`);
  }
  scene.layers.forEach(checkLayer);
  if (scene.fingerprint !== null) check("a fingerprint", scene.fingerprint, 0, 0xffff);
  if (typeof scene.similar !== "boolean") {
    throw new RecipeError("a scene's similar is neither true nor false; these are allowed");
  }
  checkInlines(scene);
  if (scene.similar && !elementsOf(scene).length) {
    throw new RecipeError(
      "the scene is marked as similar, but shows no element of a repository that could be: leave `similar` out",
    );
  }
}

/**
 * Checks the background of a scene; a wash apart.
 * @param {object|null} background
 * @throws {RecipeError} outside the limits
 */
export function checkBackground(background) {
  if (background === null) return;
  switch (background.kind) {
    case "colour":
      return check("a colour", background.rgba, 0, 0xffffffff);
    case "gradient":
      check("a gradient's start", background.start, 0, 0xffffffff);
      check("a gradient's end", background.end, 0, 0xffffffff);
      return check("a gradient's angle", background.angle, 0, FULL_TURN - 1, " quarter degrees");
    case "plate":
      return check("a background element", background.element, 1, REPOSITORY_LIMITS.id_max);
    case "wash":
      return;
  }
  throw new RecipeError("the background is none of null, a colour, a gradient, a plate and a wash; these are allowed");
}

function checkSize({ width, height }) {
  check("the canvas width", width, 1, LIMITS.canvas_side, " pixels");
  check("the canvas height", height, 1, LIMITS.canvas_side, " pixels");
  if (width * height > LIMITS.canvas_pixels) {
    throw new RecipeError(
      `the canvas has ${width}x${height} pixels; at most ${LIMITS.canvas_pixels} in all are allowed`,
    );
  }
}

function checkInlines(scene) {
  const inlines = inlinesOf(scene);
  for (const { data, width, height } of inlines) {
    const [across, down] = inlineSize(data);
    if (across !== width || down !== height) {
      throw new RecipeError(`an inline element says ${width}x${height}, its bytes ${across}x${down} pixels`);
    }
  }
  const sum = (of) => inlines.reduce((total, inline) => total + of(inline), 0);
  for (const [name, found, allowed] of [
    ["inline elements", inlines.length, LIMITS.inline_elements],
    ["bytes of inline elements", sum(({ data }) => data.length), LIMITS.inline_bytes],
    ["pixels of inline elements", sum(({ width, height }) => width * height), LIMITS.inline_pixels],
  ]) {
    if (found > allowed) throw new RecipeError(`the scene has ${found} ${name}; at most ${allowed} are allowed`);
  }
}

/**
 * Checks a layer against the limits.
 * @param {object} layer
 * @throws {RecipeError} outside the limits
 */
export function checkLayer(layer) {
  if (!isInline(layer.element)) check("an element's number", layer.element, 1, REPOSITORY_LIMITS.id_max);
  if (layer.crop !== null) {
    const [left, top, right, bottom] = layer.crop;
    for (const edge of [left, top, right, bottom]) {
      check("an edge of a crop", edge, 0, REPOSITORY_LIMITS.element_side, " pixels");
    }
    if (left >= right || top >= bottom) {
      throw new RecipeError(
        `the crop (${layer.crop.join(", ")}) keeps nothing: left must be below right, top below bottom`,
      );
    }
  }
  if (!FLIPS.includes(layer.flip)) throw new RecipeError("a layer's flip is none of '', 'h', 'v' and 'hv'");
  for (const name of ["brightness", "contrast", "saturation"]) check(name, layer[name], 0, LIMITS.adjust, " per cent");
  for (const name of ["width", "height"]) {
    if (layer[name] !== null) check(name, layer[name], 1, LIMITS.layer_side, " pixels");
  }
  if (layer.scale !== null) {
    check("scale", layer.scale, 1, LIMITS.scale, " thousandths");
    if (layer.width !== null || layer.height !== null) {
      throw new RecipeError("a layer has either a scale or a width and height, not both");
    }
  }
  check("rotation", layer.rotation, 0, FULL_TURN - 1, " quarter degrees");
  check("blur", layer.blur, 0, LIMITS.blur, " quarter pixels");
  check("opacity", layer.opacity, 0, 100, " per cent");
  for (const name of ["x", "y"]) check(name, layer[name], -LIMITS.position, LIMITS.position, " pixels");
}

/**
 * Width and height of a layer after crop and resizing of an element of this size, in pixels, in integers.
 * @param {object} layer
 * @param {number} width of the element, pixels
 * @param {number} height of the element, pixels
 * @returns {[number, number]}
 * @throws {RecipeError} larger than the limits allow, or the crop leaves the element
 */
export function layerSize(layer, width, height) {
  const named = isInline(layer.element) ? "an inline element" : `element ${formatId(layer.element)}`;
  let [across, down] = [width, height];
  if (layer.crop !== null) {
    const [left, top, right, bottom] = layer.crop;
    if (right > width || bottom > height) {
      throw new RecipeError(`the crop (${layer.crop.join(", ")}) leaves ${named}, which has ${width}x${height} pixels`);
    }
    [across, down] = [right - left, bottom - top];
  }
  let made = [across, down];
  if (layer.scale !== null) made = [scaled(across, layer.scale, 1000), scaled(down, layer.scale, 1000)];
  else if (layer.width !== null) made = [layer.width, layer.height ?? scaled(down, layer.width, across)];
  else if (layer.height !== null) made = [scaled(across, layer.height, down), layer.height];
  const most = Math.max(made[0] * made[1], made[0] * down);
  if (Math.max(...made) > LIMITS.layer_side || most > LIMITS.layer_pixels) {
    throw new RecipeError(
      `${named} would be resized to ${made[0]}x${made[1]}; at most ${LIMITS.layer_side} pixels a side and` +
        ` ${LIMITS.layer_pixels} in all are allowed`,
    );
  }
  return made;
}

function scaled(length, numerator, denominator) {
  return Math.max(1, Math.floor((2 * length * numerator + denominator) / (2 * denominator)));
}

function check(name, value, low, high, unit = "") {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RecipeError(`${name} is ${describe(value)}; a whole number from ${low} to ${high}${unit} is allowed`);
  }
}

function describe(value) {
  return typeof value === "number" ? String(value) : `of the type ${value === null ? "null" : typeof value}`;
}

/**
 * Whether a layer's element is an inline one, not a number of a repository.
 * @param {number|object} element
 * @returns {boolean}
 */
export function isInline(element) {
  return typeof element === "object" && element !== null && element.data instanceof Uint8Array;
}

/**
 * What tells elements apart: the number, or the inline element's key.
 * @param {number|object} element
 * @returns {number|string}
 */
export function elementKey(element) {
  return isInline(element) ? element.key : element;
}

/**
 * Numbers of the repository's elements that the picture needs, each once, the plate included.
 * @param {object} scene
 * @returns {number[]}
 */
export function elementsOf(scene) {
  const used = new Set();
  for (const { element } of scene.layers) if (!isInline(element)) used.add(element);
  if (scene.background?.kind === "plate") used.add(scene.background.element);
  return [...used];
}

/**
 * The different inline elements, in the order of their first use.
 * @param {object} scene
 * @returns {object[]}
 */
export function inlinesOf(scene) {
  const found = new Map();
  for (const { element } of scene.layers) {
    if (isInline(element) && !found.has(element.key)) found.set(element.key, element);
  }
  return [...found.values()];
}
