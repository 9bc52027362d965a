/** Standalone text form of a wash: its number in base32 digits, as text recipes have it. */

import { RecipeError } from "../errors.js";
import { bytesOf, fromDigits, numberOf, toDigits } from "../forms/digits.js";
import { Checker, Decoder, Encoder } from "../forms/rans.js";
import { codeWash } from "./bitstream.js";

/**
 * Writes a wash of a canvas in base32 digits.
 * @param {object} wash
 * @param {number} width canvas, pixels
 * @param {number} height canvas, pixels
 * @returns {string}
 */
export function washDigits(wash, width, height) {
  const encoder = new Encoder();
  codeWash(encoder, width, height, wash);
  return toDigits(bytesOf(encoder.result()));
}

/**
 * Reads a wash from digits.
 * @param {number} width canvas, pixels
 * @param {number} height canvas, pixels
 * @param {string} digits the coefficients
 * @returns {object} the wash
 * @throws {RecipeError} malformed, or outside the limits
 */
export function readWash(width, height, digits) {
  return decodeNumber(numberOf(fromDigits(digits, "its wash")), (io, given) => codeWash(io, width, height, given));
}

/**
 * Decodes a number that holds one value and nothing else, and that an encoder would write in the same way.
 * @param {bigint} number
 * @param {(io: Coder, given: object|undefined) => object} code codes the value in either direction
 * @returns {object} the value
 * @throws {RecipeError} it does not
 */
export function decodeNumber(number, code) {
  const decoder = new Decoder(number);
  const made = code(decoder, undefined);
  decoder.finish();
  const checker = new Checker();
  code(checker, made);
  const { picks } = decoder;
  if (picks.length !== checker.picks.length || picks.some((pick, n) => pick !== checker.picks[n])) {
    throw new RecipeError("the recipe is damaged: the same wash is written otherwise");
  }
  return made;
}
