/** Scenes and layers as plain JSON values: defaults, keys, sizes. Pure functions. */

/** A scene with nothing in it. */
export const EMPTY_SCENE = Object.freeze({
  width: 1024,
  height: 768,
  fingerprint: null,
  similar: false,
  background: null,
  layers: Object.freeze([]),
});

/** A layer's values that say "not at all" (docs/format.md). */
export const LAYER_DEFAULTS = Object.freeze({
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
});

/** Fields of a layer that a recipe has. */
const RECIPE_FIELDS = ["element", ...Object.keys(LAYER_DEFAULTS)];

/** @returns {string} a key that no other layer has (72 random bits) */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return `k${btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_")}`;
}

/** @param {object} fields @returns {object} a layer with defaults for whatever is unsaid */
export function newLayer(fields) {
  return { ...LAYER_DEFAULTS, key: newKey(), ...fields };
}

/**
 * Give each layer a key of its own, and defaults for what is missing; the same scene if nothing was missing.
 *
 * @param {object} scene
 * @returns {object}
 */
export function complete(scene) {
  const keys = new Set();
  let changed = false;
  const layers = scene.layers.map((layer) => {
    const whole = layer.key && !keys.has(layer.key) && RECIPE_FIELDS.every((name) => name in layer);
    const made = whole ? layer : newLayer({ ...layer, key: keys.has(layer.key) ? newKey() : layer.key || newKey() });
    changed ||= !whole;
    keys.add(made.key);
    return made;
  });
  return changed ? { ...scene, layers } : scene;
}

/**
 * The scene as a recipe has it: without hidden layers, and without what only the editor knows.
 *
 * @param {object} scene
 * @returns {object}
 */
export function recipeOf(scene) {
  const { width, height, fingerprint, similar, background } = scene;
  const layers = scene.layers.filter((layer) => !layer.hidden);
  return {
    width,
    height,
    fingerprint,
    similar,
    background,
    layers: layers.map((layer) => Object.fromEntries(RECIPE_FIELDS.map((name) => [name, layer[name]]))),
  };
}

/** Division of whole numbers, halves up, at least 1: the format's rounding of sizes. */
function scaled(length, numerator, denominator) {
  return Math.max(1, Math.floor((2 * length * numerator + denominator) / (2 * denominator)));
}

/**
 * Width and height of a layer after crop and resizing: the port of `Layer.size`.
 *
 * @param {object} layer
 * @param {[number, number]} own width and height of its element, pixels
 * @returns {[number, number]} pixels
 */
export function layerSize(layer, [width, height]) {
  if (layer.crop) {
    const [left, top, right, bottom] = layer.crop;
    [width, height] = [right - left, bottom - top];
  }
  if (layer.scale !== null) return [scaled(width, layer.scale, 1000), scaled(height, layer.scale, 1000)];
  if (layer.width !== null) return [layer.width, layer.height ?? scaled(height, layer.width, width)];
  if (layer.height !== null) return [scaled(width, layer.height, height), layer.height];
  return [width, height];
}
