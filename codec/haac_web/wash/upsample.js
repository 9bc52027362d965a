/**
 * Learned 2x upsampler of a wash, a convolutional net in integers (docs/format.md, "Wash", "Net"): it undoes some of the blur and
 * ringing of coarse steps.
 *
 * Activations have 16 bits, and the weights of an output add up to less than 2^12, so that sums have 32 bits at most.
 */

import tables from "./tables.js";

/**
 * Run the net: the colour channels at twice the size.
 *
 * @param {Float64Array[]} planes three, width * height samples each, 1/64 of a level.
 * @param {number} width
 * @param {number} height
 * @param {number} step of the finest band's quantiser, 1/64 of a level.
 * @returns {Float64Array[]} three, 2 width * 2 height samples each, 1/64 of a level.
 */
export function upsample(planes, width, height, step) {
  const count = width * height;
  const values = new Int32Array(3 * count);
  const alone = planes.map((plane, c) => {
    const single = new Int32Array(count);
    for (let n = 0; n < count; n++) {
      single[n] = values[3 * n + c] = Math.min(32767, Math.max(-32768, Math.floor((64 * plane[n]) / step)));
    }
    return convolved(single, width, height, 1, tables["net 0"], 1);
  });
  const first = rectified(convolved(values, width, height, 3, tables["net 1"], 1));
  const second = rectified(convolved(first, width, height, 16, tables["net 2"], 2));
  const third = convolved(second, width, height, 16, tables["net 3"], 1);
  return alone.map((cells, c) => {
    const drawn = new Float64Array(4 * count);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const n = y * width + x;
        for (let cell = 0; cell < 4; cell++) {
          const sum = third[12 * n + 4 * c + cell] + cells[4 * n + cell];
          const at = (2 * y + (cell >> 1)) * 2 * width + 2 * x + (cell & 1);
          drawn[at] = Math.floor((sum * step + 4096) / 8192);
        }
      }
    }
    return drawn;
  });
}

/** In place. */
function rectified(values) {
  for (let n = 0; n < values.length; n++) values[n] = Math.min(32767, Math.max(0, (values[n] + 64) >> 7));
  return values;
}

/**
 * 3x3 convolution with a dilation, its edge repeated.
 *
 * @param {Int32Array} values (y, x, channel).
 * @param {number[][]} layer rows of weights, (row, column, channel) of the window, one number for each output; then the biases.
 * @param {number} apart how far the inputs are apart.
 * @returns {Int32Array} (y, x, output).
 */
function convolved(values, width, height, channels, layer, apart) {
  const biases = layer[layer.length - 1];
  const outputs = biases.length;
  const weights = Int32Array.from(layer.slice(0, -1).flat());
  const result = new Int32Array(width * height * outputs);
  const sums = new Int32Array(outputs);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      sums.set(biases);
      let k = 0;
      for (let r = -apart; r <= apart; r += apart) {
        const row = Math.min(height - 1, Math.max(0, y + r)) * width;
        for (let s = -apart; s <= apart; s += apart) {
          const from = (row + Math.min(width - 1, Math.max(0, x + s))) * channels;
          for (let at = from; at < from + channels; at++, k += outputs) {
            const value = values[at];
            if (value === 0) continue;
            for (let n = 0; n < outputs; n++) sums[n] += Math.imul(value, weights[k + n]);
          }
        }
      }
      result.set(sums, (y * width + x) * outputs);
    }
  }
  return result;
}
