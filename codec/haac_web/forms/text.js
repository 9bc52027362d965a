/** Text form of a recipe: one line of ASCII (docs/format.md, "Text form"). */

import { LIMITS } from "../constants.js";
import { RecipeError } from "../errors.js";
import { readWash, washDigits } from "../wash/text.js";
import { formatId, fromDigits, parseId, shown, SPACE, toDigits } from "./digits.js";
import { makeInline } from "./inline.js";
import { checkBackground, checkScene, elementKey, FLIPS, inlinesOf, isInline, makeLayer, makeScene } from "./scene.js";

export { formatId, parseId } from "./digits.js";

/** Version 1 of the format and of the renderer. */
export const PREFIX = "haac1:";
const LIKE = "like:"; // after the prefix: the elements are similar, not the same
/** Functions of one number: field, and the value that is not written. */
const NUMBERS = new Map([
  ["l", ["brightness", 100]],
  ["k", ["contrast", 100]],
  ["u", ["saturation", 100]],
  ["w", ["width", null]],
  ["h", ["height", null]],
  ["s", ["scale", null]],
  ["r", ["rotation", 0]],
  ["b", ["blur", 0]],
  ["o", ["opacity", 100]],
]);

/**
 * Writes a scene in the text form.
 * @param {object} scene
 * @returns {string}
 * @throws {RecipeError} outside the limits
 */
export function toText(scene) {
  checkScene(scene);
  let head = `${PREFIX}${scene.similar ? LIKE : ""}${hex(scene.width)}x${hex(scene.height)}`;
  if (scene.fingerprint !== null) head += `~${hex(scene.fingerprint, 4)}`;
  const inlines = inlinesOf(scene);
  const places = new Map(inlines.map((inline, n) => [inline.key, n + 1]));
  const text = [
    head + backgroundText(scene),
    ...inlines.map(({ data }) => `=${toDigits(data)}`),
    ...scene.layers.map((layer) => layerText(layer, places)),
  ].join(";");
  if (text.length > LIMITS.text_chars) {
    throw new RecipeError(
      `the recipe has ${text.length} characters; at most ${LIMITS.text_chars} are allowed: use fewer layers`,
    );
  }
  return text;
}

/**
 * Parses the text form. White space anywhere and capitals do not matter, nor does the order of a layer's functions.
 * @param {string} text
 * @returns {object} the scene
 * @throws {RecipeError} malformed, or outside the limits
 */
export function fromText(text) {
  if (text.length > LIMITS.text_chars) {
    throw new RecipeError(`the recipe has ${text.length} characters; at most ${LIMITS.text_chars} are allowed`);
  }
  const [head, ...items] = text.replaceAll(SPACE, "").toLowerCase().split(";");
  if (!head.startsWith(PREFIX)) {
    throw new RecipeError(
      `this is no recipe that this haac can read: it begins with ${shown(head)}, not with '${PREFIX}'`,
    );
  }
  const rest = head.slice(PREFIX.length);
  const similar = rest.startsWith(LIKE);
  const match = /^([0-9a-f]{1,8})x([0-9a-f]{1,8})(?:~([0-9a-f]{4}))?(?::(.*))?$/.exec(
    similar ? rest.slice(LIKE.length) : rest,
  );
  if (!match) {
    throw new RecipeError(
      `${shown(head)} is not '${PREFIX}WIDTHxHEIGHT' or '${PREFIX}${LIKE}WIDTHxHEIGHT', then perhaps '~FINGERPRINT'` +
        " and ':BACKGROUND'",
    );
  }
  const carried = items.filter((item) => item.startsWith("="));
  const layers = items.filter((item) => !item.startsWith("="));
  for (const [name, found, most] of [
    ["layers", layers.length, LIMITS.layers],
    ["inline elements", carried.length, LIMITS.inline_elements],
  ]) {
    if (found > most) throw new RecipeError(`the recipe has ${found} ${name}; at most ${most} are allowed`);
  }
  const [, width, height, fingerprint, background] = match;
  const scene = makeScene(parseInt(width, 16), parseInt(height, 16), similar);
  const inlines = carried.map((item) => makeInline(fromDigits(item.slice(1), "an inline element")));
  scene.fingerprint = fingerprint === undefined ? null : parseInt(fingerprint, 16);
  scene.background = background === undefined ? null : readBackground(background, scene);
  checkBackground(scene.background);
  scene.layers = layers.map((layer) => readLayer(layer, inlines));
  checkScene(scene);
  if (inlinesOf(scene).length !== inlines.length) {
    throw new RecipeError("the recipe is damaged: an inline element stands twice in it, or in no layer");
  }
  return scene;
}

function hex(number, digits = 1) {
  return number.toString(16).padStart(digits, "0");
}

function colourText(rgba) {
  return (rgba & 0xff) === 0xff ? hex(rgba >>> 8, 6) : hex(rgba, 8);
}

function backgroundText({ background, width, height }) {
  switch (background?.kind) {
    case "colour":
      return `:c${colourText(background.rgba)}`;
    case "gradient":
      return `:g${colourText(background.start)},${colourText(background.end)},${hex(background.angle)}`;
    case "plate":
      return `:e${formatId(background.element)}`;
    case "wash":
      return `:w${washDigits(background.wash, width, height)}`;
  }
  return "";
}

function readBackground(text, { width, height }) {
  const kind = text.slice(0, 1);
  const given = text.slice(1).split(",");
  if (kind === "c" && given.length === 1) return { kind: "colour", rgba: readColour(given[0]) };
  if (kind === "g" && given.length === 3) {
    const [start, end] = [readColour(given[0]), readColour(given[1])];
    return { kind: "gradient", start, end, angle: readNumber(given[2]) };
  }
  if (kind === "e" && given.length === 1) return { kind: "plate", element: parseId(given[0]) };
  if (kind === "w" && given.length === 1) return { kind: "wash", wash: readWash(width, height, given[0]) };
  throw new RecipeError(`the background ${shown(text)} is none of cCOLOUR, gSTART,END,ANGLE, eID and wDIGITS`);
}

function readColour(text) {
  if (!/^[0-9a-f]{6}(?:[0-9a-f]{2})?$/.test(text)) {
    throw new RecipeError(`the colour ${shown(text)} is not six or eight hexadecimal digits`);
  }
  return parseInt(text.padEnd(8, "f"), 16);
}

function readNumber(text) {
  if (!/^-?[0-9a-f]{1,8}$/.test(text)) {
    throw new RecipeError(`${shown(text)} is not a hexadecimal number of up to eight digits`);
  }
  return parseInt(text, 16) + 0; // -0 becomes 0
}

function readInline(text, inlines) {
  const place = readNumber(text.slice(1));
  if (place < 1 || place > inlines.length) {
    throw new RecipeError(`${shown(text)} is none of the recipe's ${inlines.length} inline elements`);
  }
  return inlines[place - 1];
}

function layerText(layer, places) {
  const { element, crop, flip, x, y } = layer;
  const parts = [isInline(element) ? `!${hex(places.get(elementKey(element)))}` : formatId(element)];
  if (crop !== null) parts.push(`c${crop.map((edge) => hex(edge)).join(",")}`);
  if (flip) parts.push(`f${flip}`);
  for (const [letter, [name, unsaid]] of NUMBERS) {
    if (layer[name] !== unsaid) parts.push(letter + hex(layer[name]));
  }
  if (x !== 0 || y !== 0) parts.push(`p${hex(x)},${hex(y)}`);
  return parts.join(".");
}

function readLayer(text, inlines) {
  const [id, ...functions] = text.split(".");
  const values = { element: id.startsWith("!") ? readInline(id, inlines) : parseId(id) };
  const said = new Set();
  for (const each of functions) {
    const letter = each.slice(0, 1);
    const given = each.slice(1).split(",");
    if (said.has(letter)) throw new RecipeError(`the layer ${shown(text)} says ${shown(letter)} twice`);
    said.add(letter);
    if (NUMBERS.has(letter) && given.length === 1) {
      values[NUMBERS.get(letter)[0]] = readNumber(given[0]);
    } else if (letter === "p" && given.length === 2) {
      [values.x, values.y] = given.map(readNumber);
    } else if (letter === "c" && given.length === 4) {
      values.crop = given.map(readNumber);
    } else if (letter === "f" && FLIPS.indexOf(each.slice(1)) > 0) {
      values.flip = each.slice(1);
    } else {
      throw new RecipeError(
        `${shown(each)} in the layer ${shown(text)} is no function of a layer; they are cL,T,R,B  fAXES  pX,Y` +
          ` and, with one number, ${[...NUMBERS.keys()].join(" ")}`,
      );
    }
  }
  return makeLayer(values);
}
