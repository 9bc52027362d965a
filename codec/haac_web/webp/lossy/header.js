/** The header of a key frame: segments, loop filter, quantiser, probabilities of tokens. */

import { damaged } from "../damaged.js";
import { BoolDecoder } from "./bool_decoder.js";
import { AC_STEPS, COEFFICIENT_PROBABILITIES, DC_STEPS, UPDATE_PROBABILITIES } from "./tables.js";

/** Bytes before the first coded boolean. */
const HEADER = 10;
const SEGMENTS = 4;

/**
 * The size of a lossy picture (RFC 6386, section 9.1).
 *
 * @param {Uint8Array} bytes What is in a chunk `VP8 `.
 * @returns {{width: number, height: number, first: number}} Pixels; bytes of the first partition.
 * @throws {PictureError} It is no whole frame.
 */
export function lossyHeader(bytes) {
  const [a, b, c, ...rest] = bytes.subarray(0, HEADER);
  const start = rest.length === HEADER - 3 && rest[0] === 0x9d && rest[1] === 0x01 && rest[2] === 0x2a;
  // A key frame that is shown, of one of the four profiles.
  if (!start || a & 1 || ((a >> 1) & 7) > 3 || !(a & 16)) {
    throw damaged("it does not begin as a lossy picture does");
  }
  // The two upper bits ask for a scaling that no decoder does.
  const width = (rest[3] | (rest[4] << 8)) & 0x3fff;
  const height = (rest[5] | (rest[6] << 8)) & 0x3fff;
  if (!width || !height) {
    throw damaged("it has no pixels");
  }
  return { width, height, first: (a | (b << 8) | (c << 16)) >> 5 };
}

/**
 * What stands before the macroblocks.
 *
 * @typedef {object} FrameHeader
 * @property {number} width Pixels.
 * @property {number} height Pixels.
 * @property {BoolDecoder} modes Where the modes of macroblocks come from.
 * @property {BoolDecoder[]} partitions Where coefficients come from; rows of macroblocks take turns.
 * @property {Uint8Array | null} segmentProbabilities Of the three decisions which segment a macroblock is in; `null`:
 *   it is 0.
 * @property {Int32Array[]} steps Of each segment: of Y first and other, Y2 first and other, chroma first and other
 *   coefficients.
 * @property {{simple: boolean, strengths: {limit: number, inner: number, variance: number}[]}} filter Of the loop
 *   filter; strengths by twice the segment, plus one where subblocks have their own modes; `limit` 0: none.
 * @property {Uint8Array} probabilities Of tokens.
 * @property {number} skip Probability that a macroblock has coefficients, or -1: all have.
 */

/**
 * Read the header of a key frame (RFC 6386, sections 9 and 19.2).
 *
 * @param {Uint8Array} bytes What is in a chunk `VP8 `.
 * @returns {FrameHeader}
 * @throws {PictureError} Damaged.
 */
export function readHeader(bytes) {
  const { width, height, first } = lossyHeader(bytes);
  if (first > bytes.length - HEADER) {
    throw damaged("its first partition ends too early");
  }
  const modes = new BoolDecoder(bytes.subarray(HEADER, HEADER + first));
  modes.literal(2); // colour space and clamping: not used by decoders of pictures
  const segments = readSegments(modes);
  const filter = readFilter(modes, segments);
  const partitions = readPartitions(bytes.subarray(HEADER + first), 1 << modes.literal(2));
  const steps = readSteps(modes, segments);
  modes.bit(128); // whether probabilities stay for later frames: there are none
  const probabilities = Uint8Array.from(COEFFICIENT_PROBABILITIES, (probability, index) =>
    modes.bit(UPDATE_PROBABILITIES[index]) ? modes.literal(8) : probability,
  );
  const skip = modes.bit(128) ? modes.literal(8) : -1;
  if (modes.ended) {
    throw damaged("its header ends too early");
  }
  const { probabilities: segmentProbabilities } = segments;
  return { width, height, modes, partitions, segmentProbabilities, steps, filter, probabilities, skip };
}

function readSegments(decoder) {
  const none = () => new Array(SEGMENTS).fill(0);
  const segments = { used: false, absolute: true, quantisers: none(), filters: none(), probabilities: null };
  segments.used = decoder.bit(128) === 1;
  if (!segments.used) {
    return segments;
  }
  const updateMap = decoder.bit(128);
  if (decoder.bit(128)) {
    segments.absolute = decoder.bit(128) === 1;
    segments.quantisers = segments.quantisers.map(() => decoder.optional(7));
    segments.filters = segments.filters.map(() => decoder.optional(6));
  }
  if (updateMap) {
    segments.probabilities = new Uint8Array(3).map(() => (decoder.bit(128) ? decoder.literal(8) : 255));
  }
  return segments;
}

/** Strengths of the loop filter (RFC 6386, sections 9.6 and 15.2). */
function readFilter(decoder, segments) {
  const simple = decoder.bit(128) === 1;
  const level = decoder.literal(6);
  const sharpness = decoder.literal(3);
  let [intra, subblocks] = [0, 0];
  if (decoder.bit(128) && decoder.bit(128)) {
    const deltas = Array.from({ length: 8 }, () => decoder.optional(6));
    [intra, , , , subblocks] = deltas; // the others are of predictions from earlier frames
  }
  const strengths = [];
  for (let segment = 0; segment < SEGMENTS; segment++) {
    let base = level;
    if (segments.used) {
      base = segments.filters[segment] + (segments.absolute ? 0 : level);
    }
    // A level of 0 in the header switches the filter off, whatever segments say.
    strengths.push(strength(level && base + intra, sharpness), strength(level && base + intra + subblocks, sharpness));
  }
  return { simple, strengths };
}

function strength(level, sharpness) {
  level = Math.min(Math.max(level, 0), 63);
  if (!level) {
    return { limit: 0, inner: 0, variance: 0 };
  }
  let inner = level;
  if (sharpness) {
    inner = Math.min(level >> (sharpness > 4 ? 2 : 1), 9 - sharpness);
  }
  inner = Math.max(inner, 1);
  return { limit: 2 * level + inner, inner, variance: level >= 40 ? 2 : level >= 15 ? 1 : 0 };
}

function readPartitions(bytes, count) {
  let from = 3 * (count - 1);
  const partitions = [];
  for (let number = 0; number < count; number++) {
    const at = 3 * number;
    const length = number < count - 1 ? bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) : bytes.length;
    partitions.push(new BoolDecoder(bytes.subarray(from, from + length)));
    from = Math.min(from + length, bytes.length);
  }
  if (!partitions.at(-1).bytes.length) {
    throw damaged("its partitions end too early");
  }
  return partitions;
}

/** Steps of the quantiser of each segment (RFC 6386, sections 9.6 and 14.1). */
function readSteps(decoder, segments) {
  const base = decoder.literal(7);
  const [y1First, y2First, y2Other, uvFirst, uvOther] = Array.from({ length: 5 }, () => decoder.optional(4));
  return segments.quantisers.map((own) => {
    const index = segments.used ? own + (segments.absolute ? 0 : base) : base;
    const clipped = (delta, most = 127) => Math.min(Math.max(index + delta, 0), most);
    return Int32Array.of(
      DC_STEPS[clipped(y1First)],
      AC_STEPS[clipped(0)],
      DC_STEPS[clipped(y2First)] * 2,
      Math.max(Math.floor((AC_STEPS[clipped(y2Other)] * 155) / 100), 8),
      DC_STEPS[clipped(uvFirst, 117)],
      AC_STEPS[clipped(uvOther)],
    );
  });
}
