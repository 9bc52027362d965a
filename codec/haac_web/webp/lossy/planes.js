/** Planes of a frame: one for each channel. */

/** Bytes on the left and on the right of each row that prediction looks at. */
const MARGIN = 8;

/**
 * One channel of a frame in whole macroblocks, with the pixels around it that prediction takes for granted: 127 above,
 * 129 on the left.
 *
 * @typedef {object} Plane
 * @property {Uint8ClampedArray} data
 * @property {number} origin Where the first pixel is.
 * @property {number} stride From a row to the next.
 */

/**
 * @param {number} columns Pixels.
 * @param {number} rows Pixels.
 * @returns {Plane}
 */
export function makePlane(columns, rows) {
  const stride = columns + 2 * MARGIN;
  const data = new Uint8ClampedArray(stride * (rows + 1));
  data.fill(127, 0, stride);
  const origin = stride + MARGIN;
  for (let row = 0; row < rows; row++) {
    data[origin + row * stride - 1] = 129;
  }
  return { data, origin, stride };
}
