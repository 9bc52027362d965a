/** Parameters of the selected layers. */

import { LIMITS } from "/web/constants.js";
import { cropped, keptAt, mirrored } from "../canvas/transforms.js";
import { LAYER_DEFAULTS, layerSize } from "../scene.js";
import { el } from "../shell/dom.js";
import { icon } from "../shell/icons.js";
import { NumberField } from "./number_field.js";

/** @returns the value that all have; null: several ones; undefined: there is none */
function common(values) {
  if (!values.length || values.includes(undefined)) return undefined;
  return values.every((value) => value === values[0]) ? values[0] : null;
}

/** A button with an icon. */
export function iconButton(label, name, run) {
  const attributes = { type: "button", class: "icon-button", title: label, "aria-label": label, onclick: run };
  return el("button", attributes, icon(name));
}

/** The section of layers. */
export class LayerSection {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.document = app.document;
    this.fields = {};
    this.title = el("h2", {});
    this.subtitle = el("p", { class: "subtitle" });
    this.element = el("div", { class: "inspector-page" },
      el("header", { class: "inspector-title" }, this.title, this.subtitle),
      this.#align(),
      this.#group("Place and size", this.#place()),
      this.#group("Adjustments", this.#adjustments()),
      this.#group("Crop", this.#crop()),
      this.#more());
  }

  /** Show the present values. */
  update() {
    const { selected } = this.document;
    if (!selected.length) return;
    for (const field of Object.values(this.fields)) field.update();
    const [layer] = selected;
    const own = this.#own(layer);
    const id = typeof layer.element === "string" ? layer.element : "inline";
    if (selected.length > 1) {
      this.title.textContent = `${selected.length} layers`;
      this.subtitle.textContent = "Changes are made to all of them";
    } else {
      this.title.textContent = this.app.names.of(layer);
      const size = own ? `, ${own[0]} × ${own[1]}` : "";
      this.subtitle.textContent = `Element ${id}${size}${this.#bits(layer)}`;
    }
    const kept = common(selected.map((one) => one.width === null || one.height === null));
    this.link.setAttribute("aria-pressed", String(kept !== false));
    this.cropButton.setAttribute("aria-pressed", String(this.app.stage.cropping !== null));
    this.cropButton.disabled = selected.length !== 1;
    this.uncrop.disabled = selected.every((one) => one.crop === null);
    this.plate.hidden = selected.length !== 1 || typeof layer.element !== "string";
    const locked = selected.some((one) => one.locked);
    this.element.classList.toggle("locked", locked);
    this.lockNote.hidden = !locked;
  }

  /** Bits that the layer takes in the recipe. */
  #bits(layer) {
    const at = this.document.scene.layers.filter((one) => !one.hidden).indexOf(layer);
    const bits = this.document.forms?.layers?.[at]?.bits;
    return bits === undefined ? "" : `, ${Math.round(bits)} bits`;
  }

  #own(layer) {
    return this.app.stage.picture.size(layer.element) ?? undefined;
  }

  #change(label, change, options) {
    const keys = this.document.selected.filter((layer) => !layer.locked).map((layer) => layer.key);
    this.document.change(label, keys, change, options);
  }

  #group(title, ...children) {
    return el("section", { class: "group", "aria-label": title }, el("h3", {}, title), ...children);
  }

  #number(name, options) {
    const { read, write } = options;
    this.fields[name] = new NumberField({
      ...options,
      read: () => common(this.document.selected.map((layer) => read(layer))),
      write: (value, how) => this.#change(options.label, (layer) => write(layer, value), how),
    });
    return this.fields[name].element;
  }

  #align() {
    const { commands } = this.app;
    const sides = [
      ["left", "Align left", "alignLeft"],
      ["centre", "Align centre", "alignCentre"],
      ["right", "Align right", "alignRight"],
      ["top", "Align top", "alignTop"],
      ["middle", "Align middle", "alignMiddle"],
      ["bottom", "Align bottom", "alignBottom"],
    ];
    return el("div", { class: "button-row", role: "group", "aria-label": "Align" },
      ...sides.map(([side, label, name]) => iconButton(label, name, () => commands.align(side))));
  }

  #place() {
    const far = LIMITS.position;
    const plain = (name, short) => this.#number(name, {
      label: `Position ${short}`, short, min: -far, max: far, rest: 0,
      read: (layer) => layer[name],
      write: (_, value) => ({ [name]: value }),
    });
    this.link = iconButton("Keep the shape", "link", () => this.#toggleShape());
    this.link.classList.add("toggle");
    const turn = this.#number("rotation", {
      label: "Rotation", short: "Turn", unit: "°", min: -360, max: 359.75, step: 0.25, keyStep: 1, rest: 0,
      read: (layer) => layer.rotation / 4,
      write: (_, value) => ({ rotation: ((Math.round(value * 4) % 1440) + 1440) % 1440 }),
    });
    const scale = this.#number("scale", {
      label: "Scale", unit: "%", min: 0.1, max: LIMITS.scale / 10, step: 0.1, keyStep: 1, rest: 100,
      read: (layer) => this.#scaleOf(layer),
      write: (layer, value) => this.#sized(layer, { scale: Math.round(value * 10), width: null, height: null }),
    });
    return el("div", { class: "fields two linked" },
      plain("x", "X"), el("span"), plain("y", "Y"),
      this.#side("width", "W"), this.link, this.#side("height", "H"),
      scale, el("span"), turn);
  }

  #scaleOf(layer) {
    const own = this.#own(layer);
    if (!own) return undefined;
    if (layer.scale !== null) return layer.scale / 10;
    const width = layer.crop ? layer.crop[2] - layer.crop[0] : own[0];
    return Math.round((layerSize(layer, own)[0] / width) * 1000) / 10;
  }

  #side(name, short) {
    const at = name === "width" ? 0 : 1;
    return this.#number(name, {
      label: name === "width" ? "Width" : "Height",
      short, min: 1, max: LIMITS.layer_side,
      read: (layer) => {
        const own = this.#own(layer);
        return own && layerSize(layer, own)[at];
      },
      write: (layer, value) => {
        const both = layer.width !== null && layer.height !== null;
        const fields = { scale: null, width: both ? layer.width : null, height: both ? layer.height : null };
        return this.#sized(layer, { ...fields, [name]: value });
      },
    });
  }

  /** Another size, about the centre. */
  #sized(layer, fields) {
    const own = this.#own(layer);
    return own ? { ...fields, ...keptAt(layer, { ...layer, ...fields }, own, [0, 0]) } : fields;
  }

  #toggleShape() {
    const keep = !this.document.selected.every((layer) => layer.width === null || layer.height === null);
    this.#change(keep ? "Keep the shape" : "Free the shape", (layer) => {
      const own = this.#own(layer);
      if (!own) return {};
      const [width, height] = layerSize(layer, own);
      return keep ? this.#sized(layer, { width, height: null, scale: null }) : { width, height, scale: null };
    });
  }

  #crop() {
    const edge = (i, label, short) => this.#number(`crop${i}`, {
      label: `Crop ${label}`, short, min: 0, max: 16383,
      read: (layer) => {
        const own = this.#own(layer);
        return own && (layer.crop ?? [0, 0, ...own])[i];
      },
      write: (layer, value) => {
        const own = this.#own(layer);
        if (!own) return {};
        const box = [...(layer.crop ?? [0, 0, ...own])];
        box[i] = i < 2 ? Math.min(value, box[i + 2] - 1) : Math.max(value, box[i - 2] + 1);
        return cropped(layer, own, box);
      },
    });
    this.cropButton = el("button", {
      type: "button", class: "toggle", "aria-pressed": "false", onclick: () => this.app.commands.toggleCrop(),
    }, icon("crop"), "On the canvas");
    this.uncrop = el("button", {
      type: "button",
      onclick: () => this.#change("Undo the crop", (layer) => {
        const own = this.#own(layer);
        return own ? cropped(layer, own, [0, 0, ...own]) : { crop: null };
      }),
    }, "Whole element");
    return el("div", {},
      el("div", { class: "fields four" },
        edge(0, "left", "L"), edge(1, "top", "T"), edge(2, "right", "R"), edge(3, "bottom", "B")),
      el("div", { class: "button-row even" }, this.cropButton, this.uncrop));
  }

  #adjustments() {
    const percent = (name, label, max, slider) => this.#number(name, {
      label, unit: "%", min: 0, max, slider: [0, slider], rest: 100,
      read: (layer) => layer[name],
      write: (_, value) => ({ [name]: value }),
    });
    const blur = this.#number("blur", {
      label: "Blur", unit: "px", min: 0, max: LIMITS.blur / 4, step: 0.25, keyStep: 0.25, slider: [0, 40], rest: 0,
      read: (layer) => layer.blur / 4, write: (_, value) => ({ blur: Math.round(value * 4) }),
    });
    const names = ["brightness", "contrast", "saturation", "blur", "opacity"];
    const reset = el("button", {
      type: "button",
      onclick: () => this.#change("Reset adjustments", () =>
        Object.fromEntries(names.map((name) => [name, LAYER_DEFAULTS[name]]))),
    }, "Reset");
    return el("div", { class: "fields" },
      percent("opacity", "Opacity", 100, 100),
      percent("brightness", "Brightness", LIMITS.adjust, 200),
      percent("contrast", "Contrast", LIMITS.adjust, 200),
      percent("saturation", "Saturation", LIMITS.adjust, 200),
      blur,
      el("div", { class: "button-row even" }, reset));
  }

  #more() {
    const { commands } = this.app;
    this.plate = el("button", { type: "button", onclick: () => commands.asBackground() },
      icon("picture"), "Use as background");
    this.lockNote = el("p", { class: "note" }, "Locked layers are not changed: unlock them in the layers list.");
    const mirror = (axis, label, name) => iconButton(label, name, () =>
      this.#change(label, (layer) => mirrored(layer, axis)));
    const row = el("div", { class: "button-row", role: "group", "aria-label": "Mirror and turn" },
      mirror("h", "Mirror left and right", "mirrorH"),
      mirror("v", "Mirror top and bottom", "mirrorV"),
      iconButton("A quarter to the left", "turnLeft", () => commands.rotate(360)),
      iconButton("A quarter to the right", "turnRight", () => commands.rotate(-360)));
    return el("section", { class: "group", "aria-label": "More" }, row, this.plate, this.lockNote);
  }
}
