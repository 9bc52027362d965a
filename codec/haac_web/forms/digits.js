/** Base32 digits (Crockford's): of numbers of any length, as bytes; short ids of elements; text of strangers. */

import { REPOSITORY_LIMITS } from "../constants.js";
import { RecipeError } from "../errors.js";

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const VALUES = new Map([...DIGITS].map((digit, value) => [digit, value]));
const READ_AS = new Map([...VALUES, ["o", 0], ["i", 1], ["l", 1]]);

/** What Python's `str.split` takes as white space. */
export const SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

/**
 * Writes a number, given by its bytes (big-endian), in base32, without leading zeros.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function toDigits(bytes) {
  const parts = [];
  let digits = "";
  let bits = (5 - ((bytes.length * 8) % 5)) % 5; // zeros in front
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      digits += DIGITS[held >> bits];
      held &= (1 << bits) - 1;
    }
    if (digits.length > 4096) {
      parts.push(digits);
      digits = "";
    }
  }
  return (parts.join("") + digits).replace(/^0+/, "") || "0";
}

/**
 * Reads a number in base32 to its bytes (big-endian, as few as it needs: none for 0).
 * @param {string} digits
 * @param {string} what names it in the message
 * @returns {Uint8Array}
 * @throws {RecipeError} not what `toDigits` writes
 */
export function fromDigits(digits, what) {
  if (!/^(?:0|[1-9a-hjkmnp-tv-z][0-9a-hjkmnp-tv-z]*)$/.test(digits)) {
    throw new RecipeError(`the recipe is damaged: ${what} is not a number in base32 digits`);
  }
  const bytes = new Uint8Array(Math.ceil((digits.length * 5) / 8));
  let [held, bits, at] = [0, bytes.length * 8 - digits.length * 5, 0]; // zeros in front
  for (let n = 0; n < digits.length; n++) {
    held = (held << 5) | VALUES.get(digits[n]);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  const first = bytes.findIndex((byte) => byte);
  return first < 0 ? new Uint8Array(0) : bytes.subarray(first);
}

/**
 * The number that big-endian bytes are.
 * @param {Uint8Array} bytes
 * @returns {bigint}
 */
export function numberOf(bytes) {
  const parts = [];
  for (const byte of bytes) parts.push(HEX[byte]);
  return parts.length ? BigInt(`0x${parts.join("")}`) : 0n;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * The big-endian bytes of a number from 0 on, as few as it needs: none for 0.
 * @param {bigint} number
 * @returns {Uint8Array}
 */
export function bytesOf(number) {
  if (number === 0n) return new Uint8Array(0);
  const text = number.toString(16);
  const padded = text.length % 2 ? `0${text}` : text;
  return Uint8Array.from({ length: padded.length / 2 }, (_, n) => parseInt(padded.slice(2 * n, 2 * n + 2), 16));
}

/**
 * Writes an element's number as its short id: 7650 is "7f2".
 * @param {number} number 0 to 2^40 - 1 (0 is never given to an element)
 * @returns {string}
 */
export function formatId(number) {
  let digits = "";
  let rest = number;
  do {
    digits = DIGITS[rest % 32] + digits;
    rest = Math.floor(rest / 32);
  } while (rest > 0);
  return digits;
}

/**
 * Reads a short id: upper or lower case, with o read as 0 and i and l as 1.
 * @param {string} text
 * @returns {number} 1 to 2^40 - 1
 * @throws {RecipeError} not an id
 */
export function parseId(text) {
  let number = 0;
  const characters = [...text.toLowerCase()];
  for (const c of characters.slice(0, 40)) {
    const value = READ_AS.get(c);
    if (value === undefined) {
      throw new RecipeError(
        `${shown(text, 40)} is not an element id: ${shown(c)} is no digit of one; ${DIGITS} are`,
      );
    }
    number = number * 32 + value; // once above the limit it stays there, however it is rounded
  }
  if (characters.length > 40 || number < 1 || number > REPOSITORY_LIMITS.id_max) {
    const most = formatId(REPOSITORY_LIMITS.id_max);
    throw new RecipeError(`${shown(text, 40)} is not an element id: ids run from 1 to ${most}`);
  }
  return number;
}

/**
 * Text of a stranger, for a message: cut off, in quotes, without control characters.
 * @param {string} text
 * @param {number} most characters
 * @returns {string}
 */
export function shown(text, most = 60) {
  const cut = text.length > most ? `${text.slice(0, most)}...` : text;
  return `'${cut.replace(/[\p{C}\p{Z}]/gu, (c) => (c === " " ? c : "\ufffd"))}'`;
}
