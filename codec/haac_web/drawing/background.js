/** Step 1: the canvas with its background (docs/format.md, "Rendering"). */

import { blank, pixelsOf, unpremultiply } from "../pixels/pixels.js";
import { washPicture } from "../wash/picture.js";
import { cos, sin } from "./boxes.js";
import { drawLayer } from "./layer.js";
import { plateLayer } from "./work.js";

/**
 * Draw the background alone.
 *
 * @param {Scene} scene
 * @param {ElementSource} source
 * @returns {Pixels} of the canvas' size, straight alpha.
 */
export function drawBackground(scene, source) {
  const { width, height, background } = scene;
  switch (background?.kind) {
    case "colour":
      return filled(width, height, background.rgba);
    case "gradient":
      return gradient(width, height, background);
    case "plate": {
      const { image } = drawLayer(plateLayer(scene), pixelsOf(source.image(background.element)), [0, 0, width, height]);
      unpremultiply(image);
      return image;
    }
    case "wash":
      return pixelsOf(washPicture(background.wash, [width, height]));
    default:
      return blank(width, height);
  }
}

/** 0xRRGGBBAA as the four bytes in memory, in one word. */
function wordOf(rgba) {
  return ((rgba >>> 24) | ((rgba >>> 8) & 0xff00) | ((rgba << 8) & 0xff0000) | (rgba << 24)) >>> 0;
}

function filled(width, height, rgba) {
  const canvas = blank(width, height);
  canvas.words.fill(wordOf(rgba));
  return canvas;
}

/** A pixel's position along the direction, between the two corners farthest apart in it, mixes the colours. */
function gradient(width, height, { start, end, angle }) {
  const canvas = blank(width, height);
  const across = cos(angle);
  const down = -sin(angle);
  const reach = width * Math.abs(across) + height * Math.abs(down);
  for (let channel = 0; channel < 4; channel++) {
    const first = (start >>> (24 - 8 * channel)) & 255;
    const last = (end >>> (24 - 8 * channel)) & 255;
    // Everything stays below 2^42, where doubles are exact and their quotients round to no whole number that they do
    // not reach.
    const step = (2 * across * (last - first)) / (2 * reach);
    for (let y = 0; y < height; y++) {
      let at = 4 * y * width + channel;
      const begin = (1 - width) * across + reach + (2 * y + 1 - height) * down;
      if (step === 0) {
        const value = Math.floor((first * (2 * reach - begin) + last * begin + reach) / (2 * reach));
        for (let x = 0; x < width; x++, at += 4) canvas.data[at] = value;
        continue;
      }
      for (let x = 0; x < width; x++, at += 4) {
        const place = begin + 2 * x * across;
        canvas.data[at] = Math.floor((first * (2 * reach - place) + last * place + reach) / (2 * reach));
      }
    }
  }
  return canvas;
}
