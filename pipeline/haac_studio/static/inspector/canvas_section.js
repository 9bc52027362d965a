/** Size of the canvas, and what is behind all layers. */

import { LIMITS } from "/web/constants.js";
import { el } from "../shell/dom.js";
import { icon } from "../shell/icons.js";
import { NumberField } from "./number_field.js";

/** Sizes that are offered: [width, height, what they are]. */
const SIZES = [
  [1024, 768, "4:3"],
  [1280, 720, "HD"],
  [1920, 1080, "Full HD"],
  [1080, 1080, "Square"],
  [1080, 1350, "Portrait 4:5"],
  [1080, 1920, "Story 9:16"],
  [800, 600, "Small 4:3"],
  [512, 512, "Small square"],
];

const KINDS = [
  ["", "Transparent"],
  ["colour", "Colour"],
  ["gradient", "Gradient"],
  ["plate", "Element (plate)"],
  ["wash", "Wash"],
];

let count = 0;

/** @param {string} colour "#rrggbb" or "#rrggbbaa" @returns {string} without the alpha */
const opaque = (colour) => colour.slice(0, 7);

/** The section of the canvas. */
export class CanvasSection {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.document = app.document;
    this.subtitle = el("p", { class: "subtitle" });
    this.element = el("div", { class: "inspector-page" },
      el("header", { class: "inspector-title" }, el("h2", {}, "Canvas"), this.subtitle),
      this.#similar(),
      this.#size(),
      this.#background());
  }

  /** Show the present values. */
  update() {
    const { scene } = this.document;
    const count = scene.layers.length;
    this.subtitle.textContent = `${count} ${count === 1 ? "layer" : "layers"}; select one to change it`;
    this.width.update();
    this.height.update();
    this.similar.hidden = !scene.similar;
    const kind = scene.background?.kind ?? "";
    this.kind.value = kind;
    // A wash is made by compressing a picture: it can be kept or dropped, not made here.
    this.kind.querySelector("[value=wash]").hidden = kind !== "wash" && !this.lastWash;
    if (kind === "wash") this.lastWash = scene.background;
    this.presets.value = `${scene.width}x${scene.height}`;
    if (!this.presets.value) this.presets.value = "";
    if (this.shownKind !== kind) {
      this.shownKind = kind;
      this.details.replaceChildren(...this.#details(kind));
    }
    this.updateDetails?.(scene.background);
  }

  #similar() {
    this.similar = el("p", { class: "note similar" }, el("strong", {}, "Similar, not the same. "),
      "This picture is a paraphrase: its elements are only like what the original shows. ",
      "The mark travels in the recipe.");
    return this.similar;
  }

  #size() {
    const side = (name, short) => new NumberField({
      label: `Canvas ${name}`, short, min: 1, max: LIMITS.canvas_side,
      read: () => this.document.scene[name],
      write: (value, how) => this.#resize({ [name]: value }, how),
    });
    this.width = side("width", "W");
    this.height = side("height", "H");
    this.presets = el("select", {
      "aria-label": "Common sizes",
      onchange: () => {
        const [width, height] = this.presets.value.split("x").map(Number);
        if (width) this.#resize({ width, height });
      },
    }, el("option", { value: "", disabled: true }, "Common sizes"),
    ...SIZES.map(([width, height, name]) => {
      const option = el("option", {}, `${width} × ${height}  ${name}`);
      option.value = `${width}x${height}`;
      return option;
    }));
    this.sizeProblem = el("p", { class: "problem", role: "alert", hidden: true });
    return el("section", { class: "group", "aria-label": "Size" }, el("h3", {}, "Size"),
      el("div", { class: "fields two" }, this.width.element, this.height.element),
      el("div", { class: "fields" }, this.presets), this.sizeProblem);
  }

  #resize(size, how) {
    const { scene } = this.document;
    const after = { ...scene, ...size };
    const pixels = after.width * after.height;
    const wash = scene.background?.kind === "wash" && after.width * scene.height !== scene.width * after.height;
    const wrong = pixels > LIMITS.canvas_pixels
      ? `${after.width} × ${after.height} are ${pixels.toLocaleString("en")} pixels; at most ` +
        `${LIMITS.canvas_pixels.toLocaleString("en")} are allowed`
      : wash ? "The wash belongs to a canvas of this shape: choose another background first" : null;
    this.sizeProblem.hidden = !wrong;
    this.sizeProblem.textContent = wrong ?? "";
    if (!wrong) this.document.apply("Canvas size", () => after, how);
  }

  #background() {
    const id = `background-${++count}`;
    this.kind = el("select", { id, onchange: () => this.#choose(this.kind.value) },
      ...KINDS.map(([value, name]) => {
        const option = el("option", {}, name);
        option.value = value;
        if (value === "wash") option.hidden = true;
        return option;
      }));
    this.details = el("div", { class: "fields" });
    return el("section", { class: "group", "aria-label": "Background" }, el("h3", {}, "Background"),
      el("div", { class: "field wide" }, el("label", { for: id, class: "field-label" }, "Kind"), this.kind),
      this.details);
  }

  #set(background, label = "Background", how) {
    this.document.apply(label, (scene) => ({ ...scene, background }), how);
  }

  #choose(kind) {
    const now = this.document.scene.background;
    const colour = now?.kind === "colour" ? now.rgba : now?.kind === "gradient" ? now.start : "#ffffff";
    const made = {
      "": null,
      colour: { kind: "colour", rgba: colour },
      gradient: { kind: "gradient", start: colour, end: "#9db4d6", angle: 1080 },
      wash: this.lastWash,
    };
    if (kind === "plate") this.#askPlate();
    else this.#set(made[kind]);
  }

  async #askPlate() {
    const known = this.document.scene.background;
    const before = known?.kind === "plate" ? known.element : "";
    let found = null;
    const id = await this.app.dialogs.prompt({
      title: "Element as background",
      label: "Id of the element",
      value: before,
      yes: "Use it",
      hint: "It is stretched over the whole canvas. The elements panel shows ids; " +
        "a selected layer has “Use as background”.",
      check: async (text) => {
        try {
          found = await this.app.api.element(text.toLowerCase());
          return null;
        } catch (error) {
          return error.message;
        }
      },
    });
    if (id === null) this.update();
    else this.#set({ kind: "plate", element: found.id });
  }

  #details(kind) {
    this.updateDetails = null;
    if (kind === "colour") {
      const field = this.#colour("Colour", (b) => b.rgba, (b, rgba) => ({ ...b, rgba }));
      this.updateDetails = (background) => field.update(background);
      return [field.element];
    }
    if (kind === "gradient") return this.#gradient();
    if (kind === "plate") {
      const image = el("img", { alt: "", class: "plate-picture" });
      const text = el("span", {});
      this.updateDetails = ({ element }) => {
        image.src = this.app.api.thumbnailUrl(element, 96);
        text.textContent = `Element ${element}`;
      };
      return [el("div", { class: "plate-row" }, image, text,
        el("button", { type: "button", onclick: () => this.#askPlate() }, icon("picture"), "Another one"))];
    }
    if (kind === "wash") {
      const text = el("p", { class: "note" });
      this.updateDetails = ({ digits }) => {
        const bytes = Math.ceil((digits.length * 5) / 8);
        text.textContent = `A coarse picture of the whole canvas in about ${bytes} bytes. It is kept as it is.`;
      };
      return [text];
    }
    return [];
  }

  #gradient() {
    const start = this.#colour("From", (b) => b.start, (b, colour) => ({ ...b, start: colour }));
    const end = this.#colour("To", (b) => b.end, (b, colour) => ({ ...b, end: colour }));
    const angle = new NumberField({
      label: "Angle of the gradient", short: "Angle", unit: "°",
      min: 0, max: 359.75, step: 0.25, keyStep: 5, slider: [0, 359], rest: 270,
      read: () => this.document.scene.background?.angle / 4,
      write: (value, how) => this.#set({ ...this.document.scene.background, angle: Math.round(value * 4) % 1440 },
        "Angle of the gradient", how),
    });
    const swap = el("button", {
      type: "button",
      onclick: () => {
        const { background } = this.document.scene;
        this.#set({ ...background, start: background.end, end: background.start }, "Swap colours");
      },
    }, "Swap colours");
    this.updateDetails = (background) => {
      start.update(background);
      end.update(background);
      angle.update();
    };
    return [start.element, end.element, angle.element, el("div", { class: "button-row even" }, swap)];
  }

  /** A colour: the system's chooser, its digits, and its opacity. */
  #colour(label, read, write) {
    const id = `colour-${++count}`;
    let session = 0;
    let shown = null;
    const step = label === "Colour" ? "Background colour" : `${label}: colour`;
    const apply = (rgba) =>
      this.#set(write(this.document.scene.background, rgba), step, { merge: `${id} ${session}` });
    const alphaOf = () => read(this.document.scene.background).slice(7);
    const picker = el("input", {
      type: "color", "aria-label": `${label}, chooser`,
      oninput: () => apply(picker.value + alphaOf()),
      onchange: () => (session += 1),
    });
    const problem = el("p", { class: "problem", id: `${id}-problem`, hidden: true });
    const text = el("input", {
      type: "text", id, class: "hex", spellcheck: false, maxlength: 9, "aria-describedby": problem.id,
      oninput: () => {
        const value = text.value.trim().toLowerCase();
        const good = /^#?([0-9a-f]{6}|[0-9a-f]{8})$/.test(value);
        problem.hidden = good;
        problem.textContent = good ? "" : "#rrggbb or #rrggbbaa is allowed";
        text.setAttribute("aria-invalid", String(!good));
        if (good) apply(`#${value.replace("#", "")}`);
      },
      onblur: () => {
        session += 1;
        this.update();
      },
    });
    const name = el("label", { for: id, class: "field-label" }, label);
    const element = el("div", { class: "field colour" }, name, picker, text, problem);
    const update = (background) => {
      const rgba = read(background);
      picker.value = opaque(rgba);
      const same = rgba === shown || text.value.trim().toLowerCase().replace("#", "") === rgba.slice(1);
      shown = rgba;
      if (same && document.activeElement === text) return; // what is being typed stays, whatever else changes
      text.value = rgba;
      problem.hidden = true;
      text.removeAttribute("aria-invalid");
    };
    return { element, update };
  }
}
