/** Lossy pictures: the chunk `VP8 `. */

import { damaged } from "../damaged.js";
import { CoefficientReader } from "./coefficients.js";
import { readHeader } from "./header.js";
import { filterFrame } from "./loop_filter.js";
import { ModeReader } from "./modes.js";
import { makePlane } from "./planes.js";
import { predictBlock, SubblockPredictor } from "./predict.js";
import { addResidue } from "./residue.js";
import { toRgba } from "./upsample.js";

/**
 * Decode a lossy picture: a key frame of VP8 (RFC 6386).
 *
 * @param {Uint8Array} bytes What is in a chunk `VP8 `; its size is to be checked before.
 * @returns {Uint32Array} RGBA, lowest byte first, opaque, a row after the other.
 * @throws {PictureError} Damaged.
 */
export function decodeLossy(bytes) {
  const header = readHeader(bytes);
  const { width, height, filter } = header;
  const columns = (width + 15) >> 4;
  const rows = (height + 15) >> 4;
  const planes = {
    y: makePlane(columns * 16, rows * 16),
    u: makePlane(columns * 8, rows * 8),
    v: makePlane(columns * 8, rows * 8),
  };
  const kinds = decodeMacroblocks(header, planes, columns, rows);
  if (filter.strengths.some(({ limit }) => limit)) {
    filterFrame(planes, columns, rows, filter, kinds);
  }
  return toRgba(planes, width, height);
}

/** All pixels before the loop filter; what that needs to know of each macroblock. */
function decodeMacroblocks(header, planes, columns, rows) {
  const modes = new ModeReader(header);
  const coefficients = new CoefficientReader(header);
  const subblocks = new SubblockPredictor();
  const kinds = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    const partition = header.partitions[row % header.partitions.length];
    modes.startRow();
    coefficients.startRow();
    for (let column = 0; column < columns; column++) {
      modes.read(column);
      const { segment, split } = modes;
      let any = false;
      if (modes.skip) {
        coefficients.skip(column, split);
      } else {
        any = coefficients.read(partition, column, split, segment);
      }
      if (modes.decoder.ended || partition.ended) {
        throw damaged("its coefficients end too early");
      }
      kinds[row * columns + column] = (segment << 2) | (split ? 2 : 0) | (split || any ? 1 : 0);
      drawLuma(planes.y, column, row, columns, modes, coefficients, subblocks);
      drawChroma(planes.u, column, row, modes.chroma, coefficients, 16);
      drawChroma(planes.v, column, row, modes.chroma, coefficients, 20);
    }
  }
  return kinds;
}

function drawLuma({ data, origin, stride }, column, row, columns, modes, { values, counts }, subblocks) {
  const first = origin + (row * stride + column) * 16;
  if (!modes.split) {
    predictBlock(data, first, stride, 16, modes.luma, row > 0, column > 0);
  } else if (column === columns - 1 && row) {
    // On the right of the last macroblock, there is nothing; its last pixel stands for it.
    data.fill(data[first - stride + 15], first - stride + 16, first - stride + 20);
  }
  for (let block = 0; block < 16; block++) {
    const at = first + (block >> 2) * 4 * stride + (block & 3) * 4;
    if (modes.split) {
      // Pixels on the right of the macroblock are there only above it.
      const right = (block & 3) === 3 ? first - stride + 16 : at - stride + 4;
      subblocks.predict(data, at, stride, modes.subblocks[block], right);
    }
    if (counts[block]) {
      addResidue(values, block * 16, counts[block], data, at, stride);
    }
  }
}

function drawChroma({ data, origin, stride }, column, row, mode, { values, counts }, from) {
  const first = origin + (row * stride + column) * 8;
  predictBlock(data, first, stride, 8, mode, row > 0, column > 0);
  for (let index = 0; index < 4; index++) {
    const block = from + index;
    if (counts[block]) {
      addResidue(values, block * 16, counts[block], data, first + (index >> 1) * 4 * stride + (index & 1) * 4, stride);
    }
  }
}
