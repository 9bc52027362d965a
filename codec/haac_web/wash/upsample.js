/**
 * Learned 2x upsampler of a wash, a convolutional net in integers (docs/format.md, "Wash", "Net"): it undoes some of
 * the blur and ringing of coarse steps.
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
 * @param {number[][]} layer rows of weights, (row, column, channel) of the window, one number for each output; then
 *   the biases.
 * @param {number} apart how far the inputs are apart.
 * @returns {Int32Array} (y, x, output).
 */
function convolved(values, width, height, channels, layer, apart) {
  const biases = layer[layer.length - 1];
  const outputs = biases.length;
  const blocks = blocksOf(layer);
  const result = new Int32Array(width * height * outputs);
  const window = new Int32Array(9 * channels); // of what is not 0: half of it is
  const places = new Int32Array(9 * channels);
  for (let y = 0; y < height; y++) {
    const rows = [-apart, 0, apart].map((r) => Math.min(height - 1, Math.max(0, y + r)) * width);
    for (let x = 0; x < width; x++) {
      let [count, place] = [0, 0];
      for (const row of rows) {
        for (let s = -apart; s <= apart; s += apart) {
          const from = (row + Math.min(width - 1, Math.max(0, x + s))) * channels;
          for (let at = from; at < from + channels; at++, place += 4) {
            if (values[at] === 0) continue;
            window[count] = values[at];
            places[count++] = place;
          }
        }
      }
      const to = (y * width + x) * outputs;
      for (let n = 0; n < outputs; n += 4) {
        addWindow(window, places, count, blocks, n * window.length, biases, n, result, to + n);
      }
    }
  }
  return result;
}

/** Weights in blocks of four outputs each, (block, place in the window, output). */
function blocksOf(layer) {
  const places = layer.length - 1;
  const outputs = layer[places].length;
  const blocks = new Int32Array(places * outputs);
  for (let place = 0; place < places; place++) {
    for (let n = 0; n < outputs; n++) blocks[(n - (n % 4)) * places + 4 * place + (n % 4)] = layer[place][n];
  }
  return blocks;
}

/** Four outputs of one place. */
function addWindow(window, places, count, blocks, begin, biases, first, result, to) {
  let a = biases[first];
  let b = biases[first + 1];
  let c = biases[first + 2];
  let d = biases[first + 3];
  for (let n = 0; n < count; n++) {
    const value = window[n];
    const k = begin + places[n];
    a = (a + Math.imul(value, blocks[k])) | 0;
    b = (b + Math.imul(value, blocks[k + 1])) | 0;
    c = (c + Math.imul(value, blocks[k + 2])) | 0;
    d = (d + Math.imul(value, blocks[k + 3])) | 0;
  }
  result[to] = a;
  result[to + 1] = b;
  result[to + 2] = c;
  result[to + 3] = d;
}
