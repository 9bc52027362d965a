/** Where the renderer has its elements from: files and pictures in memory, decoded when they are needed. */

import { ElementError, PictureError } from "./errors.js";
import { formatId } from "./forms/text.js";
import { decodeInline, decodeWebp, webpSize } from "./webp/decode.js";

/** Bytes of decoded elements that are remembered, as in Python. */
const KEPT = 256 * 2 ** 20;

/**
 * Elements for `render`: those that were given, and those that a scene brings along.
 *
 * An element that was drawn lately is not decoded again.
 */
export class Sources {
  #given = new Map();
  #sizes = new Map();
  #decoded = new Map();
  #kept = 0;

  /**
   * Give an element.
   *
   * @param {number} number Of the element.
   * @param {Uint8Array|ArrayBuffer|Picture|ImageData} element A WebP file, or its pixels.
   * @throws {PictureError} It is no WebP file, or has not as many pixels as it says.
   * @throws {ElementError} It has another size than was expected.
   */
  add(number, element) {
    const bytes = bytesOf(element);
    const { width, height } = bytes ? webpSize(bytes) : checkedPicture(element, number);
    const expected = this.#sizes.get(number);
    if (expected && (expected[0] !== width || expected[1] !== height)) {
      throw new ElementError(
        `element ${formatId(number)} is a picture of ${width}x${height} pixels, its record says ${expected.join("x")}`,
      );
    }
    this.#sizes.set(number, [width, height]);
    this.#given.set(number, bytes ?? element);
  }

  /**
   * Say the size of an element before it is given.
   *
   * @param {number} number
   * @param {[number, number]} size Width and height.
   */
  expect(number, size) {
    this.#sizes.set(number, size);
  }

  /**
   * @param {number|Inline} element
   * @returns {boolean} Its pixels are here.
   */
  has(element) {
    return typeof element !== "number" || this.#given.has(element);
  }

  /**
   * @param {number|Inline} element
   * @returns {[number, number]} Width and height in pixels, without decoding.
   * @throws {ElementError} It was not given.
   */
  size(element) {
    if (typeof element !== "number") {
      return [element.width, element.height];
    }
    return this.#sizes.get(element) ?? missing(element);
  }

  /**
   * @param {number|Inline} element
   * @returns {Picture}
   * @throws {ElementError} It was not given.
   * @throws {PictureError} It is damaged.
   */
  image(element) {
    const key = typeof element === "number" ? element : element.key;
    const known = this.#decoded.get(key);
    if (known) {
      this.#decoded.delete(key); // it becomes the latest
      this.#decoded.set(key, known);
      return known;
    }
    const picture = this.#decode(element);
    this.#decoded.set(key, picture);
    this.#kept += picture.data.length;
    for (const [oldest, { data }] of this.#decoded) {
      if (this.#kept <= KEPT || oldest === key) {
        break;
      }
      this.#decoded.delete(oldest);
      this.#kept -= data.length;
    }
    return picture;
  }

  #decode(element) {
    if (typeof element !== "number") {
      return decodeInline(element);
    }
    const given = this.#given.get(element) ?? missing(element);
    return given instanceof Uint8Array ? decodeWebp(given) : given;
  }
}

/**
 * @param {*} value
 * @returns {Uint8Array|null} The bytes, if it is a buffer of bytes; of any window or frame of the page.
 */
export function bytesOf(value) {
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  return Object.prototype.toString.call(value) === "[object ArrayBuffer]" ? new Uint8Array(value) : null;
}

function checkedPicture(picture, number) {
  const { width, height, data } = picture ?? {};
  if (!(width > 0 && height > 0 && data?.length === 4 * width * height)) {
    throw new PictureError(
      `element ${formatId(number)} is neither a WebP file nor a picture with width, height and four bytes a pixel`,
    );
  }
  return picture;
}

function missing(number) {
  throw new ElementError(
    `element ${formatId(number)} was not given: it must be among the elements, or in the repository`,
  );
}
