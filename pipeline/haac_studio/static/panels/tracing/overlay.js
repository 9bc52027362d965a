/** What the tracing panel lays over the stage: the map of differences, and the marking of a region. */

import { el } from "../../shell/dom.js";

/**
 * Keep a node exactly over the canvas' pixels, whatever the zoom.
 *
 * @param {object} app the editor's
 * @param {HTMLElement} node gets the place of the canvas
 * @returns {() => void} call it to take the node away
 */
function pinned(app, node) {
  const stage = document.getElementById("stage");
  const place = () => {
    const box = app.canvas?.box?.() ?? stage.getBoundingClientRect();
    const outer = stage.getBoundingClientRect();
    Object.assign(node.style, {
      left: `${box.left - outer.left}px`,
      top: `${box.top - outer.top}px`,
      width: `${box.width}px`,
      height: `${box.height}px`,
    });
  };
  stage.append(node);
  place();
  const resized = new ResizeObserver(place);
  resized.observe(stage);
  app.canvas?.addEventListener?.("view", place);
  return () => {
    resized.disconnect();
    app.canvas?.removeEventListener?.("view", place);
    node.remove();
  };
}

/**
 * The map of differences over the canvas; pointers go through it, so that layers can be moved while it is shown.
 *
 * @param {object} app the editor's
 * @returns {{show: (map: ImageData|null) => void}}
 */
export function differenceOverlay(app) {
  const canvas = el("canvas", { class: "difference-map", "aria-hidden": "true" });
  let remove = null;
  return {
    show(map) {
      if (!map) {
        remove?.();
        remove = null;
        return;
      }
      if (canvas.width !== map.width || canvas.height !== map.height) {
        canvas.width = map.width;
        canvas.height = map.height;
      }
      canvas.getContext("2d").putImageData(map, 0, 0);
      remove ??= pinned(app, canvas);
    },
  };
}

/**
 * Let a person mark a region of the canvas by dragging; Escape gives up.
 *
 * @param {object} app the editor's
 * @returns {Promise<[number, number, number, number]|null>} left, top, right, bottom in canvas pixels
 */
export function markRegion(app) {
  const box = el("div", { class: "region-box", hidden: true });
  const cover = el("div", { class: "region-cover", tabindex: -1, "aria-label": "Drag over the region" }, box);
  const remove = pinned(app, cover);
  cover.focus();
  return new Promise((resolve) => {
    let from = null;
    const point = (event) => {
      const area = cover.getBoundingClientRect();
      const within = (value) => Math.max(0, Math.min(1, value));
      return [within((event.clientX - area.left) / area.width), within((event.clientY - area.top) / area.height)];
    };
    const span = (event) => {
      const to = point(event);
      return [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])];
    };
    const end = (region) => {
      removeEventListener("keydown", escape, true);
      remove();
      resolve(region);
    };
    const escape = (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      end(null);
    };
    addEventListener("keydown", escape, true);
    cover.addEventListener("pointerdown", (event) => {
      from = point(event);
      cover.setPointerCapture(event.pointerId);
      event.preventDefault();
      event.stopPropagation();
    });
    cover.addEventListener("pointermove", (event) => {
      if (!from) return;
      const [left, top, right, bottom] = span(event);
      box.hidden = false;
      Object.assign(box.style, { left: `${100 * left}%`, top: `${100 * top}%`, width: `${100 * (right - left)}%`,
        height: `${100 * (bottom - top)}%` });
    });
    cover.addEventListener("pointercancel", () => end(null));
    cover.addEventListener("pointerup", (event) => {
      if (!from) return;
      const { width, height } = app.document.scene;
      const [left, top, right, bottom] = span(event);
      const region = [Math.floor(left * width), Math.floor(top * height), Math.ceil(right * width), Math.ceil(bottom * height)];
      end(region[2] - region[0] >= 4 && region[3] - region[1] >= 4 ? region : null);
    });
  });
}
