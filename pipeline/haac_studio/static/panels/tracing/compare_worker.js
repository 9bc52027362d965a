/** Worker that compares the canvas with the reference picture, so that dragging stays smooth. */

import { compare, differenceMap } from "./compare.js";

let reference = null;
let loaded = "";

self.addEventListener("message", async ({ data: { number, made, url, boundary } }) => {
  try {
    const { width, height } = made;
    const pixels = flattened(made);
    const wanted = `${url} ${width} ${height}`;
    if (wanted !== loaded) {
      reference = flattened(await fetched(url), width, height);
      loaded = wanted;
    }
    const map = boundary ? differenceMap(pixels, reference, boundary) : null;
    self.postMessage({ number, width, height, map, ...compare(pixels, reference) }, map ? [map.buffer] : []);
  } catch (error) {
    self.postMessage({ number, error: error.message });
  }
});

/** A picture's pixels on white, brought to a size. @returns {Uint8ClampedArray} RGBA */
function flattened(bitmap, width = bitmap.width, height = bitmap.height) {
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, width, height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return pen.getImageData(0, 0, width, height).data;
}

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error("The reference picture is no longer there: choose it again");
  return createImageBitmap(await answer.blob(), { colorSpaceConversion: "none" });
}
