/** Brushes on a photograph: strokes that say what a cut-out must keep, and what it must not. */

import { el } from "../../shell/dom.js";

const NEAR = 1.5; // photograph pixels between two points of a stroke, at least
const MOST = 400; // points of a stroke
const COLOURS = { keep: "rgb(46 170 92 / 75%)", remove: "rgb(222 53 67 / 75%)" };

/** A photograph that can be painted on, by pointer or keyboard. Strokes are polylines in pixels of the photograph. */
export class Brush {
  #strokes;
  #current = null;
  /** Of the keyboard; null until it is used. */
  #cursor = null;
  #pen;

  /**
   * @param {string} url of the photograph
   * @param {number[]|undefined} box left, top, right, bottom of the object in it, pixels
   * @param {{mode: string, points: number[][]}[]} strokes those that are there already; new ones are added
   * @param {() => void} onChange called after each stroke
   */
  constructor(url, box, strokes, onChange) {
    this.#strokes = strokes;
    this.box = box;
    this.onChange = onChange;
    /** Of the next stroke. @type {"keep"|"remove"} */
    this.mode = "keep";
    this.photograph = el("img", { src: url, class: "brush-photograph", draggable: "false" });
    this.photograph.alt = "The photograph";
    this.canvas = el("canvas", {
      class: "brush-strokes",
      tabindex: 0,
      role: "application",
      "aria-label": "Photograph: paint with the pointer, or move with the arrow keys and paint with Space",
    });
    this.#pen = this.canvas.getContext("2d");
    this.root = el("div", { class: "brush" }, this.photograph, this.canvas);
    this.photograph.addEventListener("load", () => this.draw());
    this.canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    this.canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"]) this.canvas.addEventListener(type, () => this.#end());
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @returns {{keep: number[][][], remove: number[][][]}} polylines */
  strokes() {
    const of = (mode) => this.#strokes.filter((stroke) => stroke.mode === mode).map((stroke) => stroke.points);
    return { keep: of("keep"), remove: of("remove") };
  }

  /** Take the last stroke away. */
  undo() {
    this.#strokes.pop();
    this.draw();
    this.onChange();
  }

  /** Take all strokes away. */
  clear() {
    this.#strokes.length = 0;
    this.draw();
    this.onChange();
  }

  /** Show the box and the strokes as they are now. */
  draw() {
    const { canvas, photograph, box } = this;
    const pen = this.#pen;
    canvas.width = photograph.naturalWidth || 1;
    canvas.height = photograph.naturalHeight || 1;
    const scale = canvas.width / Math.max(1, canvas.clientWidth);
    pen.lineCap = "round";
    pen.lineJoin = "round";
    if (box) {
      pen.lineWidth = 2 * scale;
      pen.setLineDash([7 * scale, 5 * scale]);
      pen.strokeStyle = "rgb(255 255 255 / 90%)";
      pen.strokeRect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
      pen.setLineDash([]);
    }
    pen.lineWidth = 9 * scale;
    for (const { mode, points } of this.#strokes) {
      pen.strokeStyle = COLOURS[mode];
      pen.beginPath();
      pen.moveTo(...points[0]);
      for (const point of points) pen.lineTo(...point);
      pen.stroke();
    }
    if (!this.#cursor) return;
    pen.lineWidth = 2 * scale;
    pen.strokeStyle = COLOURS[this.mode];
    pen.strokeRect(this.#cursor[0] - 8 * scale, this.#cursor[1] - 8 * scale, 16 * scale, 16 * scale);
  }

  #at(event) {
    const { canvas } = this;
    const area = canvas.getBoundingClientRect();
    const part = (value, most) => Math.max(0, Math.min(most - 1, Math.round(value * most)));
    return [part((event.clientX - area.left) / area.width, canvas.width),
      part((event.clientY - area.top) / area.height, canvas.height)];
  }

  #begin(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.#cursor = null;
    this.#current = { mode: this.mode, points: [this.#at(event)] };
    this.#strokes.push(this.#current);
    this.draw();
  }

  #move(event) {
    const points = this.#current?.points;
    if (!points || points.length >= MOST) return;
    const point = this.#at(event);
    const last = points.at(-1);
    if (Math.hypot(point[0] - last[0], point[1] - last[1]) < NEAR) return;
    points.push(point);
    this.draw();
  }

  #end() {
    if (!this.#current) return;
    this.#current = null;
    this.onChange();
  }

  #key(event) {
    const { width, height } = this.canvas;
    const step = Math.max(1, Math.round(Math.max(width, height) / (event.shiftKey ? 12 : 60)));
    const moves = {
      ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step], " ": [0, 0],
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const within = (value, most) => Math.max(0, Math.min(most - 1, value));
    const [x, y] = this.#cursor ?? [Math.round(width / 2), Math.round(height / 2)];
    const [dx, dy] = moves[event.key];
    this.#cursor = [within(x + dx, width), within(y + dy, height)];
    if (event.key === " ") this.#strokes.push({ mode: this.mode, points: [this.#cursor] });
    this.draw();
    if (event.key === " ") this.onChange();
  }
}
