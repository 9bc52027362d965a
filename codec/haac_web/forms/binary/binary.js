/**
 * Binary form of a recipe: a format byte, then one number (docs/format.md, "Binary form").
 *
 * `codeScene` describes the format once; `rans.js` runs it in either direction. A scene has exactly one binary form:
 * what was decoded is coded again and must come to the same symbols, which are the same number.
 */

import { COMMON_CANVASES, LIMITS, TABLES } from "../../constants.js";
import { RecipeError } from "../../errors.js";
import { codeWash } from "../../wash/bitstream.js";
import { checkWork } from "../../wash/value.js";
import { bytesOf, numberOf } from "../digits.js";
import { makeInline } from "../inline.js";
import { bitLength, Checker, Decoder, Encoder, Table, Uniform } from "../rans.js";
import {
  checkBackground,
  checkScene,
  elementKey,
  elementsOf,
  FULL_TURN,
  inlinesOf,
  makeScene,
} from "../scene.js";
import { codeElements } from "./elements.js";
import { LayerCoder, SimilarLayerCoder, stepped, TURN_STEPS } from "./layer.js";
import { codeCanvas, codeGrid, nearLengths, SIDE } from "./similar.js";

/**
 * The first byte: version 1 of the format and of the renderer. No text begins with it, nor with one that also has the
 * bits below.
 */
export const FORMAT = 0xa1;
const FINGERPRINT = 4; // the repository's fingerprint follows, in two bytes
const INLINE = 8; // inline elements stand before the number
const LIKE = 16; // the elements are similar, not the same

const CANVAS = new Table(TABLES.CANVAS);
const RESERVED = new Table(TABLES.RESERVED); // 1 is kept for a later version
const ANGLE = new Table(TABLES.ANGLE);
const COUNT_ON_WASH = new Table(TABLES.COUNT_ON_WASH);
const [ORDINARY, PARAPHRASE] = ["", "LIKE_"].map((prefix) => ({
  background: new Table(TABLES[`${prefix}BACKGROUND`]),
  count: new Table(TABLES[`${prefix}COUNT`]),
  repeats: new Table(TABLES[`${prefix}REPEATS`]),
  idBits: new Table(TABLES[`${prefix}ID_BITS`]),
}));
const [PLATE, WASH] = [7, 8];
const [WHITE, BLACK] = [0xffffffff, 0x000000ff];

/**
 * Whether a first byte is that of the binary form.
 * @param {number|undefined} byte
 * @returns {boolean}
 */
export function isFormat(byte) {
  return (byte & ~(FINGERPRINT | INLINE | LIKE)) === FORMAT;
}

/**
 * Encodes a scene in the binary form.
 * @param {object} scene
 * @returns {Uint8Array}
 * @throws {RecipeError} outside the limits
 */
export function toBinary(scene) {
  checkScene(scene);
  const encoder = new Encoder();
  codeScene(encoder, scene, inlinesOf(scene));
  const number = bytesOf(encoder.result());
  if (number.length >= LIMITS.recipe_bytes) {
    throw new RecipeError(
      `the recipe has ${number.length + 1} bytes; at most ${LIMITS.recipe_bytes} are allowed: use fewer layers`,
    );
  }
  return Uint8Array.from([...headOf(scene), ...number]);
}

/**
 * Decodes the binary form. Every scene has exactly one.
 * @param {Uint8Array} data
 * @returns {object} the scene
 * @throws {RecipeError} anything else
 */
export function fromBinary(data) {
  if (!isFormat(data[0])) {
    const found = data.length ? `begins with the byte 0x${data[0].toString(16).padStart(2, "0")}` : "is empty";
    throw new RecipeError(
      `this is no recipe that this haac can read: it ${found}; 0xa1 or one of its kind was expected`,
    );
  }
  let start = 1;
  let fingerprint = null;
  if (data[0] & FINGERPRINT) {
    if (data.length < 3) throw new RecipeError("the recipe is damaged: it ends within its fingerprint");
    fingerprint = (data[1] << 8) | data[2];
    start = 3;
  }
  let inlines = [];
  if (data[0] & INLINE) [inlines, start] = readInlines(data, start);
  if (data.length - start >= LIMITS.recipe_bytes) {
    throw new RecipeError(
      `the recipe has ${data.length - start + 1} bytes; at most ${LIMITS.recipe_bytes} are allowed`,
    );
  }
  if (data[start] === 0) throw new RecipeError("the recipe is damaged: its number begins with a zero byte");
  const decoder = new Decoder(numberOf(data.subarray(start)));
  const scene = codeScene(decoder, makeScene(1, 1, Boolean(data[0] & LIKE)), inlines);
  decoder.finish();
  scene.fingerprint = fingerprint;
  checkForm(scene, decoder, data.subarray(0, start));
  return scene;
}

/**
 * Checks that an encoder would write the same; the same symbols are the same number, which would take as long again to
 * make.
 */
function checkForm(scene, decoder, head) {
  checkScene(scene);
  const checker = new Checker();
  codeScene(checker, scene, inlinesOf(scene));
  const same = (found, expected) =>
    found.length === expected.length && found.every((value, n) => value === expected[n]);
  if (!same(checker.picks, decoder.picks) || !same(headOf(scene), head)) {
    throw new RecipeError("the recipe is damaged: the same scene is written otherwise");
  }
  if (scene.background?.kind === "wash") checkWork(scene.background.wash, Math.floor(decoder.bits));
}

/** What stands before the number: in it, every symbol would move all these bytes. */
function headOf(scene) {
  const inlines = inlinesOf(scene);
  const first = FORMAT | (scene.fingerprint !== null ? FINGERPRINT : 0) | (inlines.length ? INLINE : 0);
  const marked = scene.fingerprint === null ? [] : [scene.fingerprint >> 8, scene.fingerprint & 255];
  const parts = [[first | (scene.similar ? LIKE : 0), ...marked]];
  for (const { data } of inlines) parts.push(lengthBytes(data.length), data);
  if (inlines.length) parts.push([0]);
  const head = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    head.set(part, at);
    at += part.length;
  }
  return head;
}

/** Seven bits a byte, the lowest first; the last byte is below 128. */
function lengthBytes(length) {
  const bytes = [];
  let rest = length;
  for (; rest > 127; rest >>= 7) bytes.push((rest & 127) | 128);
  return [...bytes, rest];
}

/** The inline elements from a place on, and where the number begins. */
function readInlines(data, start) {
  const found = [];
  let at = start;
  for (;;) {
    let [length, shift] = [0, 0];
    do {
      if (at >= data.length || shift > 28) {
        throw new RecipeError("the recipe is damaged: it ends among its inline elements");
      }
      length += (data[at] & 127) * 2 ** shift;
      shift += 7;
    } while (data[at++] >= 128);
    if (length === 0) return [found, at];
    if (length > data.length - at) throw new RecipeError("the recipe is damaged: it ends within an inline element");
    if (found.length === LIMITS.inline_elements) {
      throw new RecipeError(
        `the recipe has more inline elements than the ${LIMITS.inline_elements} that are allowed`,
      );
    }
    found.push(makeInline(new Uint8Array(data.subarray(at, at + length))));
    at += length;
  }
}

/** Codes a scene; while decoding, of the scene only `similar` is looked at. The inline elements are given. */
function codeScene(io, scene, inlines) {
  const like = scene.similar;
  const tables = like ? PARAPHRASE : ORDINARY;
  const [width, height] = like ? codeCanvas(io, scene.width, scene.height) : canvas(io, scene);
  const made = makeScene(width, height, like); // refuses a canvas that a wash could not be on
  if (io.pick(RESERVED, () => 0)) {
    throw new RecipeError("the recipe is of a newer version than this haac can read, or damaged");
  }
  const kind = io.pick(tables.background, () => backgroundKind(scene.background));
  const count = io.number(!like && kind === WASH ? COUNT_ON_WASH : tables.count, () => scene.layers.length);
  if (count > LIMITS.layers) {
    throw new RecipeError(`the recipe has ${count} layers; at most ${LIMITS.layers} are allowed`);
  }
  const wanted = scene.layers.map(({ element }) => element);
  const different = () => new Set(wanted.map(elementKey)).size;
  const again = count > 1 ? io.number(tables.repeats, () => count - different()) : 0;
  const fresh = count - again - inlines.length;
  if (fresh < 0 || (count > 0 && fresh + inlines.length === 0)) {
    throw new RecipeError(
      `the recipe is damaged: ${count} layers, ${again} of which repeat an element, and` +
        ` ${inlines.length} inline elements`,
    );
  }
  let bits = 0;
  if (fresh || kind === PLATE) bits = io.pick(tables.idBits, () => bitLength(Math.max(0, ...elementsOf(scene))));
  if (kind === WASH) made.background = { kind: "wash", wash: codeWash(io, width, height, scene.background?.wash) };
  else made.background = codeBackground(io, kind, bits, scene.background);
  const elements = codeElements(io, fresh, again, bits, inlines, wanted);
  const coder =
    like && count
      ? new SimilarLayerCoder(width, height, elements, codeGrid(io, scene.layers))
      : new LayerCoder(width, height, elements);
  for (let n = 0; n < count; n++) made.layers.push(coder.code(io, scene.layers[n]));
  return made;
}

function canvas(io, { width, height }) {
  const symbol = io.pick(CANVAS, () => {
    const place = COMMON_CANVASES.findIndex(([across, down]) => across === width && down === height);
    return place < 0 ? COMMON_CANVASES.length : place;
  });
  if (symbol < COMMON_CANVASES.length) return COMMON_CANVASES[symbol];
  const across = io.number(SIDE, () => width);
  // Most canvases are about as high as wide.
  return [across, io.number(nearLengths(bitLength(across)), () => height)];
}

function codeBackground(io, kind, idBits, given) {
  /** A colour of 32 bits, or of 24 if it is known to be opaque. */
  const colour = (bits, wanted) => {
    const rest = 2 ** (32 - bits);
    return io.pick(new Uniform(2 ** bits), () => Math.floor(wanted() / rest)) * rest + rest - 1;
  };
  let background = null;
  if (kind === 1) background = { kind: "colour", rgba: WHITE };
  else if (kind === 2) background = { kind: "colour", rgba: BLACK };
  else if (kind === 3 || kind === 4) {
    background = { kind: "colour", rgba: colour(kind === 3 ? 24 : 32, () => given.rgba) };
  } else if (kind === 5 || kind === 6) {
    const bits = kind === 5 ? 24 : 32;
    const start = colour(bits, () => given.start);
    const end = colour(bits, () => given.end);
    const angle = stepped(io, ANGLE, TURN_STEPS, FULL_TURN, () => given.angle || FULL_TURN);
    background = { kind: "gradient", start, end, angle: angle % FULL_TURN };
  } else if (kind === PLATE) {
    background = { kind: "plate", element: io.pick(new Uniform(2 ** idBits), () => given.element) };
  }
  checkBackground(background);
  return background;
}

function backgroundKind(background) {
  switch (background?.kind) {
    case "colour":
      if (background.rgba === WHITE) return 1;
      if (background.rgba === BLACK) return 2;
      return (background.rgba & 0xff) === 0xff ? 3 : 4;
    case "gradient":
      return (background.start & background.end & 0xff) === 0xff ? 5 : 6;
    case "plate":
      return PLATE;
    case "wash":
      return WASH;
  }
  return 0;
}
