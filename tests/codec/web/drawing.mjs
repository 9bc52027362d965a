/** The renderer: draws, checks and edits what `test_drawing.py` asks for. */

import { render } from "../../../codec/haac_web/drawing/render.js";
import { Renderer } from "../../../codec/haac_web/drawing/renderer.js";
import { checkWork, layerWork } from "../../../codec/haac_web/drawing/work.js";
import { HaacError } from "../../../codec/haac_web/errors.js";
import { decodeBlur, washPicture } from "../../../codec/haac_web/wash/picture.js";
import { cosines } from "../../../codec/haac_web/wash/synthesis.js";

export async function run(load) {
  const request = JSON.parse(new TextDecoder().decode(await load("request.json")));
  const pixels = await load("pixels.bin");
  const source = sourceOf(request.elements, pixels);
  const found = [];
  for (const { kind, value } of request.cases) {
    try {
      found.push(await ANSWERS[kind](value, source));
    } catch (error) {
      if (!(error instanceof HaacError)) throw error;
      found.push({ error: error.message, name: error.name });
    }
  }
  return found;
}

/** Elements are known by number or key: their size, and where their pixels begin, if they have any. */
function sourceOf(elements, pixels) {
  const pictures = new Map();
  const found = (ref) => elements[typeof ref === "number" ? ref : ref.key];
  return {
    size: (ref) => found(ref).size,
    image: (ref) => {
      const { size, at } = found(ref);
      if (at === null) throw new Error(`element ${ref} is decoded`);
      if (!pictures.has(at)) {
        const [width, height] = size;
        pictures.set(at, { width, height, data: pixels.subarray(at, at + 4 * width * height) });
      }
      return pictures.get(at);
    },
  };
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function washOf({ width, height, step, channels }) {
  const values = channels.map((text) => new Int16Array(bytesOf(text).buffer));
  return { width, height, step, channels: values };
}

function sceneOf(plain) {
  const scene = structuredClone(plain);
  if (scene.background?.kind === "wash") scene.background.wash = washOf(scene.background.wash);
  const inlines = new Map();
  for (const layer of scene.layers) {
    if (typeof layer.element === "number") continue;
    const { key, data } = layer.element;
    if (!inlines.has(key)) inlines.set(key, { ...layer.element, data: bytesOf(data) });
    layer.element = inlines.get(key);
  }
  return scene;
}

async function hashOf({ width, height, data }) {
  const whole = new Uint8Array(8 + data.length);
  new DataView(whole.buffer).setUint32(0, width);
  new DataView(whole.buffer).setUint32(4, height);
  whole.set(data, 8);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const ANSWERS = {
  render: (scene, source) => hashOf(render(sceneOf(scene), source)),
  check: (plain, source) => {
    const scene = sceneOf(plain);
    checkWork(scene, source.size);
    return scene.layers.map((layer) => layerWork(layer, source.size(layer.element), [scene.width, scene.height]));
  },
  wash: ({ wash, size }) => hashOf(washPicture(washOf(wash), size)),
  blur: ({ text, size }) => hashOf(decodeBlur(text, size)),
  cosines: (size) => cosines(size),
  edits: ({ scenes, cacheBytes }, source) => edited(scenes.map(sceneOf), source, cacheBytes),
};

/**
 * Scenes through one Renderer: of each, whether it is what `render` draws, and differs only where the Renderer says so.
 */
function edited(scenes, source, cacheBytes) {
  const renderer = new Renderer(source, { cacheBytes });
  let before = null;
  return scenes.map((scene) => {
    let picture;
    try {
      picture = renderer.render(scene);
    } catch (error) {
      if (!(error instanceof HaacError)) throw error;
      before = null;
      return error.message;
    }
    const expected = render(scene, source);
    if (!sameWithin(picture, expected, null)) return "other pixels";
    const { width, height, data } = picture;
    if (before?.width === width && before.height === height && !sameWithin(before, picture, renderer.changed)) {
      return "changed elsewhere";
    }
    before = { width, height, data: data.slice() };
    return "same";
  });
}

/** Whether two pictures have the same pixels, but for those in a box. */
function sameWithin(a, b, box) {
  if (a.width !== b.width || a.height !== b.height) return false;
  const [left, top, right, bottom] = box ?? [0, 0, 0, 0];
  for (let at = 0; at < a.data.length; at++) {
    if (a.data[at] === b.data[at]) continue;
    const x = (at >> 2) % a.width;
    const y = Math.floor((at >> 2) / a.width);
    if (x < left || x >= right || y < top || y >= bottom) return false;
  }
  return true;
}
