/** The scene that is edited: its state, selection and history. Whatever shows or changes it goes through here. */

import { History } from "./history.js";
import { EMPTY_SCENE, complete, layerSize, newKey, newLayer, recipeOf } from "./scene.js";

/**
 * A scene as the server's JSON has it. Treat it as immutable: make a changed copy and give it to `apply`.
 *
 * @typedef {object} SceneJson
 * @property {number} width canvas, pixels
 * @property {number} height canvas, pixels
 * @property {number|null} fingerprint of the repository
 * @property {boolean} similar whether the elements are only like what the picture shows
 * @property {object|null} background {kind: "colour", rgba} | {kind: "gradient", start, end, angle} |
 *   {kind: "plate", element} | {kind: "wash", digits}
 * @property {object[]} layers back to front: fields of docs/format.md; of the editor `key`, `name`, `hidden`, `locked`
 */

/**
 * Events (plain `Event`s; read the new state off the document): "scene", "selection", "forms", "reference", "history".
 *
 * "scene" has `label`, and `gesture` (a drag goes on; more will come).
 */
export class SceneDocument extends EventTarget {
  /** @param {SceneJson} [scene] */
  constructor(scene = EMPTY_SCENE, label = "Opened") {
    super();
    this.history = new History(complete(scene), label);
    this.selection = new Set();
    this.forms = null;
    this.formsError = null;
    this.reference = null;
    /** Name of the file that it was opened from or saved to, without a folder; null if there is none. */
    this.name = null;
  }

  /** @returns {SceneJson} the present scene, with hidden layers and the editor's own keys */
  get scene() {
    return this.history.present.scene;
  }

  /** @returns {SceneJson} the present scene as a recipe has it: what is hidden is left out, and the editor's keys */
  get recipe() {
    return recipeOf(this.scene);
  }

  /** @returns {object[]} the selected layers, back to front */
  get selected() {
    return this.scene.layers.filter((layer) => this.selection.has(layer.key));
  }

  /** @param {string} key @returns {object|undefined} the layer with this key */
  layer(key) {
    return this.scene.layers.find((layer) => layer.key === key);
  }

  /**
   * Change the scene: one undo step.
   *
   * @param {string} label what was done, as the history list says it
   * @param {(scene: SceneJson) => SceneJson} change a pure function; giving back the same scene changes nothing
   * @param {object} [options]
   * @param {string} [options.merge] consecutive steps with the same merge key are one (drags, typing)
   * @param {boolean} [options.gesture] a drag goes on
   * @param {Iterable<string>} [options.select] keys to select afterwards
   */
  apply(label, change, { merge = null, gesture = false, select } = {}) {
    const before = this.scene;
    const after = complete(change(before));
    if (select) this.selection = new Set(select);
    this.#keepSelection(after);
    if (after !== before) {
      this.history.push({ label, scene: after, selection: this.selection, merge });
      this.#emit("scene", { label, gesture });
      this.#emit("history");
    }
    if (select || after !== before) this.#emit("selection");
  }

  /**
   * Change layers by their keys; the others keep their identity.
   *
   * @param {string} label
   * @param {Iterable<string>} keys
   * @param {(layer: object) => object} change gives the fields that change (or the layer itself for none)
   * @param {object} [options] as of `apply`
   */
  change(label, keys, change, options) {
    const wanted = new Set(keys);
    this.apply(label, (scene) => {
      let changed = false;
      const layers = scene.layers.map((layer) => {
        if (!wanted.has(layer.key)) return layer;
        const fields = change(layer);
        if (Object.keys(fields).every((name) => Object.is(fields[name], layer[name]))) return layer;
        changed = true;
        return { ...layer, ...fields };
      });
      return changed ? { ...scene, layers } : scene;
    }, options);
  }

  /** End a gesture: what comes next is a step of its own, whatever its merge key. */
  endGesture() {
    this.history.seal();
    this.#emit("scene", { label: this.history.present.label, gesture: false });
  }

  /** Break a gesture off: its step never was. @param {string} merge its merge key */
  cancelGesture(merge) {
    if (!this.history.drop(merge)) return;
    this.#keepSelection(this.scene);
    this.#emit("scene", { label: this.history.present.label, gesture: false });
    this.#emit("history");
    this.#emit("selection");
  }

  get canUndo() {
    return this.history.canUndo;
  }

  get canRedo() {
    return this.history.canRedo;
  }

  undo() {
    return this.goTo(this.history.index - 1);
  }

  redo() {
    return this.goTo(this.history.index + 1);
  }

  /**
   * Go to any state of the history.
   *
   * @param {number} index 0 is the first one
   * @returns {boolean} whether there is such a state
   */
  goTo(index) {
    const entry = this.history.go(index);
    if (!entry) return false;
    this.selection = new Set(entry.selection);
    this.#keepSelection(entry.scene);
    this.#emit("scene", { label: entry.label, gesture: false });
    this.#emit("history");
    this.#emit("selection");
    return true;
  }

  /**
   * Show another scene, as one undo step.
   *
   * @param {SceneJson} scene
   * @param {string} label
   */
  replace(scene, label) {
    this.apply(label, () => scene, { select: [] });
  }

  /**
   * Begin again: another scene, and no history.
   *
   * @param {SceneJson} scene
   * @param {string} [label]
   * @param {string|null} [name] of its file
   */
  open(scene, label = "Opened", name = null) {
    this.history.clear(complete(scene), label);
    this.selection = new Set();
    this.name = name;
    this.#emit("scene", { label, gesture: false });
    this.#emit("history");
    this.#emit("selection");
  }

  /** @param {Iterable<string>} keys the layers that are selected from now on */
  select(keys) {
    const after = new Set(keys);
    if (after.size === this.selection.size && [...after].every((key) => this.selection.has(key))) return;
    this.selection = after;
    this.#keepSelection(this.scene);
    this.#emit("selection");
  }

  /**
   * A new layer on top that shows an element; it is selected.
   *
   * @param {{id: string, width: number, height: number, name?: string}} info of /api/elements
   * @param {{x: number, y: number}} [centre] of the layer on the canvas; without it, the canvas' centre
   * @returns {string} key of the layer
   */
  addElement(info, centre) {
    const { width, height } = this.scene;
    const key = newKey();
    const layer = newLayer({ element: info.id, key, name: info.name || info.id });
    // What is larger than the canvas is made to fit, as whoever drops a picture expects.
    const fit = Math.min(1, (width * 0.9) / info.width, (height * 0.9) / info.height);
    if (fit < 1) layer.scale = Math.max(1, Math.floor(fit * 1000));
    const size = layerSize(layer, [info.width, info.height]);
    layer.x = Math.round((centre ? centre.x : width / 2) - size[0] / 2);
    layer.y = Math.round((centre ? centre.y : height / 2) - size[1] / 2);
    this.apply(`Add ${layer.name}`, (scene) => ({ ...scene, layers: [...scene.layers, layer] }), { select: [key] });
    return key;
  }

  /** @param {object|null} forms the answer of /api/forms; @param {string|null} [error] why there is none */
  setForms(forms, error = null) {
    if (forms) this.forms = forms;
    this.formsError = error;
    this.#emit("forms");
  }

  /** @param {object|null} reference {id, width, height, url, opacity (0 to 1), mode: "beneath" | "beside" | "off"} */
  setReference(reference) {
    this.reference = reference;
    this.#emit("reference");
  }

  #keepSelection(scene) {
    const there = new Set(scene.layers.map((layer) => layer.key));
    this.selection = new Set([...this.selection].filter((key) => there.has(key)));
  }

  #emit(type, fields = {}) {
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}
