/** The inspector: of the selected layers, or of the canvas if there are none. */

import { CanvasSection } from "./canvas_section.js";
import { LayerSection } from "./layer_section.js";

/**
 * @param {HTMLElement} root
 * @param {import("../app.js").App} app
 */
export function mountInspector(root, app) {
  const layers = new LayerSection(app);
  const canvas = new CanvasSection(app);
  root.append(layers.element, canvas.element);
  let waiting = false;
  const update = () => {
    waiting = false;
    const some = app.document.selected.length > 0;
    layers.element.hidden = !some;
    canvas.element.hidden = some;
    if (some) layers.update();
    else canvas.update();
  };
  // Many changes in one frame are shown once.
  const soon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(update);
  };
  for (const type of ["scene", "selection", "forms"]) app.document.addEventListener(type, soon);
  app.stage.picture.addEventListener("element", soon);
  app.names.addEventListener("known", soon);
  app.stage.addEventListener("crop", soon);
  update();
}
