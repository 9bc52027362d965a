/** How near one picture comes to another: PSNR and the share of different pixels. Pure functions, used in a worker. */

/** Levels of a channel, of 255, beyond which a pixel can be counted as different: 6, 10 and 20 per cent. */
export const BOUNDARIES = [16, 25, 51];

/**
 * Compare two pictures of the same size; alpha is flattened on white, as `haac compress` does for its report.
 *
 * @param {Uint8Array|Uint8ClampedArray} a RGBA, straight alpha
 * @param {Uint8Array|Uint8ClampedArray} b the same
 * @returns {{psnr: number, different: Record<number, number>}} psnr in decibels, infinite for equal pictures;
 *   different: for each of `BOUNDARIES` the share (0 to 1) of pixels of which a channel is off by more
 * @throws {RangeError} if their sizes differ
 */
export function compare(a, b) {
  if (a.length !== b.length) throw new RangeError(`pictures of ${a.length} and ${b.length} bytes cannot be compared`);
  const off = new Uint32Array(256);
  let squared = 0;
  for (let i = 0; i < a.length; i += 4) {
    const red = onWhite(a[i], a[i + 3]) - onWhite(b[i], b[i + 3]);
    const green = onWhite(a[i + 1], a[i + 3]) - onWhite(b[i + 1], b[i + 3]);
    const blue = onWhite(a[i + 2], a[i + 3]) - onWhite(b[i + 2], b[i + 3]);
    squared += red * red + green * green + blue * blue;
    off[Math.max(Math.abs(red), Math.abs(green), Math.abs(blue))] += 1;
  }
  const pixels = a.length / 4;
  const beyond = (boundary) => off.subarray(boundary + 1).reduce((sum, count) => sum + count, 0) / pixels;
  return {
    psnr: squared ? 10 * Math.log10((255 ** 2 * 3 * pixels) / squared) : Infinity,
    different: Object.fromEntries(BOUNDARIES.map((boundary) => [boundary, beyond(boundary)])),
  };
}

/**
 * A picture of the differences: the reference in pale grey, what is off beyond the boundary in red, the more the
 * stronger, and what is off less in yellow.
 *
 * @param {Uint8Array|Uint8ClampedArray} made RGBA
 * @param {Uint8Array|Uint8ClampedArray} reference RGBA of the same size
 * @param {number} boundary levels
 * @returns {Uint8ClampedArray} RGBA, opaque
 */
export function differenceMap(made, reference, boundary) {
  const map = new Uint8ClampedArray(made.length);
  for (let i = 0; i < made.length; i += 4) {
    let most = 0;
    let grey = 0;
    for (let c = 0; c < 3; c += 1) {
      const wanted = onWhite(reference[i + c], reference[i + 3]);
      most = Math.max(most, Math.abs(onWhite(made[i + c], made[i + 3]) - wanted));
      grey += wanted;
    }
    const pale = 150 + (grey / 765) * 90;
    const part = most > boundary ? 0.45 + (0.55 * (most - boundary)) / (255 - boundary) : (0.4 * most) / boundary;
    const [red, green, blue] = most > boundary ? [214, 40, 57] : [240, 180, 41];
    map[i] = pale + (red - pale) * part;
    map[i + 1] = pale + (green - pale) * part;
    map[i + 2] = pale + (blue - pale) * part;
    map[i + 3] = 255;
  }
  return map;
}

/** @param {number} level @param {number} alpha @returns {number} the level on white, halves up */
function onWhite(level, alpha) {
  return alpha === 255 ? level : Math.floor((level * alpha + 255 * (255 - alpha)) / 255 + 0.5);
}
