/** Reads a recipe of either form, binary or text. */

import { LIMITS } from "../constants.js";
import { RecipeError } from "../errors.js";
import { fromBinary, isFormat } from "./binary/binary.js";
import { shown } from "./digits.js";
import { fromText } from "./text.js";

export { checkScene, elementsOf, inlinesOf } from "./scene.js";

/**
 * Reads a binary or text recipe; bytes are told apart by the first one.
 * @param {Uint8Array|string} data text is of the text form
 * @returns {object} the scene
 * @throws {RecipeError} neither, malformed, or outside the limits
 */
export function readRecipe(data) {
  if (typeof data === "string") return fromText(data);
  if (!(data instanceof Uint8Array)) throw new RecipeError("a recipe is a Uint8Array or text; this is neither");
  if (isFormat(data[0])) return fromBinary(data);
  if (data.length > LIMITS.text_chars) {
    throw new RecipeError(
      `this is no recipe: it has ${data.length} bytes; at most ${LIMITS.text_chars} are allowed`,
    );
  }
  const text = new TextDecoder("latin1").decode(data);
  if (data.some((byte) => byte > 127)) {
    throw new RecipeError(
      `this is no recipe: it begins with ${shown(text, 8)}, neither the byte 0xa1 nor the text 'haac1:'`,
    );
  }
  return fromText(text);
}
