/** Recipes to pixels, all at once. */

import { checkWork } from "./drawing/work.js";
import { render } from "./drawing/render.js";
import { elementsOf, readRecipe } from "./forms/recipe.js";
import { sha256 } from "./mirror/digest.js";
import { bytesOf, Sources } from "./sources.js";

/**
 * Draw a recipe.
 *
 * @param {Uint8Array|ArrayBuffer|string|Scene} recipe Binary or text, or what `readRecipe` made of it.
 * @param {object} [options]
 * @param {Map<number, Uint8Array|Picture>} [options.elements] WebP files or pixels of its elements, by number.
 * @param {Repository} [options.repository] Where those that are not in `elements` are.
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<Picture>} RGBA, straight alpha: the same pixels as Python's.
 * @throws {RecipeError} The recipe is damaged, outside the limits, or of another repository.
 * @throws {ElementError} An element is not there, or was withdrawn.
 * @throws {PictureError} An element is damaged.
 * @throws {MirrorError} The repository is damaged.
 * @throws {TransportError} The repository cannot be reached.
 */
export async function draw(recipe, { elements = new Map(), repository, signal } = {}) {
  signal?.throwIfAborted();
  const scene = sceneOf(recipe);
  const sources = new Sources();
  const missing = giveElements(sources, scene, elements, repository);
  if (missing.length) {
    const found = await repository.elements(missing, { signal });
    found.forEach((data, number) => sources.add(number, data));
    signal?.throwIfAborted();
  }
  return render(scene, sources);
}

/**
 * @param {Uint8Array|ArrayBuffer|string|Scene} recipe
 * @returns {Scene}
 * @throws {RecipeError} It is damaged, or outside the limits.
 */
export function sceneOf(recipe) {
  const bytes = bytesOf(recipe);
  return bytes || typeof recipe === "string" ? readRecipe(bytes ?? recipe) : recipe;
}

/**
 * Give what is at hand of a scene's elements, and check whether the scene is within the limits before any other is
 * fetched.
 *
 * @param {Sources} sources They go there.
 * @param {Scene} scene
 * @param {Map<number, Uint8Array|Picture>} elements
 * @param {Repository} [repository]
 * @returns {number[]} Those that the repository is to be asked for.
 * @throws {RecipeError} The scene is outside the limits, or of another repository.
 * @throws {ElementError} An element is nowhere.
 * @throws {PictureError} An element is no WebP file.
 */
export function giveElements(sources, scene, elements, repository) {
  const missing = [];
  for (const number of elementsOf(scene)) {
    const given = elements.get(number);
    if (given) {
      sources.add(number, given);
    } else if (repository) {
      missing.push(number);
    } else {
      sources.size(number); // throws that it is not there
    }
  }
  if (missing.length) {
    repository.checkFingerprint(scene);
  }
  const infos = missing.map((number) => repository.info(number));
  infos.forEach((info) => info && sources.expect(info.number, [info.width, info.height]));
  if (infos.every(Boolean)) {
    checkWork(scene, (element) => sources.size(element));
  }
  return missing;
}

/**
 * The hash that Python gives the same pixels: SHA-256 of width and height, four bytes each, the highest first, then the
 * pixels.
 *
 * @param {Picture} picture
 * @returns {Promise<string>} 64 hex digits.
 * @throws {MirrorError} This page has no WebCrypto.
 */
export function hashPixels({ width, height, data }) {
  const bytes = new Uint8Array(8 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  bytes.set(data, 8);
  return sha256(bytes);
}
