/** What one can do with the selected layers, by toolbar, keys and inspector alike. Each is one undo step. */

import { frameBounds, frameOf, union } from "./canvas/geometry.js";
import { mirrored, moved, rotatedAbout, wrapped } from "./canvas/transforms.js";
import { newKey } from "./scene.js";

/** How far a copy is put beside its original, pixels. */
const BESIDE = 16;

/** Arrow keys within this time are one step, milliseconds. */
const TOGETHER = 900;

/** Marks layers on the clipboard. */
const CLIPBOARD = "haac-layers-1";

/** @param {number} count */
const layersOf = (count) => (count === 1 ? "layer" : `${count} layers`);

/** Commands of a page; `app.commands`. */
export class Commands {
  #clipboard = null;
  #nudges = { at: 0, n: 0 };

  /** @param {import("./app.js").App} app with `document`, `stage`, `announce` */
  constructor(app) {
    this.app = app;
    this.document = app.document;
  }

  get #stage() {
    return this.app.stage;
  }

  /** Selected layers that may be changed. */
  #free() {
    return this.document.selected.filter((layer) => !layer.locked);
  }

  #keys() {
    return this.#free().map((layer) => layer.key);
  }

  /** Say why nothing happens. @returns {boolean} whether there is a layer to change */
  #some() {
    if (this.#free().length) return true;
    this.app.announce(this.document.selection.size ? "The selected layers are locked" : "No layer is selected");
    return false;
  }

  remove(label = "Delete") {
    if (!this.#some()) return;
    const gone = new Set(this.#keys());
    this.document.apply(`${label} ${layersOf(gone.size)}`, (scene) => ({
      ...scene,
      layers: scene.layers.filter((layer) => !gone.has(layer.key)),
    }));
    this.app.announce(`${gone.size} ${gone.size === 1 ? "layer" : "layers"} removed`);
  }

  duplicate() {
    if (this.document.selected.length) this.#insert(this.document.selected, "Duplicate");
  }

  /** Copies of layers, above the topmost of the selected ones, a little beside. */
  #insert(layers, label) {
    const made = layers.map((layer) => ({ ...layer, ...moved(layer, BESIDE, BESIDE), key: newKey(), locked: false }));
    const { selection } = this.document;
    this.document.apply(`${label} ${layersOf(made.length)}`, (scene) => {
      const top = scene.layers.findLastIndex((layer) => selection.has(layer.key));
      const at = top < 0 ? scene.layers.length : top + 1;
      return { ...scene, layers: scene.layers.toSpliced(at, 0, ...made) };
    }, { select: made.map((layer) => layer.key) });
    this.app.announce(`${label}: ${made.length} ${made.length === 1 ? "layer" : "layers"}`);
  }

  /** For the system's clipboard. @returns {string|null} text that `paste` understands; null: nothing is selected */
  copy() {
    if (!this.document.selected.length) return null;
    this.#clipboard = JSON.stringify({ [CLIPBOARD]: this.document.selected });
    this.app.announce(`${this.document.selected.length} copied`);
    return this.#clipboard;
  }

  cut() {
    const text = this.#some() ? this.copy() : null;
    if (text) this.remove("Cut");
    return text;
  }

  /** @param {string} text of the clipboard; layers that were copied here, if it is something else */
  paste(text) {
    const layers = layersFrom(text) ?? layersFrom(this.#clipboard);
    if (layers) this.#insert(layers, "Paste");
    return Boolean(layers);
  }

  selectAll() {
    const { layers } = this.document.scene;
    this.document.select(layers.filter((layer) => !layer.locked && !layer.hidden).map((layer) => layer.key));
  }

  /** @param {number} dx @param {number} dy pixels */
  nudge(dx, dy) {
    if (!this.document.selection.size) return;
    if (!this.#some()) return;
    const now = performance.now();
    if (now - this.#nudges.at > TOGETHER) this.#nudges.n += 1;
    this.#nudges.at = now;
    this.document.change("Move", this.#keys(), (layer) => moved(layer, dx, dy), { merge: `nudge ${this.#nudges.n}` });
    const [layer] = this.#free();
    this.app.announce(`${layer.x}, ${layer.y}`);
  }

  /** Move in the order of layers. @param {"forward"|"backward"|"front"|"back"} where */
  order(where) {
    if (!this.#some()) return;
    const chosen = new Set(this.#keys());
    const label = { forward: "Bring forward", backward: "Send backward", front: "To the front", back: "To the back" };
    this.document.apply(label[where], (scene) => {
      const layers = reordered(scene.layers, chosen, where);
      return layers.every((layer, i) => layer === scene.layers[i]) ? scene : { ...scene, layers };
    });
    const { layers } = this.document.scene;
    const at = layers.findIndex((layer) => chosen.has(layer.key));
    this.app.announce(`Layer ${layers.length - at} of ${layers.length} from the front`);
  }

  /** Mirror what is selected, each layer in its place. @param {"h"|"v"} axis */
  mirror(axis) {
    if (!this.#some()) return;
    this.document.change(axis === "h" ? "Mirror left and right" : "Mirror top and bottom", this.#keys(),
      (layer) => mirrored(layer, axis));
  }

  /** @param {number} by quarter degrees, counter-clockwise */
  rotate(by) {
    if (!this.#some()) return;
    const box = this.#stage.selectedBox();
    const single = this.#free().length === 1 || !box;
    const centre = box && [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    this.document.change("Rotate", this.#keys(), (layer) => {
      const own = this.#stage.picture.size(layer.element);
      return single || !own ? { rotation: wrapped(layer.rotation + by) } : rotatedAbout(layer, own, centre, by);
    });
    this.app.announce(`${this.#free()[0].rotation / 4} degrees`);
  }

  /** Hide or show. @param {Iterable<string>} [keys] the selected layers if not said */
  toggleHidden(keys = this.document.selection) {
    this.#toggle("hidden", keys, "Hide", "Show");
  }

  /** Lock or unlock. @param {Iterable<string>} [keys] the selected layers if not said */
  toggleLocked(keys = this.document.selection) {
    this.#toggle("locked", keys, "Lock", "Unlock");
  }

  #toggle(field, keys, on, off) {
    const layers = [...keys].map((key) => this.document.layer(key)).filter(Boolean);
    if (!layers.length) return;
    const value = !layers.every((layer) => layer[field]);
    const label = `${value ? on : off} ${layersOf(layers.length)}`;
    this.document.change(label, layers.map((layer) => layer.key), () => ({ [field]: value }));
    this.app.announce(label);
  }

  /**
   * Align with the canvas; several layers with each other.
   *
   * @param {"left"|"centre"|"right"|"top"|"middle"|"bottom"} side
   */
  align(side) {
    if (!this.#some()) return;
    const own = (layer) => this.#stage.picture.size(layer.element);
    const layers = this.#free().filter(own);
    const boxes = new Map(layers.map((layer) => [layer.key, frameBounds(frameOf(layer, own(layer)))]));
    const { width, height } = this.document.scene;
    const target = layers.length > 1 ? union([...boxes.values()]) : [0, 0, width, height];
    const shift = (box) => {
      const far = target.map((value, i) => value - box[i]);
      return {
        left: [far[0], 0],
        centre: [(far[0] + far[2]) / 2, 0],
        right: [far[2], 0],
        top: [0, far[1]],
        middle: [0, (far[1] + far[3]) / 2],
        bottom: [0, far[3]],
      }[side];
    };
    this.document.change(`Align ${side}`, boxes.keys(), (layer) => moved(layer, ...shift(boxes.get(layer.key))));
  }

  /** The selected layer's element becomes the background, stretched over the canvas. */
  asBackground() {
    const [layer] = this.document.selected;
    if (!layer || typeof layer.element !== "string") return;
    this.document.apply("Use as background", (scene) => ({
      ...scene,
      background: { kind: "plate", element: layer.element },
      layers: scene.layers.filter((other) => other.key !== layer.key),
    }));
  }

  toggleCrop() {
    const [layer] = this.document.selected;
    if (!this.#stage.cropping && (!layer || this.document.selection.size !== 1)) {
      this.app.announce("Select one layer to crop it");
      return;
    }
    this.#stage.crop(this.#stage.cropping ? null : layer.key);
  }
}

/** @param {string|null} text @returns {object[]|null} layers, if it has some */
function layersFrom(text) {
  if (!text?.includes(CLIPBOARD)) return null;
  try {
    const layers = JSON.parse(text)[CLIPBOARD];
    return Array.isArray(layers) && layers.length ? layers : null;
  } catch {
    return null;
  }
}

/**
 * Layers in another order; the chosen ones keep theirs among each other.
 *
 * @param {object[]} layers back to front
 * @param {Set<string>} chosen keys
 * @param {"forward"|"backward"|"front"|"back"} where
 */
export function reordered(layers, chosen, where) {
  const moving = layers.filter((layer) => chosen.has(layer.key));
  const others = layers.filter((layer) => !chosen.has(layer.key));
  if (where === "front") return [...others, ...moving];
  if (where === "back") return [...moving, ...others];
  const made = where === "forward" ? layers.toReversed() : [...layers];
  for (let i = 1; i < made.length; i += 1) {
    if (chosen.has(made[i].key) && !chosen.has(made[i - 1].key)) [made[i - 1], made[i]] = [made[i], made[i - 1]];
  }
  return where === "forward" ? made.toReversed() : made;
}
