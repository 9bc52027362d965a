/** "Suggest": elements that look like a region of the reference picture; choosing one puts it there. */

import { layerSize, newLayer } from "../../scene.js";
import { el } from "../../shell/dom.js";
import { button, iconButton, image } from "../shared/dom.js";
import { progressArea } from "../shared/progress.js";

const COUNT = 12;

/**
 * @param {object} app the editor's
 * @returns {HTMLElement}
 */
export function suggestions(app) {
  const progress = progressArea(app);
  const found = el("div", { class: "suggestions", role: "group", "aria-label": "Suggested elements" });
  const sides = ["left", "top", "right", "bottom"].map((side) =>
    el("input", { type: "number", "aria-label": `Region: ${side}, pixels`, title: side, placeholder: side }));
  const ask = async () => {
    const region = sides.map((input) => Math.round(input.valueAsNumber));
    const wrong = wrongRegion(region, app.document.scene);
    if (wrong) return progress.say(wrong, true);
    const reference = app.document.reference;
    const box = inReference(region, app.document.scene, reference);
    found.replaceChildren();
    const answer = await progress.run("Looking for elements", () =>
      app.api.startJob("suggest", { reference: reference.id, box, count: COUNT }));
    if (answer) show(app, found, answer.elements, region, progress);
  };
  const use = (region) => {
    if (!region) return;
    region.forEach((value, n) => (sides[n].value = value));
    ask();
  };
  const label = "Drag over what an element is wanted for; Escape cancels";
  const mark = async () => use(await app.stage.pickBox({ label }));
  const ofLayer = () => {
    const box = app.stage.selectedBox();
    if (box) use(withinCanvas(box, app.document.scene));
    else progress.say("Select a layer whose place is meant", true);
  };
  return el("section", { class: "suggest", "aria-label": "Suggest elements for a region" },
    el("h3", {}, "Suggest for a region"),
    el("div", { class: "region-actions" },
      button("Mark a region", mark, { title: "Drag over it on the canvas" }),
      button("Layer’s place", ofLayer, { title: "The region of the selected layers" })),
    el("div", { class: "region-sides", role: "group", "aria-label": "Region" }, ...sides,
      iconButton("search", "Suggest for the region that the numbers say", ask)),
    progress.root, found);
}

/** What is wrong with a region, or null. */
function wrongRegion([left, top, right, bottom], { width, height }) {
  const whole = [left, top, right, bottom].every(Number.isFinite);
  if (whole && left >= 0 && top >= 0 && right <= width && bottom <= height && right > left && bottom > top) return null;
  return `A region has left, top, right and bottom within the canvas of ${width} × ${height} pixels`;
}

/**
 * A region of the canvas as one of the reference picture, which may have another size.
 *
 * @param {number[]} region left, top, right, bottom
 * @param {{width: number, height: number}} canvas
 * @param {{width: number, height: number}} reference
 * @returns {number[]} whole pixels within the reference picture, at least one wide and high
 */
export function inReference([left, top, right, bottom], canvas, reference) {
  const across = reference.width / canvas.width;
  const down = reference.height / canvas.height;
  const box = [Math.floor(left * across), Math.floor(top * down), Math.ceil(right * across), Math.ceil(bottom * down)];
  const clip = (value, most) => Math.max(0, Math.min(value, most));
  const [x, y] = [clip(box[0], reference.width - 1), clip(box[1], reference.height - 1)];
  return [x, y, Math.max(x + 1, clip(box[2], reference.width)), Math.max(y + 1, clip(box[3], reference.height))];
}

/**
 * The size at which an element fills a region as far as its shape allows, centred.
 *
 * @param {{width: number, height: number}} element own size, pixels
 * @param {number[]} region left, top, right, bottom in canvas pixels
 * @returns {{scale: number|null, width: number|null, x: number, y: number}} fields of a layer
 */
export function fitted(element, [left, top, right, bottom]) {
  const factor = Math.min((right - left) / element.width, (bottom - top) / element.height);
  const width = Math.max(1, Math.round(element.width * factor));
  const fields = width === element.width ? { width: null, scale: null } : { width, scale: null };
  const size = layerSize(newLayer(fields), [element.width, element.height]);
  return { ...fields, x: Math.round((left + right - size[0]) / 2), y: Math.round((top + bottom - size[1]) / 2) };
}

function withinCanvas([left, top, right, bottom], { width, height }) {
  const clip = (value, most) => Math.max(0, Math.min(Math.round(value), most));
  return [clip(left, width), clip(top, height), clip(right, width), clip(bottom, height)];
}

function show(app, found, elements, region, progress) {
  if (!elements.length) return progress.say("No element is like this region: mark it more closely, or add one");
  found.replaceChildren(...elements.map((element) => {
    const name = element.name || element.id;
    return el("button", { type: "button", class: "suggestion", title: `Add ${name}`, "aria-label": `Add ${name}`,
      onclick: () => put(app, element, region) },
    image({ src: app.api.thumbnailUrl(element.id, 96) }), el("span", { class: "cell-name" }, name));
  }));
  app.announce(`${elements.length} elements suggested`);
}

function put(app, element, region) {
  const layer = newLayer({ element: element.id, name: element.name || element.id, ...fitted(element, region) });
  app.document.apply(`Add ${layer.name}`, (scene) => ({ ...scene, layers: [...scene.layers, layer] }),
    { select: [layer.key] });
  app.announce(`${layer.name} added`);
}
