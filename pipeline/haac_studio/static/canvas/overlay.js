/** What is drawn over the picture: outlines, handles, guides, the marquee, the crop. An SVG in screen pixels. */

import { corners, toCanvas } from "./geometry.js";

const NS = "http://www.w3.org/2000/svg";

/** Handles of a frame, in its own axes. */
export const HANDLES = [[-1, -1], [0, -1], [1, -1], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0]];

/** How far the handle of rotation stands off, screen pixels. */
export const STALK = 26;

/** @returns {SVGElement} */
function shape(name, attributes) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** A pixel line is sharp on half pixels. */
const sharp = (value) => Math.round(value) + 0.5;

/** Draws the overlay anew whenever something of it changes: it has few shapes. */
export class Overlay {
  /** @param {import("./view.js").View} view */
  constructor(view) {
    this.view = view;
    this.root = shape("svg", { class: "overlay", "aria-hidden": "true" });
  }

  /**
   * @param {object} state
   * @param {import("./geometry.js").Frame[]} state.outlines of selected layers
   * @param {import("./geometry.js").Frame|null} state.hovered of the layer beneath the pointer
   * @param {import("./geometry.js").Frame|null} state.handles the frame that has handles
   * @param {boolean} state.rotates whether it has one to rotate it
   * @param {boolean} state.group whether it stands for several layers: only corners have handles
   * @param {import("./snapping.js").Guide[]} state.guides
   * @param {number[]|null} state.marquee canvas pixels
   * @param {{frame: object, whole: object, picture: string, flip: string}|null} state.crop
   * @param {string|null} state.note said beside the pointer's gesture
   * @param {[number, number]|null} state.noteAt screen
   */
  draw(state) {
    const parts = [];
    if (state.crop) parts.push(...this.#crop(state.crop));
    if (state.hovered) parts.push(this.#outline(state.hovered, "hovered"));
    for (const frame of state.outlines) parts.push(this.#outline(frame, "outline"));
    if (state.handles) parts.push(...this.#handles(state.handles, state));
    for (const guide of state.guides) parts.push(this.#guide(guide));
    if (state.marquee) parts.push(this.#marquee(state.marquee));
    if (state.note && state.noteAt) parts.push(...this.#note(state.note, state.noteAt));
    this.root.replaceChildren(...parts);
  }

  #polygon(points, kind) {
    return shape("polygon", { class: kind, points: points.map((point) => point.join(",")).join(" ") });
  }

  #outline(frame, kind) {
    return this.#polygon(corners(frame).map((point) => this.view.toScreen(point)), kind);
  }

  #handles(frame, { rotates, group }) {
    const parts = group ? [this.#outline(frame, "group")] : [];
    if (rotates) {
      const [top, knob] = this.rotationHandle(frame);
      parts.push(shape("line", { class: "stalk", x1: top[0], y1: top[1], x2: knob[0], y2: knob[1] }));
      parts.push(shape("circle", { class: "handle turn", cx: knob[0], cy: knob[1], r: 5 }));
    }
    for (const handle of this.handlesOf(frame, group)) {
      const [x, y] = this.handleAt(frame, handle);
      const angle = -frame.rotation / 4;
      const transform = `translate(${x} ${y}) rotate(${angle})`;
      parts.push(shape("rect", { class: "handle", x: -4, y: -4, width: 8, height: 8, rx: 1.5, transform }));
    }
    return parts;
  }

  /** Handles that a frame has room for. */
  handlesOf(frame, group) {
    const { zoom } = this.view;
    return HANDLES.filter(([x, y]) => {
      if (x && y) return true;
      if (group) return false;
      return (x ? frame.height : frame.width) * zoom > 40;
    });
  }

  /** @returns {[number, number]} screen */
  handleAt(frame, [x, y]) {
    return this.view.toScreen(toCanvas(frame, [(x * frame.width) / 2, (y * frame.height) / 2]));
  }

  /**
   * Both ends of the stalk that rotates, screen pixels: at the frame, and where one takes hold of it. It stands on the top
   * side, or on the first one where it is within the view.
   */
  rotationHandle(frame) {
    const { view } = this;
    const middle = view.toScreen([frame.cx, frame.cy]);
    const stalks = [[0, -1], [0, 1], [1, 0], [-1, 0]].map((side) => {
      const foot = this.handleAt(frame, side);
      const length = Math.hypot(foot[0] - middle[0], foot[1] - middle[1]) || 1;
      return [foot, foot.map((value, i) => value + ((value - middle[i]) / length) * STALK)];
    });
    const visible = ([x, y]) => x > 6 && y > 6 && x < view.width - 6 && y < view.height - 6;
    return stalks.find(([, knob]) => visible(knob)) ?? stalks[0];
  }

  #guide({ axis, at, from, to }) {
    const [x1, y1] = this.view.toScreen(axis === "x" ? [at, from] : [from, at]);
    const [x2, y2] = this.view.toScreen(axis === "x" ? [at, to] : [to, at]);
    return axis === "x"
      ? shape("line", { class: "guide", x1: sharp(x1), x2: sharp(x1), y1, y2 })
      : shape("line", { class: "guide", x1, x2, y1: sharp(y1), y2: sharp(y1) });
  }

  #marquee([left, top, right, bottom]) {
    const [x1, y1] = this.view.toScreen([left, top]);
    const [x2, y2] = this.view.toScreen([right, bottom]);
    return shape("rect", { class: "marquee", x: sharp(x1), y: sharp(y1), width: x2 - x1, height: y2 - y1 });
  }

  #note(text, [x, y]) {
    const width = 14 + text.length * 6.3;
    const left = Math.max(4, Math.min(x + 16, this.view.width - width - 4));
    const top = Math.max(4, Math.min(y + 18, this.view.height - 26));
    const label = shape("text", { class: "note", x: left + 7, y: top + 14.5 });
    label.textContent = text;
    return [shape("rect", { class: "note-back", x: left, y: top, width, height: 21, rx: 4 }), label];
  }

  /** The whole element, faintly, what is left dark around the crop, and the crop's own outline with handles. */
  #crop({ frame, whole, picture, flip }) {
    const { zoom } = this.view;
    const [x, y] = this.view.toScreen([whole.cx, whole.cy]);
    const mirror = `scale(${flip.includes("h") ? -1 : 1} ${flip.includes("v") ? -1 : 1})`;
    const [width, height] = [whole.width * zoom, whole.height * zoom];
    const parts = [];
    if (picture) {
      parts.push(shape("image", {
        class: "ghost",
        href: picture,
        x: -width / 2,
        y: -height / 2,
        width,
        height,
        preserveAspectRatio: "none",
        transform: `translate(${x} ${y}) rotate(${-whole.rotation / 4}) ${mirror}`,
      }));
    }
    parts.push(this.#outline(whole, "whole"));
    const inner = corners(frame).map((point) => this.view.toScreen(point));
    parts.push(this.#polygon(inner, "cropped"));
    for (const third of [-1 / 6, 1 / 6]) {
      for (const line of [
        [[third, -0.5], [third, 0.5]],
        [[-0.5, third], [0.5, third]],
      ]) {
        const [a, b] = line.map(([u, v]) => this.view.toScreen(toCanvas(frame, [u * frame.width, v * frame.height])));
        parts.push(shape("line", { class: "third", x1: a[0], y1: a[1], x2: b[0], y2: b[1] }));
      }
    }
    for (const handle of HANDLES) {
      const [hx, hy] = this.handleAt(frame, handle);
      const long = handle[0] && handle[1] ? [10, 10] : handle[0] ? [5, 18] : [18, 5];
      const attributes = { x: -long[0] / 2, y: -long[1] / 2, width: long[0], height: long[1], rx: 1.5 };
      const transform = `translate(${hx} ${hy}) rotate(${-frame.rotation / 4})`;
      parts.push(shape("rect", { class: "handle crop", ...attributes, transform }));
    }
    return parts;
  }
}

