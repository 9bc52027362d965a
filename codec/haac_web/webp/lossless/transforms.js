/** Transforms of lossless pictures, undone: prediction, cross-colour, green, palette. */

import { damaged } from "../damaged.js";
import { tilesOf } from "./groups.js";
import { decodeImage } from "./image.js";
import { add, BLACK, PREDICTORS } from "./predictors.js";

/** Kinds of transforms (RFC 9649, section 3.5). */
const PREDICTOR = 0;
const CROSS_COLOUR = 1;
const SUBTRACT_GREEN = 2;
const COLOUR_INDEXING = 3;

/**
 * A transform as it was read, in the order of the encoder.
 *
 * @typedef {object} Transform
 * @property {number} kind
 * @property {number} width Of its pixels; what was coded of an indexed picture is narrower.
 * @property {number} [bits] Tiles are 2^bits pixels wide and high; of indexed pictures, 2^bits pixels stand in one.
 * @property {Int32Array} [data] Of each tile; or the palette, filled up with transparent black.
 */

/**
 * Read the transforms of a picture.
 *
 * @param {import("./bits.js").BitReader} reader
 * @param {number} width Pixels.
 * @param {number} height Pixels.
 * @returns {{transforms: Transform[], width: number}} `width`: of the picture that is coded.
 * @throws {PictureError} Damaged.
 */
export function readTransforms(reader, width, height) {
  const transforms = [];
  while (reader.read(1)) {
    const kind = reader.read(2);
    if (transforms.some((earlier) => earlier.kind === kind)) {
      throw damaged("it has a transform twice");
    }
    const transform = { kind, width, bits: 0, data: null };
    if (kind === PREDICTOR || kind === CROSS_COLOUR) {
      transform.bits = reader.read(3) + 2;
      transform.data = decodeImage(reader, tilesOf(width, transform.bits), tilesOf(height, transform.bits), false);
    } else if (kind === COLOUR_INDEXING) {
      const colours = reader.read(8) + 1;
      transform.bits = colours > 16 ? 0 : colours > 4 ? 1 : colours > 2 ? 2 : 3;
      transform.data = readPalette(reader, colours);
      width = tilesOf(width, transform.bits);
    }
    transforms.push(transform);
  }
  return { transforms, width };
}

/**
 * @param {Transform[]} transforms
 * @returns {boolean} The picture has a palette, and nothing else was done to it.
 */
export function isIndexed(transforms) {
  return transforms.length === 1 && transforms[0].kind === COLOUR_INDEXING;
}

/** A palette, each colour coded as its difference to the one before. */
function readPalette(reader, colours) {
  const palette = new Int32Array(256);
  palette.set(decodeImage(reader, colours, 1, false));
  for (let index = 1; index < colours; index++) {
    palette[index] = add(palette[index], palette[index - 1]);
  }
  return palette;
}

/**
 * Undo the transforms.
 *
 * @param {Int32Array} pixels ARGB as coded; may be changed.
 * @param {Transform[]} transforms In the order of the encoder.
 * @param {number} height Rows.
 * @returns {Int32Array} ARGB.
 */
export function undoTransforms(pixels, transforms, height) {
  for (const transform of [...transforms].reverse()) {
    switch (transform.kind) {
      case PREDICTOR:
        undoPrediction(pixels, transform, height);
        break;
      case CROSS_COLOUR:
        undoCrossColour(pixels, transform, height);
        break;
      case SUBTRACT_GREEN:
        addGreen(pixels);
        break;
      default:
        pixels = undoIndexing(pixels, transform, height);
    }
  }
  return pixels;
}

function undoPrediction(pixels, { width, bits, data }, height) {
  const columns = tilesOf(width, bits);
  pixels[0] = add(pixels[0], BLACK);
  PREDICTORS[1](pixels, 1, width, width);
  for (let y = 1; y < height; y++) {
    const row = y * width;
    // The first pixel of a row is predicted by that above.
    pixels[row] = add(pixels[row], pixels[row - width]);
    const tile = (y >> bits) * columns;
    for (let column = 0; column < columns; column++) {
      const from = Math.max(column << bits, 1);
      const until = Math.min((column + 1) << bits, width);
      // 14 and 15 are not used; decoders treat them as 0.
      const kind = (data[tile + column] >>> 8) & 15;
      PREDICTORS[kind > 13 ? 0 : kind](pixels, row + from, row + until, width);
    }
  }
}

function undoCrossColour(pixels, { width, bits, data }, height) {
  const columns = tilesOf(width, bits);
  for (let y = 0; y < height; y++) {
    const tile = (y >> bits) * columns;
    for (let column = 0; column < columns; column++) {
      const factors = data[tile + column];
      // Signed bytes.
      const greenToRed = (factors << 24) >> 24;
      const greenToBlue = (factors << 16) >> 24;
      const redToBlue = (factors << 8) >> 24;
      const until = y * width + Math.min((column + 1) << bits, width);
      for (let at = y * width + (column << bits); at < until; at++) {
        const pixel = pixels[at];
        const green = (pixel << 16) >> 24;
        const red = (pixel >> 16) + ((greenToRed * green) >> 5);
        const blue = pixel + ((greenToBlue * green) >> 5) + ((redToBlue * ((red << 24) >> 24)) >> 5);
        pixels[at] = (pixel & 0xff00ff00) | ((red & 255) << 16) | (blue & 255);
      }
    }
  }
}

function addGreen(pixels) {
  for (let at = 0; at < pixels.length; at++) {
    const pixel = pixels[at];
    const green = (pixel >>> 8) & 255;
    pixels[at] = (pixel & 0xff00ff00) | (((pixel & 0x00ff00ff) + ((green << 16) | green)) & 0x00ff00ff);
  }
}

/** Colours instead of numbers, which stand in green; of small palettes, several numbers stand in one pixel. */
function undoIndexing(coded, { width, bits, data }, height) {
  if (!bits) {
    for (let at = 0; at < coded.length; at++) {
      coded[at] = data[(coded[at] >>> 8) & 255];
    }
    return coded;
  }
  const pixels = new Int32Array(width * height);
  const size = 8 >> bits; // bits of a number
  const mask = (1 << size) - 1;
  const last = (1 << bits) - 1;
  let from = 0;
  let at = 0;
  for (let y = 0; y < height; y++) {
    let word = 0;
    for (let x = 0; x < width; x++) {
      word = x & last ? word >> size : (coded[from++] >>> 8) & 255;
      pixels[at++] = data[word & mask];
    }
  }
  return pixels;
}
