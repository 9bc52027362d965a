/** The forms of a recipe: reads, and tells, what `test_forms.py` asks for. */

import { toBinary } from "../../../codec/haac_web/forms/binary/binary.js";
import { readBlur } from "../../../codec/haac_web/forms/blur.js";
import { caption, withArticle } from "../../../codec/haac_web/forms/caption.js";
import { makeInline } from "../../../codec/haac_web/forms/inline.js";
import { readRecipe } from "../../../codec/haac_web/forms/recipe.js";
import { toText } from "../../../codec/haac_web/forms/text.js";
import { takenApart } from "../../../codec/haac_web/wash/bitstream.js";

/** How each kind of a case is answered: what Python answers alike. Bytes come as numbers below 256, in text. */
const ANSWERS = {
  recipe: (given) => toText(readRecipe(bytes(given))),
  string: (given) => toText(readRecipe(given)),
  forms: (given) => {
    const scene = readRecipe(bytes(given));
    return [toText(scene), text(toBinary(scene))];
  },
  wash: (given) => plain(readRecipe(bytes(given)).background.wash),
  contexts: (given) => {
    const parts = takenApart(readRecipe(bytes(given)).background.wash);
    return parts.map(({ contexts }) => contexts.map((band) => [...band]));
  },
  blur: (given) => {
    const { width, height, wash } = readBlur(given);
    return [width, height, plain(wash)];
  },
  inline: (given) => {
    const { width, height } = makeInline(bytes(given));
    return [width, height];
  },
  caption: ({ recipe, names }) => caption(readRecipe(recipe), (number) => names[number]),
  article: withArticle,
};

/**
 * Answers all cases.
 * @param {(name: string) => Promise<Uint8Array>} load gives the file of the cases
 * @returns {Promise<{value?: any, error?: string, message?: string, took: number}[]>} in their order; milliseconds
 */
export async function run(load) {
  const cases = JSON.parse(new TextDecoder().decode(await load("cases.json")));
  return cases.map(([kind, given]) => {
    const began = performance.now();
    const answer = attempt(() => ANSWERS[kind](given));
    return { ...answer, took: performance.now() - began };
  });
}

function attempt(answer) {
  try {
    return { value: answer() };
  } catch (error) {
    return { error: error.name, message: error.message };
  }
}

function bytes(given) {
  return Uint8Array.from(given, (character) => character.charCodeAt(0));
}

function text(data) {
  return Array.from(data, (byte) => String.fromCharCode(byte)).join("");
}

function plain({ width, height, step, channels }) {
  return [width, height, step, channels.map((channel) => [...channel])];
}
