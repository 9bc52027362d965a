/** Conformance: recipes to draw, or hostile inputs to read, from Python; `test_conformance.py` and `test_hostile.py` compare. */

import { HaacError, decodeWebp, draw, elementsOf, hashPixels, readRecipe, toText } from "../../../codec/haac_web/haac.js";

/** What a slow engine may take for one case before it is named, milliseconds; at its best of three, for a busy machine pauses any. */
const SLOW = 5000;

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

export async function run(load) {
  const cases = JSON.parse(new TextDecoder().decode(await load("cases.json")));
  if (cases.hostile) return read(cases.hostile);
  const elements = new Map();
  for (const name of cases.elements) elements.set(elements.size + 1, decodeWebp(await load(name)));
  return drawn(cases.recipes, elements);
}

/** The pixel hash of each recipe, read from both of its forms. */
async function drawn(recipes, elements) {
  const hashes = [];
  for (const { binary, text } of recipes) {
    const scene = readRecipe(bytesOf(binary));
    if (toText(scene) !== text || toText(readRecipe(text)) !== text) {
      hashes.push("text and binary form disagree");
      continue;
    }
    const needed = elementsOf(scene).map((number) => [number, elements.get(((number - 1) % elements.size) + 1)]);
    hashes.push(await hashPixels(await draw(scene, { elements: new Map(needed) })));
  }
  return hashes;
}

/** Of each input the text form, or an empty string if it was refused with an error of ours; as short hashes, to compare many. */
function read(hostile) {
  const verdicts = [];
  const slow = [];
  const wrong = [];
  for (const [n, data] of hostile.entries()) {
    let verdict = "";
    for (let attempt = 1; attempt <= 3; attempt++) {
      const started = performance.now();
      try {
        verdict = toText(readRecipe(bytesOf(data)));
      } catch (error) {
        if (!(error instanceof HaacError) || !error.message || error.message.length >= 500) wrong.push(`${n}: ${error}`);
      }
      if (performance.now() - started <= SLOW) break;
      if (attempt === 3) slow.push(n);
    }
    verdicts.push(fnv(verdict));
  }
  return { verdicts, slow, wrong: wrong.slice(0, 20) };
}

/** FNV-1a, 32 bits, of ASCII. Source: Fowler, Noll, Vo (1991). */
function fnv(text) {
  let hash = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193) >>> 0;
  return hash;
}
