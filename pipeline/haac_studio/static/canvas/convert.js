/** Scenes as JSON -> scenes as haac.js has them. */

import { HaacError, RecipeError } from "/web/errors.js";
import { makeInline } from "/web/forms/inline.js";
import { readRecipe } from "/web/forms/recipe.js";
import { parseId } from "/web/forms/text.js";

/** @param {string} text base64 @returns {Uint8Array} */
function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** @param {string} text "#rrggbb" or "#rrggbbaa" @returns {number} 0xRRGGBBAA */
export function colourOf(text) {
  if (!/^#[0-9a-f]{6}([0-9a-f]{2})?$/i.test(text)) {
    throw new RecipeError(`the colour ${text} is not one: #rrggbb and #rrggbbaa are allowed`);
  }
  return Number.parseInt(text.slice(1).padEnd(8, "f"), 16);
}

/** Converts one scene after the other; what they share (inline elements, the wash) is made once. */
export class Converter {
  #inlines = new Map();
  #wash = { key: null, value: null };

  /**
   * @param {object} json a scene without hidden layers
   * @returns {object} Scene of haac.js
   * @throws {RecipeError}
   */
  scene(json) {
    const { width, height, fingerprint, similar } = json;
    const layers = json.layers.map((layer) => ({ ...layer, element: this.element(layer.element) }));
    return { width, height, fingerprint, similar, background: this.#background(json), layers };
  }

  /** @param {string|{inline: string}} element @returns {number|object} number of an element, or Inline */
  element(element) {
    if (typeof element === "string") return parseId(element);
    const known = this.#inlines.get(element.inline);
    if (known) return known;
    // Its key is what the page calls it.
    const made = { ...makeInline(bytesOf(element.inline)), key: element.inline };
    this.#inlines.set(element.inline, made);
    return made;
  }

  #background({ background, width, height }) {
    switch (background?.kind) {
      case undefined:
        return null;
      case "colour":
        return { kind: "colour", rgba: colourOf(background.rgba) };
      case "gradient":
        return { ...background, start: colourOf(background.start), end: colourOf(background.end) };
      case "plate":
        return { kind: "plate", element: parseId(background.element) };
      case "wash":
        return this.#washOf(width, height, background.digits);
      default:
        throw new HaacError(`a background of the kind ${background.kind} is not known`);
    }
  }

  /** A wash is read as the background of a recipe that has nothing else. */
  #washOf(width, height, digits) {
    const recipe = `haac1:${width.toString(16)}x${height.toString(16)}:w${digits}`;
    if (this.#wash.key !== recipe) this.#wash = { key: recipe, value: readRecipe(recipe).background };
    return this.#wash.value;
  }
}
