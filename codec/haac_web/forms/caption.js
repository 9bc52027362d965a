/**
 * Captions: what `haac explain` says of a recipe, as alternative text. Of a paraphrase, the photograph that it tells,
 * in a sentence, and that it is similar, not the same; of any other recipe, its scene in plain English.
 */

import { RecipeError } from "../errors.js";
import { formatId, SPACE } from "./digits.js";
import { explain } from "./explain.js";
import { elementKey, isInline, layerSize, SIMILAR } from "./scene.js";

/** Elements that a caption names at most; of more, the largest. */
const TOLD = 6;
/** Times that an element is shown, up to which each place is told. */
const PLACED = 3;
/** Of the canvas, what of the box of a layer is on it: from, from, below. */
const [FILLS, LARGE, SMALL] = [0.75, 0.2, 0.03];
const NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/** Last words of names without an article, for which there is no rule. */
const UNCOUNTED = new Set(
  (
    "bread clothing corn fire fog food foliage furniture grass hay ice lightning rain rice sand seaweed smoke snow" +
    " water wheat wood cattle children feet geese men mice people teeth women"
  ).split(" "),
);
/** Words that end with an s and are no plural: bus, iris, glass, gas. */
const SINGULAR = /(?:[aiosu]s|lens|series|species)$/;
/** Names that need no article before them. */
const SAID = /^(?:an?|the|some|my|our|two|three|four|five|six|many|several) /iu;
/** Names that are nothing but words: of what has digits in it, nobody knows. */
const WORDS = /^[\p{L}\p{Nl}\p{No}_][\p{L}\p{Nl}\p{No}_ '-]*$/u;
/** Beginnings that are written with a vowel and not spoken with one: euro, one, unicorn, utensil. */
const CONSONANT = /^(?:eu|ewe|on(?:e(?![\p{L}\p{N}_])|ce)|u(?:ku|ni(?!n|m)|ra|s[aeu]|te|to))/iu;
const VOWEL = /^(?:[aeiou]|heir|honest|honou?r|hour)/iu;

/**
 * Describes a scene in plain English.
 * @param {object} scene
 * @param {(number: number) => string|{name: string, width?: number, height?: number}|null|undefined} wordsOf name of
 *   an element of the repository in the catalog, by its number, perhaps with its size in pixels; nothing or an empty
 *   name if it has none
 * @returns {string} of a paraphrase, two lines, the second one saying what it is; else a line for the canvas and each
 *   layer
 */
export function caption(scene, wordsOf = () => "") {
  if (!scene.similar) return explain(scene, (number) => nameOf(wordsOf, number));
  return `${photograph(scene, wordsOf)}\n${SIMILAR[0].toUpperCase()}${SIMILAR.slice(1)}.`;
}

function nameOf(wordsOf, number) {
  const words = wordsOf(number);
  return (typeof words === "string" ? words : words?.name) ?? "";
}

function sizeOf(wordsOf, number) {
  const words = wordsOf(number);
  return words?.width && words?.height ? [words.width, words.height] : null;
}

/**
 * Describes the photograph that a paraphrase tells, front to back, in one sentence.
 * @param {object} scene
 * @param {(number: number) => string|object|null|undefined} wordsOf as of `caption`; without a size, the place of an
 *   element is not told where a layer says no size
 * @returns {string}
 */
export function photograph(scene, wordsOf = () => "") {
  const shown = shownIn(scene, wordsOf);
  const largest = [...shown.keys()].sort((a, b) => areaOf(shown[b]) - areaOf(shown[a]) || a - b);
  const kept = largest.slice(0, TOLD).sort((a, b) => a - b);
  const told = kept.map((n) => shown[n]);
  let apart = false;
  let text = "";
  told.forEach((each, n) => {
    if (n && covers(told[n - 1], each)) text += ", in front of ";
    else if (n) [text, apart] = [`${text}; `, true];
    text += tell(each);
  });
  const others = shown.length - told.length;
  if (others) [text, apart] = [`${text}; and ${counted(others)} more`, true];
  return `A photograph of ${text}${behind(scene, wordsOf, text, apart)}.`;
}

/** The elements of the layers, from the front on: {phrase, inline, layers: [place in the order of layers, box]}. */
function shownIn(scene, wordsOf) {
  const found = new Map();
  for (let z = scene.layers.length - 1; z >= 0; z--) {
    const layer = scene.layers[z];
    const { element } = layer;
    const inline = isInline(element);
    const size = inline ? [element.width, element.height] : sizeOf(wordsOf, element);
    const key = elementKey(element);
    if (!found.has(key)) {
      const phrase = inline ? "a piece of the picture itself" : like(element, wordsOf);
      found.set(key, { phrase, inline, layers: [] });
    }
    found.get(key).layers.push([z, boxOf(scene, layer, size)]);
  }
  return [...found.values()];
}

/** An element by the name it stands for, with its id: 'a dog (7k2)', or 'element 7k2'. */
function like(element, wordsOf) {
  const name = nameOf(wordsOf, element).replaceAll("_", " ").split(SPACE).filter(Boolean).join(" ");
  return name ? `${withArticle(name)} (${formatId(element)})` : `element ${formatId(element)}`;
}

/**
 * A name with 'a' or 'an' before it, where English has one.
 * @param {string} name
 * @returns {string}
 */
export function withArticle(name) {
  if (SAID.test(plainly(name)) || !WORDS.test(name)) return name;
  const head = name.split(/ (?:of|in|on|with|at|for|from) /)[0].toLowerCase().split(SPACE).filter(Boolean).at(-1);
  if (UNCOUNTED.has(head) || (head.endsWith("s") && !SINGULAR.test(head))) return name;
  const plain = plainly(name.normalize("NFD")); // accents apart: an éclair
  return `${VOWEL.test(plain) && !CONSONANT.test(plain) ? "an" : "a"} ${name}`;
}

/** Turkish letters, which Python's patterns take for an i. */
function plainly(name) {
  return name.replace(/[\u0130\u0131]/g, "i");
}

/**
 * The part of a layer's box, turned, that is on the canvas; in parts of the canvas, and all 0 if there is none; null:
 * unknown.
 */
function boxOf(scene, layer, size) {
  let [width, height] = [layer.width, layer.height];
  if (width === null || height === null) {
    if (!size) return null;
    try {
      [width, height] = layerSize(layer, ...size);
    } catch (error) {
      if (error instanceof RecipeError) return null;
      throw error;
    }
  }
  const angle = (layer.rotation / 4) * (Math.PI / 180);
  const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
  const [across, down] = [(width * cos + height * sin) / 2, (width * sin + height * cos) / 2];
  const [x, y] = [layer.x + width / 2, layer.y + height / 2];
  const [left, top] = [Math.max(0, (x - across) / scene.width), Math.max(0, (y - down) / scene.height)];
  const [right, bottom] = [Math.min(1, (x + across) / scene.width), Math.min(1, (y + down) / scene.height)];
  return left < right && top < bottom ? [left, top, right, bottom] : [0, 0, 0, 0];
}

function area([left, top, right, bottom]) {
  return (right - left) * (bottom - top);
}

function areaOf({ layers }) {
  return layers.reduce((total, [, box]) => total + (box ? area(box) : 0), 0);
}

/** Whether one layer of the first is above one of the second, and their boxes meet. */
function covers(front, back) {
  const meet = (a, b) =>
    Math.max(a[0], b[0]) < Math.min(a[2], b[2]) && Math.max(a[1], b[1]) < Math.min(a[3], b[3]);
  return front.layers.some(([z, a]) => back.layers.some(([under, b]) => z > under && a && b && meet(a, b)));
}

function tell({ phrase, inline, layers }) {
  const places = layers.map(([, box]) => placeOf(box));
  const count = places.length;
  if (count === 1) {
    const text = inline ? phrase : `something like ${phrase}`;
    return places[0] ? `${text}, ${places[0]}` : text;
  }
  const text = `${counted(count)} ${inline ? "times" : "things like"} ${phrase}`;
  if (count > PLACED || !places.every(Boolean)) return text;
  if (new Set(places).size === 1) return `${text}, ${count === 2 ? "both" : "all"} ${places[0]}`;
  const parts = places.map((place) => `one ${place}`);
  return `${text}, ${parts.slice(0, -1).join(", ")}, and ${parts.at(-1)}`;
}

function counted(count) {
  return NUMBERS[count] ?? String(count);
}

/** Where it is and how large, in words; empty if that is not known. */
function placeOf(box) {
  if (!box) return "";
  const size = area(box);
  if (size === 0) return "outside the picture";
  if (size >= FILLS) return "filling the picture";
  const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const across = x < 1 / 3 ? "left" : x > 2 / 3 ? "right" : "";
  const down = y < 1 / 3 ? "top" : y > 2 / 3 ? "bottom" : "";
  const side = across ? `on the ${across}` : "in the middle";
  const where = down ? `at the ${down} ${across}`.trimEnd() : side;
  return where + (size >= LARGE ? ", large" : size < SMALL ? ", small" : "");
}

/** What is behind all layers, as the end of the sentence. */
function behind({ background }, wordsOf, before, apart) {
  let plate;
  switch (background?.kind) {
    case "plate":
      plate = `something like ${like(background.element, wordsOf)}`;
      break;
    case "wash":
      return "; the rest in rough colours only";
    case "colour":
      plate = "a plain colour";
      break;
    case "gradient":
      plate = "a plain gradient";
      break;
    default:
      return "";
  }
  if (!before) return plate;
  return apart ? `; all in front of ${plate}` : `, in front of ${plate}`;
}
