/** The status line: where the pointer is, what is selected, zoom, bytes, and whether the draft is kept. */

import { el } from "./dom.js";

/**
 * @param {HTMLElement} root
 * @param {import("../app.js").App} app
 * @returns {{draft(text: string, kind?: "saved"|"saving"|"bad"): void}}
 */
export function mountStatus(root, app) {
  const { document: doc, stage } = app;
  const part = (id, title) => el("span", { id: `status-${id}`, title });
  const pointer = part("pointer", "Pointer, pixels of the canvas");
  const selected = part("selection", "Selection");
  const draft = part("draft", "The draft is kept by the studio's server after every change");
  const bytes = part("bytes", "Size of the recipe");
  const size = part("size", "Canvas, pixels");
  const zoom = el("button", { type: "button", id: "status-zoom", title: "Zoom: fit, or actual size", onclick: () =>
    Math.abs(stage.view.zoom - 1) < 0.001 ? stage.fit() : stage.view.zoomAt(1) });
  root.append(pointer, selected, el("span", { class: "spring" }), draft, bytes, size, zoom);

  const shown = (target, text) => {
    if (target.textContent !== text) target.textContent = text;
  };
  stage.addEventListener("pointed", ({ point }) =>
    shown(pointer, point ? `${Math.floor(point[0])}, ${Math.floor(point[1])}` : "–"));
  stage.view.addEventListener("change", () => shown(zoom, `${Math.round(stage.view.zoom * 100)} %`));
  const update = () => {
    const layers = doc.selected;
    const frame = layers.length === 1 && stage.frameOf(layers[0].key);
    shown(selected, layers.length > 1 ? `${layers.length} layers`
      : frame ? `${layers[0].x}, ${layers[0].y} · ${frame.width} × ${frame.height}` : "");
    shown(size, `${doc.scene.width} × ${doc.scene.height}`);
  };
  for (const type of ["scene", "selection"]) doc.addEventListener(type, update);
  doc.addEventListener("forms", () => {
    bytes.classList.toggle("bad", Boolean(doc.formsError));
    const count = doc.forms ? `${doc.forms.bytes.toLocaleString("en")} bytes` : "";
    shown(bytes, doc.formsError ? "No recipe" : count);
    bytes.title = doc.formsError ?? "Size of the recipe";
  });
  update();
  shown(pointer, "–");
  return {
    draft(text, kind = "saved") {
      shown(draft, text);
      draft.className = kind;
    },
  };
}
