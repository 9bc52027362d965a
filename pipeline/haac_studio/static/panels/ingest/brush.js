/** Brushes on a photograph: strokes that say what a cut-out must keep, and what it must not. */

import { el } from "../../shell/dom.js";

const NEAR = 1.5; // photograph pixels between two points of a stroke, at least
const MOST = 400; // points of a stroke

/**
 * A photograph that can be painted on. Strokes are polylines in pixels of the photograph.
 *
 * @param {string} url of the photograph
 * @param {number[]|undefined} box left, top, right, bottom of the object in it, pixels
 * @param {() => void} onChange called after each stroke
 * @returns {{root: HTMLElement, mode: "keep"|"remove", undo: () => void, clear: () => void,
 *   strokes: () => {keep: number[][][], remove: number[][][]}}} mode: of the next stroke
 */
export function brush(url, box, onChange) {
  const photograph = el("img", { src: url, class: "brush-photograph", draggable: "false" });
  photograph.alt = "The photograph";
  const canvas = el("canvas", { class: "brush-strokes", tabindex: 0, role: "img",
    "aria-label": "Paint over the photograph with the pointer: what is painted is kept or removed" });
  const pen = canvas.getContext("2d");
  const strokes = [];
  let current = null;
  const made = {
    root: el("div", { class: "brush" }, photograph, canvas),
    mode: "keep",
    strokes: () => ({
      keep: strokes.filter((stroke) => stroke.mode === "keep").map((stroke) => stroke.points),
      remove: strokes.filter((stroke) => stroke.mode === "remove").map((stroke) => stroke.points),
    }),
    undo() {
      strokes.pop();
      draw();
      onChange();
    },
    clear() {
      strokes.length = 0;
      draw();
      onChange();
    },
  };
  const draw = () => {
    canvas.width = photograph.naturalWidth || 1;
    canvas.height = photograph.naturalHeight || 1;
    const scale = canvas.width / Math.max(1, canvas.clientWidth);
    pen.lineCap = "round";
    pen.lineJoin = "round";
    pen.lineWidth = 9 * scale;
    if (box) {
      pen.lineWidth = 2 * scale;
      pen.setLineDash([7 * scale, 5 * scale]);
      pen.strokeStyle = "rgb(255 255 255 / 90%)";
      pen.strokeRect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
      pen.setLineDash([]);
      pen.lineWidth = 9 * scale;
    }
    for (const { mode, points } of strokes) {
      pen.strokeStyle = mode === "keep" ? "rgb(46 170 92 / 75%)" : "rgb(222 53 67 / 75%)";
      pen.beginPath();
      pen.moveTo(...points[0]);
      for (const point of points) pen.lineTo(...point);
      pen.stroke();
    }
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const part = (value, most) => Math.max(0, Math.min(most - 1, Math.round(value * most)));
    return [part((event.clientX - box.left) / box.width, canvas.width),
      part((event.clientY - box.top) / box.height, canvas.height)];
  };
  photograph.addEventListener("load", draw);
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    current = { mode: made.mode, points: [at(event)] };
    strokes.push(current);
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!current || current.points.length >= MOST) return;
    const point = at(event);
    const last = current.points.at(-1);
    if (Math.hypot(point[0] - last[0], point[1] - last[1]) < NEAR) return;
    current.points.push(point);
    draw();
  });
  const end = () => {
    if (!current) return;
    current = null;
    onChange();
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  return made;
}
