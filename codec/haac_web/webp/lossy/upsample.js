/**
 * Luma and chroma to RGBA, as libwebp does by default: chroma, of which there is one pixel for four, is interpolated
 * with weights 9:3:3:1, and colours are of ITU-R BT.601, luma from 16 to 235, in fixed point with 14 bits.
 *
 * @param {{y: Plane, u: Plane, v: Plane}} planes
 * @param {number} width Pixels.
 * @param {number} height Pixels.
 * @returns {Uint32Array} RGBA, lowest byte first, opaque.
 */
export function toRgba({ y, u, v }, width, height) {
  const pixels = new Uint32Array(width * height);
  const last = (height - 1) >> 1;
  const us = new Uint8Array(width + 1);
  const vs = new Uint8Array(width + 1);
  for (let row = 0; row < height; row++) {
    const near = row >> 1;
    const far = Math.min(Math.max(row & 1 ? near + 1 : near - 1, 0), last);
    interpolate(u, near, far, width, us);
    interpolate(v, near, far, width, vs);
    const from = y.origin + row * y.stride;
    const to = row * width;
    for (let column = 0; column < width; column++) {
      pixels[to + column] = rgba(y.data[from + column], us[column], vs[column]);
    }
  }
  return pixels;
}

/**
 * One row of chroma at full width: three quarters of the nearer row, one quarter of the other, and likewise of columns.
 */
function interpolate({ data, origin, stride }, nearRow, farRow, width, into) {
  const near = origin + nearRow * stride;
  const far = origin + farRow * stride;
  let nearLeft = data[near];
  let farLeft = data[far];
  into[0] = (3 * nearLeft + farLeft + 2) >> 2;
  const pairs = (width - 1) >> 1;
  for (let column = 1; column <= pairs; column++) {
    const nearRight = data[near + column];
    const farRight = data[far + column];
    // In two steps, as libwebp does: rounding once, (9a + 3b + 3c + d + 8) >> 4, gives other values.
    const sum = nearLeft + nearRight + farLeft + farRight + 8;
    into[2 * column - 1] = (((sum + 2 * (nearRight + farLeft)) >> 3) + nearLeft) >> 1;
    into[2 * column] = (((sum + 2 * (nearLeft + farRight)) >> 3) + nearRight) >> 1;
    nearLeft = nearRight;
    farLeft = farRight;
  }
  if (width % 2 === 0) {
    into[width - 1] = (3 * nearLeft + farLeft + 2) >> 2;
  }
}

function rgba(y, u, v) {
  const luma = (19077 * y) >> 8;
  const red = clip(luma + ((26149 * v) >> 8) - 14234);
  const green = clip(luma - ((6419 * u) >> 8) - ((13320 * v) >> 8) + 8708);
  const blue = clip(luma + ((33050 * u) >> 8) - 17685);
  return 0xff000000 | (blue << 16) | (green << 8) | red;
}

/** Of 14 bits, the upper 8. */
function clip(value) {
  return (value & ~0x3fff) === 0 ? value >> 6 : value < 0 ? 0 : 255;
}
