/** Strict parsing of untrusted JSON, as haac_repo/_mirror/strict.py: whatever is wrong is one MirrorError. */

import { REPOSITORY_LIMITS } from "../constants.js";
import { MirrorError } from "../errors.js";

// Control, format-override and surrogate characters, as haac_repo/_text.py has them: they could forge what is shown.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\p{Surrogate}]/u;
const KEYS = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

/** Patterns of texts that paths are made from, or that are compared. */
export const PATTERNS = {
  hex6: [/^[0-9a-f]{6}$/, "6 hex digits"],
  hex16: [/^[0-9a-f]{16}$/, "16 hex digits"],
  hex32: [/^[0-9a-f]{32}$/, "32 hex digits"],
  hex64: [/^[0-9a-f]{64}$/, "64 hex digits"],
  utc: [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, "a time such as 2026-11-23T01:02:03Z"],
};

/**
 * Parse one JSON object: no key twice, no number beyond a double, no half of a surrogate pair.
 *
 * @param {string} text
 * @param {string} what how an error calls it
 * @returns {object}
 * @throws {MirrorError} it is something else
 */
export function jsonObject(text, what) {
  let value;
  let keys = 0;
  try {
    value = JSON.parse(text);
    keys = countKeys(value);
  } catch (error) {
    const reason = error instanceof RangeError ? "nested too deep" : error.message.slice(0, 120);
    throw new MirrorError(`${what} is not readable JSON (${reason})`);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new MirrorError(`${what} is not a JSON object`);
  }
  // JSON.parse takes the last of keys that stand twice, others the first: two readers would see two logs.
  let written = 0;
  for (const found of text.matchAll(KEYS)) written += found[1] === undefined ? 0 : 1;
  if (written !== keys) throw new MirrorError(`${what} is not readable JSON (a key stands twice)`);
  return value;
}

function countKeys(value) {
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error("a number is too large");
  if (typeof value === "string") requireCharacters(value);
  if (value === null || typeof value !== "object") return 0;
  if (Array.isArray(value)) return value.reduce((sum, each) => sum + countKeys(each), 0);
  let count = 0;
  for (const key of Object.keys(value)) {
    requireCharacters(key);
    count += 1 + countKeys(value[key]);
  }
  return count;
}

function requireCharacters(text) {
  if (/\p{Surrogate}/u.test(text)) throw new Error("half of a surrogate pair");
}

/** Validated access to the keys of one JSON object. */
export class Fields {
  /**
   * @param {object} value
   * @param {string} what how an error calls it
   */
  constructor(value, what) {
    this.value = value;
    this.what = what;
  }

  /** Whether the key is there. */
  has(key) {
    return Object.hasOwn(this.value, key);
  }

  /** Its value; undefined if it is not there (and never something of Object.prototype). */
  get(key) {
    return this.has(key) ? this.value[key] : undefined;
  }

  /** Throw a MirrorError that says what was found and what is allowed. */
  fail(key, allowed) {
    const found = this.has(key) ? JSON.stringify(this.value[key]).slice(0, 60) : "missing";
    const seq = this.has("seq") ? ` ${JSON.stringify(this.value.seq).slice(0, 20)}` : "";
    throw new MirrorError(`${this.what}${seq} is malformed: ${key} is ${found}; it must be ${allowed}`);
  }

  /** A whole number from `low` to `high`. */
  number(key, low, high) {
    const value = this.get(key);
    if (!Number.isInteger(value) || value < low || value > high) {
      this.fail(key, `a whole number from ${low} to ${high}`);
    }
    return value;
  }

  /** A string that fits one of PATTERNS. */
  match(key, [pattern, allowed]) {
    const value = this.get(key);
    if (typeof value !== "string" || !pattern.test(value)) this.fail(key, allowed);
    return value;
  }

  /** An optional text for people; "" if it is not there. */
  text(key) {
    if (!this.has(key)) return "";
    const most = REPOSITORY_LIMITS.text_chars;
    if (!isText(this.value[key], most)) {
      this.fail(key, `text of at most ${most} characters, without control characters`);
    }
    return this.value[key];
  }

  /** A list. */
  list(key, optional = false) {
    const value = this.has(key) ? this.value[key] : optional ? [] : undefined;
    if (!Array.isArray(value)) this.fail(key, "a list");
    return value;
  }

  /** The objects of a list, each as Fields. */
  objects(key) {
    return this.list(key).map((value, index) => {
      if (value === null || typeof value !== "object" || Array.isArray(value)) this.fail(key, "a list of objects");
      return new Fields(value, `${this.what}, entry ${index + 1} of ${key},`);
    });
  }

  /** An optional list of words, such as tags. */
  words(key, most) {
    const words = this.list(key, true);
    if (words.length > most) this.fail(key, `at most ${most} ${key}`);
    const chars = REPOSITORY_LIMITS.tag_chars;
    if (!words.every((word) => word !== "" && isText(word, chars) && !word.includes(","))) {
      this.fail(key, `words of 1 to ${chars} characters, without commas`);
    }
    return words;
  }
}

/** Whether it is a text without control characters, of at most `limit` characters (not UTF-16 units). */
function isText(value, limit) {
  if (typeof value !== "string" || UNSAFE.test(value)) return false;
  return value.length <= limit || (value.length <= 2 * limit && [...value].length <= limit);
}
