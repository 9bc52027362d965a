/** The map of differences over the canvas. Pointers go through it, so that layers can be moved while it is shown. */

import { el } from "../../shell/dom.js";

/**
 * @param {object} stage of the editor
 * @returns {{show: (map: {map: Uint8ClampedArray, width: number, height: number}|null) => void}} null takes it away
 */
export function differenceOverlay(stage) {
  const canvas = el("canvas", { class: "difference-map", "aria-hidden": "true" });
  const place = () => {
    const { x, y, zoom } = stage.view;
    canvas.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
  };
  return {
    show(measured) {
      if (!measured?.map) {
        stage.view.removeEventListener("change", place);
        canvas.remove();
        return;
      }
      const { map, width, height } = measured;
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
      }
      canvas.getContext("2d").putImageData(new ImageData(map, width, height), 0, 0);
      if (canvas.isConnected) return;
      stage.canvas.after(canvas);
      stage.view.addEventListener("change", place);
      place();
    },
  };
}
