/**
 * The renderer for many scenes that differ little, as an editor shows them: it remembers drawn layers, and the
 * composite of those beneath the lowest one that changed, and composes nothing but the box that changed. Its pixels
 * are those of `render`.
 */

import { checkScene, elementKey, layerSize } from "../forms/scene.js";
import { blank, pixelsOf } from "../pixels/pixels.js";
import { drawBackground } from "./background.js";
import { area, grown, isEmpty, moved, outline, overlap, union } from "./boxes.js";
import { compose } from "./compose.js";
import { drawLayer, seenOf, visibleBox } from "./layer.js";
import { blurMargin } from "./plan.js";
import { pictureOf } from "./render.js";
import { checkWork } from "./work.js";

/** What of a layer its pixels depend on, beside its element. Opacity and position come later. */
const LOOK = ["flip", "brightness", "contrast", "saturation", "width", "height", "scale", "rotation", "blur"];

const CACHE_BYTES = 256 * 2 ** 20;

/** Pixels: layers that are larger than the canvas by more than this are not drawn whole. */
const WHOLE = 2 ** 20;

/** Draws one scene after the other, sharing what they have in common. */
export class Renderer {
  #source;
  #cacheBytes;
  #drawn = new Map();
  #held = 0;
  #scene = null;
  #boxes = [];
  #background = null;
  #canvas = null;
  #base = null;
  #changed = null;

  /**
   * @param {ElementSource} source as of `render`. An element must not change; call `forget` if one did.
   * @param {{cacheBytes?: number}} [options] bytes of drawn layers to remember, beside three canvases.
   */
  constructor(source, { cacheBytes = CACHE_BYTES } = {}) {
    this.#source = source;
    this.#cacheBytes = cacheBytes;
  }

  /** The box [left, top, right, bottom] in which the last picture may differ from the one before; null: nowhere. */
  get changed() {
    return this.#changed;
  }

  /** Forget everything that was drawn. */
  forget() {
    this.#drawn.clear();
    this.#held = 0;
    this.#scene = this.#background = this.#canvas = this.#base = null;
  }

  /**
   * Render a scene.
   *
   * @param {Scene} scene not changed afterwards, nor are its layers: they are compared with those of the next one.
   * @returns {Picture} as of `render`. Its memory is that of the next one, too, as long as the canvas keeps its size.
   * @throws {RecipeError} outside the limits.
   * @throws {ElementError} an element cannot be had.
   */
  render(scene) {
    checkScene(scene);
    checkWork(scene, (element) => this.#source.size(element));
    const boxes = scene.layers.map((layer) => visibleBox(layer, this.#source.size(layer.element), scene));
    const before = this.#scene;
    const boxesBefore = this.#boxes;
    this.#scene = null; // an error in between leaves a canvas that is neither
    const kept = before !== null && sameBackground(before, scene);
    const changed = kept ? this.#update(before, boxesBefore, scene, boxes) : this.#begin(scene, boxes);
    this.#changed = isEmpty(changed) ? null : changed;
    this.#scene = { ...scene, layers: [...scene.layers] };
    this.#boxes = boxes;
    return pictureOf(this.#canvas);
  }

  /** Draw everything. */
  #begin(scene, boxes) {
    this.#background = drawBackground(scene, this.#source);
    this.#base = null;
    const { width, height, words } = this.#background;
    if (this.#canvas?.width !== width || this.#canvas.height !== height) this.#canvas = blank(width, height);
    this.#canvas.words.set(words);
    const whole = [0, 0, width, height];
    scene.layers.forEach((layer, n) => this.#compose(this.#canvas, layer, boxes[n], whole));
    return whole;
  }

  /** Draw what differs; returns its box. */
  #update(before, boxesBefore, scene, boxes) {
    const { layers } = scene;
    const shorter = Math.min(layers.length, before.layers.length);
    let first = 0;
    while (first < shorter && sameLayer(layers[first], before.layers[first])) first++;
    let after = 0;
    while (after < shorter - first && sameLayer(layers.at(-1 - after), before.layers.at(-1 - after))) after++;
    const dirty = [
      ...boxesBefore.slice(first, boxesBefore.length - after),
      ...boxes.slice(first, boxes.length - after),
    ].reduce((all, box) => (box === null ? all : union(all, box)), [0, 0, 0, 0]);
    if (isEmpty(dirty)) return dirty;
    const beneath = this.#beneath(before, scene, boxes, first);
    if (beneath !== this.#canvas) copyBox(beneath, this.#canvas, dirty);
    for (let n = first; n < layers.length; n++) this.#compose(this.#canvas, layers[n], boxes[n], dirty);
    return dirty;
  }

  /** The composite of the first layers of a scene, which are those of the scene before, too. */
  #beneath(before, scene, boxes, count) {
    if (count === 0) return this.#background;
    if (count === before.layers.length) return this.#canvas;
    const layers = scene.layers.slice(0, count);
    const base = this.#base;
    const begun =
      base !== null && base.layers.length <= count && base.layers.every((layer, n) => sameLayer(layer, layers[n]));
    const pixels = base?.pixels ?? blank(scene.width, scene.height);
    if (!begun) pixels.words.set(this.#background.words);
    this.#base = null;
    const whole = [0, 0, scene.width, scene.height];
    for (let n = begun ? base.layers.length : 0; n < count; n++) this.#compose(pixels, layers[n], boxes[n], whole);
    this.#base = { layers, pixels };
    return pixels;
  }

  #compose(canvas, layer, box, within) {
    if (box === null || layer.opacity === 0) return;
    const shown = overlap(box, within);
    if (isEmpty(shown)) return;
    const { image, x, y } = this.#pixelsOf(layer, box, canvas);
    compose(canvas, image, x + layer.x, y + layer.y, layer.opacity, shown);
  }

  /** The drawn pixels of a layer, of all of `box` at least. */
  #pixelsOf(layer, box, canvas) {
    const key = lookOf(layer);
    const needed = moved(box, -layer.x, -layer.y);
    const known = this.#drawn.get(key);
    if (known) this.#drop(key, known);
    if (known && holds(known.covered, needed)) {
      this.#keep(key, known);
      return known;
    }
    const covered = this.#coveredOf(layer, needed, canvas, known !== undefined);
    const drawn = { ...drawLayer(layer, pixelsOf(this.#source.image(layer.element)), covered), covered };
    this.#keep(key, drawn);
    return drawn;
  }

  /**
   * What of a layer is drawn: all of it, if that is little more than what is needed, or if it was moved before and is
   * not large.
   */
  #coveredOf(layer, needed, canvas, wasMoved) {
    const size = layerSize(layer, ...this.#source.size(layer.element));
    const whole = grown(outline(...size, layer.rotation), blurMargin(layer.blur));
    const pixels = canvas.width * canvas.height;
    if (area(whole) <= pixels + WHOLE && (wasMoved || area(whole) <= 4 * area(needed))) return whole;
    const margin = wasMoved && pixels <= 4 * WHOLE ? Math.ceil(Math.max(canvas.width, canvas.height) / 2) : 0;
    return overlap(whole, grown(seenOf(layer, canvas), margin));
  }

  #keep(key, drawn) {
    this.#drawn.set(key, drawn);
    this.#held += drawn.image.data.length;
    for (const [oldest, other] of this.#drawn) {
      if (this.#held <= this.#cacheBytes) break;
      this.#drop(oldest, other);
    }
  }

  #drop(key, drawn) {
    this.#drawn.delete(key);
    this.#held -= drawn.image.data.length;
  }
}

function holds(outer, inner) {
  return outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3];
}

function copyBox(from, to, [left, top, right, bottom]) {
  for (let y = top; y < bottom; y++) {
    const row = y * from.width;
    to.words.set(from.words.subarray(row + left, row + right), row + left);
  }
}

function lookOf(layer) {
  return [elementKey(layer.element), layer.crop?.join() ?? "", ...LOOK.map((name) => layer[name])].join(";");
}

function sameLayer(a, b) {
  if (a === b) return true;
  return a.x === b.x && a.y === b.y && a.opacity === b.opacity && lookOf(a) === lookOf(b);
}

function sameBackground(a, b) {
  if (a.width !== b.width || a.height !== b.height) return false;
  const [one, other] = [a.background, b.background];
  if (one === other) return true;
  if (one === null || other === null || one.kind !== other.kind) return false;
  if (one.kind === "wash") return sameWash(one.wash, other.wash);
  return ["rgba", "start", "end", "angle", "element"].every((name) => one[name] === other[name]);
}

function sameWash(a, b) {
  return (
    a === b ||
    (a.width === b.width &&
      a.height === b.height &&
      a.step === b.step &&
      a.channels.length === b.channels.length &&
      a.channels.every((channel, c) => sameValues(channel, b.channels[c])))
  );
}

function sameValues(a, b) {
  return a.length === b.length && a.every((value, n) => value === b[n]);
}
