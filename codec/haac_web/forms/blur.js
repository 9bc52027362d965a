/** Blur strings: a wash with its shape, base64url of one number (docs/format.md, "Blur strings"). */

import { BLUR_SHAPES, TABLES } from "../constants.js";
import { RecipeError } from "../errors.js";
import { codeWash } from "../wash/bitstream.js";
import { decodeNumber } from "../wash/text.js";
import { numberOf } from "./digits.js";
import { Table, Uniform } from "./rans.js";

const SHAPE = new Table(TABLES.SHAPE);
const CHARACTERS = 4096;
/** Any shape but the common ones is told in so many parts of the long side. */
const PARTS = 128;

/**
 * Reads a blur string.
 * @param {string} text base64url, with or without padding
 * @returns {{width: number, height: number, wash: object}} the shape of the picture, as two small numbers: a picture
 *   of any size may be drawn; and its wash
 * @throws {RecipeError} not a blur string
 */
export function readBlur(text) {
  if (typeof text !== "string" || text.length > CHARACTERS || !/^[A-Za-z0-9_-]+={0,2}$/.test(text)) {
    throw new RecipeError("this is no blur string: letters, digits, - and _ are allowed");
  }
  const digits = text.replace(/=+$/, "");
  if (digits.length % 4 === 1) throw new RecipeError("this is no blur string: it was cut off");
  // `atob` refuses bits that are left over and not 0, which are nothing to an older reader.
  const data = decodeBase64(digits);
  if (data.length > 1 && data[0] === 0) {
    throw new RecipeError("this is no blur string, or a damaged one: it begins with a zero byte");
  }
  return decodeNumber(numberOf(data), codeBlur);
}

function decodeBase64(digits) {
  const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const data = new Uint8Array(Math.floor((digits.length * 6) / 8));
  let [held, bits, at] = [0, 0, 0];
  for (const digit of digits) {
    held = ((held << 6) | plain.indexOf(digit)) & 0xfff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      data[at++] = held >> bits;
    }
  }
  return data;
}

function codeBlur(io, given) {
  const known = () => BLUR_SHAPES.findIndex(([across, down]) => across === given.width && down === given.height);
  const symbol = io.pick(SHAPE, () => (known() < 0 ? BLUR_SHAPES.length : known()));
  let shape = BLUR_SHAPES[symbol];
  if (!shape) {
    const upright = io.pick(new Uniform(2), () => given.width < given.height);
    const short = 1 + io.pick(new Uniform(PARTS), () => Math.min(given.width, given.height) - 1);
    shape = upright ? [short, PARTS] : [PARTS, short];
  }
  const [width, height] = shape;
  return { width, height, wash: codeWash(io, width, height, given?.wash) };
}
