/**
 * Draws scenes beside the page: fetches and decodes elements, renders with haac.js' Renderer, and sends back the pixels
 * that changed.
 *
 * Messages in: {type: "scene", n, scene} (recipe JSON) | {type: "retry"}. Out:
 * {type: "frame", n, width, height, box, pixels, missing, failed: {id: message}} (pixels: RGBA of the box; missing: how
 * many elements are on their way) |
 * {type: "element", key, width, height, alpha} (one byte a pixel) | {type: "error", n, message}.
 */

import { Renderer } from "/web/drawing/renderer.js";
import { decodeInline, decodeWebp } from "/web/webp/decode.js";
import { Converter } from "./convert.js";

/** Decoded elements that are kept, bytes. */
const KEPT = 768 << 20;

/** Elements by what a scene calls them: their id, or the base64 of an inline one. */
class Elements {
  #pictures = new Map();
  #bytes = 0;
  failed = new Map();
  #loading = new Map();

  /** Of haac.js' source. */
  size(ref) {
    const picture = this.get(ref);
    return [picture.width, picture.height];
  }

  /** Of haac.js' source. */
  image(ref) {
    return this.get(ref);
  }

  get(ref) {
    return this.#pictures.get(typeof ref === "number" ? ref : ref.key);
  }

  has(ref) {
    return this.#pictures.has(typeof ref === "number" ? ref : ref.key);
  }

  /** Fetch and decode an element; failures are kept in `failed`. @returns {Promise<void>} */
  load(ref, id) {
    const key = typeof ref === "number" ? ref : ref.key;
    if (!this.#loading.has(key)) {
      this.#loading.set(key, this.#load(ref, id, key).finally(() => this.#loading.delete(key)));
    }
    return this.#loading.get(key);
  }

  async #load(ref, id, key) {
    try {
      const picture = typeof ref === "number" ? decodeWebp(await fetched(id)) : decodeInline(ref);
      this.#pictures.set(key, picture);
      this.#bytes += picture.data.length;
      const alpha = new Uint8Array(picture.width * picture.height);
      for (let i = 0; i < alpha.length; i += 1) alpha[i] = picture.data[4 * i + 3];
      const name = typeof ref === "number" ? id : ref.key;
      postMessage({ type: "element", key: name, width: picture.width, height: picture.height, alpha }, [alpha.buffer]);
    } catch (error) {
      this.failed.set(key, error.message);
    }
  }

  /** Forget pictures that the scene does not need, the oldest first, as soon as there are too many. */
  trim(needed) {
    for (const [key, picture] of this.#pictures) {
      if (this.#bytes <= KEPT) return;
      if (needed.has(key)) continue;
      this.#pictures.delete(key);
      this.#bytes -= picture.data.length;
    }
  }
}

/** Bytes of an element's file. */
async function fetched(id) {
  const response = await fetch(`/api/elements/${encodeURIComponent(id)}/file`, { credentials: "same-origin" });
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  const answer = await response.json().catch(() => ({}));
  throw new Error(answer.error || `element ${id} cannot be fetched: ${response.status}`);
}

const elements = new Elements();
const converter = new Converter();
let renderer = new Renderer(elements);
let shown = null;
let latest = null;

/** What a scene needs: [ref, id] of its layers and its plate. */
function neededBy(scene, json) {
  const needed = scene.layers.map((layer, i) => [layer.element, json.layers[i].element]);
  if (scene.background?.kind === "plate") needed.push([scene.background.element, json.background.element]);
  return needed;
}

/** Draw what there is of a scene. */
function draw({ n, scene: json }, scene, needed) {
  const there = (ref) => elements.has(ref);
  const plate = scene.background?.kind !== "plate" || there(scene.background.element);
  const drawn = {
    ...scene,
    background: plate ? scene.background : null,
    layers: scene.layers.filter((layer) => there(layer.element)),
  };
  const picture = renderer.render(drawn);
  const { width, height } = picture;
  const same = shown && shown.width === width && shown.height === height;
  const box = same ? renderer.changed : [0, 0, width, height];
  shown = { width, height };
  const failed = {};
  const missing = [];
  for (const [ref, id] of needed) {
    const key = typeof ref === "number" ? ref : ref.key;
    if (elements.failed.has(key)) failed[typeof ref === "number" ? id : "inline element"] = elements.failed.get(key);
    else if (!there(ref)) missing.push(id);
  }
  const pixels = box ? cut(picture, box) : new Uint8ClampedArray(0);
  postMessage(
    { type: "frame", n, width: json.width, height: json.height, box, pixels, missing: missing.length, failed },
    [pixels.buffer],
  );
}

/** A copy of a part of a picture. */
function cut({ width, data }, [left, top, right, bottom]) {
  const row = 4 * (right - left);
  const pixels = new Uint8ClampedArray(row * (bottom - top));
  for (let y = top; y < bottom; y += 1) {
    const from = 4 * (y * width + left);
    pixels.set(data.subarray(from, from + row), row * (y - top));
  }
  return pixels;
}

/** Draw a scene now with what there is, and again as its elements come. */
function show(request) {
  latest = request;
  try {
    const scene = converter.scene(request.scene);
    const needed = neededBy(scene, request.scene);
    const wanted = needed.filter(([ref]) => {
      const key = typeof ref === "number" ? ref : ref.key;
      return !elements.has(ref) && !elements.failed.has(key);
    });
    draw(request, scene, needed);
    elements.trim(new Set(needed.map(([ref]) => (typeof ref === "number" ? ref : ref.key))));
    for (const [ref, id] of wanted) elements.load(ref, id).then(again);
  } catch (error) {
    // Whatever it remembers may be half of a picture.
    renderer = new Renderer(elements);
    shown = null;
    postMessage({ type: "error", n: request.n, message: error.message });
  }
}

let waiting = false;

/** Draw the latest scene once more, once for all elements that have come meanwhile. */
function again() {
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    show(latest);
  }, 0);
}

onmessage = ({ data }) => {
  if (data.type === "scene") show(data);
  if (data.type === "retry") {
    elements.failed.clear();
    if (latest) show(latest);
  }
};
