/**
 * Steps 2 to 5: crop, flip, brightness, contrast and saturation on straight alpha, premultiply (docs/format.md,
 * "Rendering").
 */

import { blank, premultiply, timesAlpha } from "../pixels/pixels.js";

/**
 * Tone curve: brightness multiplies; contrast then stretches about 128. Halves go up; each step is clipped to 0...255.
 */
function curveOf(brightness, contrast) {
  const curve = new Uint8ClampedArray(256);
  for (let v = 0; v < 256; v++) {
    const bright = Math.min(255, Math.floor((v * brightness + 50) / 100));
    curve[v] = 128 + Math.floor(((bright - 128) * contrast + 50) / 100);
  }
  return curve;
}

/** Distance from grey, -255 to 255, times the saturation; index is the distance + 255. */
function stretchOf(saturation) {
  return Int16Array.from({ length: 511 }, (_, n) => Math.floor(((n - 255) * saturation + 50) / 100));
}

function clip(value) {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/**
 * Read a part of an element as a layer shows it.
 *
 * @param layer its flip, brightness, contrast and saturation.
 * @param {Pixels} image straight alpha.
 * @param {number[]} cut the box that is read, within the image.
 * @returns {Pixels} premultiplied, of the size of the box.
 */
export function prepare(layer, image, cut) {
  const width = cut[2] - cut[0];
  const height = cut[3] - cut[1];
  const result = blank(width, height);
  const mirrored = layer.flip.includes("h");
  const upsideDown = layer.flip.includes("v");
  for (let y = 0; y < height; y++) {
    const from = (cut[1] + (upsideDown ? height - 1 - y : y)) * image.width + cut[0];
    const row = result.words.subarray(y * width, (y + 1) * width);
    row.set(image.words.subarray(from, from + width));
    if (mirrored) row.reverse();
  }
  const curved = layer.brightness !== 100 || layer.contrast !== 100;
  if (layer.saturation !== 100) saturate(result, curveOf(layer.brightness, layer.contrast), layer.saturation);
  else if (curved) adjust(result, curveOf(layer.brightness, layer.contrast));
  else premultiply(result);
  return result;
}

function adjust({ data, words }, curve) {
  for (let n = 0; n < words.length; n++) {
    const alpha = words[n] >>> 24;
    if (alpha === 0) {
      words[n] = 0;
      continue;
    }
    const at = 4 * n;
    data[at] = timesAlpha(curve[data[at]], alpha);
    data[at + 1] = timesAlpha(curve[data[at + 1]], alpha);
    data[at + 2] = timesAlpha(curve[data[at + 2]], alpha);
  }
}

function saturate({ data, words }, curve, saturation) {
  const stretch = stretchOf(saturation);
  for (let n = 0; n < words.length; n++) {
    const alpha = words[n] >>> 24;
    if (alpha === 0) {
      words[n] = 0;
      continue;
    }
    const at = 4 * n;
    const red = curve[data[at]];
    const green = curve[data[at + 1]];
    const blue = curve[data[at + 2]];
    // Luma of ITU-R BT.601 in steps of 2^-16.
    const grey = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
    data[at] = timesAlpha(clip(grey + stretch[red - grey + 255]), alpha);
    data[at + 1] = timesAlpha(clip(grey + stretch[green - grey + 255]), alpha);
    data[at + 2] = timesAlpha(clip(grey + stretch[blue - grey + 255]), alpha);
  }
}
