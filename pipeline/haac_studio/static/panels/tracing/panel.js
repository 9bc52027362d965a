/** The tracing panel: a reference picture, how near the canvas comes to it, and what finds elements in it. */

import { el } from "../../shell/dom.js";
import { icon } from "../../shell/icons.js";
import { button, field, iconButton, image, newId } from "../shared/dom.js";
import { PICTURES, acceptFiles, chooseFile, isRecipe } from "../shared/drop.js";
import { progressArea } from "../shared/progress.js";
import { differenceOverlay } from "./difference.js";
import { finding } from "./finding.js";
import { LiveComparison } from "./live.js";
import { measures } from "./measures.js";
import { suggestions } from "./suggest.js";

const VIEWS = [["beneath", "Beneath"], ["beside", "Beside"], ["difference", "Difference"], ["off", "Off"]];

/**
 * @param {object} app the editor's
 * @param {Record<string, any>} features of /api/state
 * @returns {{root: HTMLElement, open: (picture: Blob, name: string) => Promise<void>}}
 */
export function tracingPanel(app, features) {
  const progress = progressArea(app);
  const empty = noPicture((file) => open(file, file.name));
  const shown = el("div", { class: "tracing-shown", hidden: true });
  const root = el("div", { class: "panel-body tracing" }, empty, shown, progress.root);
  let filledFor = null;

  const open = async (picture, name) => {
    progress.say("");
    try {
      const reference = await app.api.addReference(picture, name);
      const fresh = app.document.scene.layers.length === 0 && !app.document.canUndo;
      if (fresh) sizeCanvas(app, reference);
      app.document.setReference(asShown(app, reference));
      app.announce(`${reference.name} is traced`);
    } catch (error) {
      progress.fail(error);
    }
  };
  const show = () => {
    const { reference } = app.document;
    empty.hidden = Boolean(reference);
    shown.hidden = !reference;
    if (reference?.id === filledFor) return;
    filledFor = reference?.id ?? null;
    if (!reference) root.append(progress.root);
    else shown.replaceChildren(...parts(app, features, reference, progress, live));
  };
  const live = new LiveComparison(app);
  acceptFiles(root, (file) => open(file, file.name), (file) => !isRecipe(file));
  app.document.addEventListener("reference", show);
  show();
  return { root, open };
}

/**
 * A reference picture as the document has it, at first half seen through the canvas.
 *
 * @param {object} app the editor's
 * @param {{id: string, width: number, height: number, name: string}} reference as the server describes it
 * @returns {object}
 */
export function asShown(app, reference) {
  return { ...reference, url: app.api.referenceUrl(reference.id), opacity: 0.5, mode: "beneath" };
}

function noPicture(take) {
  const choose = async () => {
    const file = await chooseFile(PICTURES);
    if (file) take(file);
  };
  return el("div", { class: "drop-note" }, icon("picture"),
    el("p", {}, "A picture to trace: drop it here, paste it, or choose a file."),
    button("Choose a picture", choose, { class: "primary" }));
}

function parts(app, features, reference, progress, live) {
  const overlay = differenceOverlay(app.stage);
  const figures = measures((boundary) => {
    live.boundary = view.mode === "difference" ? boundary : 0;
    live.soon();
  });
  const view = viewChooser(app, reference, (mode) => {
    live.boundary = mode === "difference" ? figures.boundary : 0;
    if (mode !== "difference") overlay.show(null);
    live.soon();
  });
  const stop = new AbortController(); // of the listeners of this reference picture
  const listen = (type, run) => live.addEventListener(type, run, { signal: stop.signal });
  listen("measured", (measured) => {
    figures.show(measured);
    overlay.show(view.mode === "difference" ? measured : null);
  });
  listen("failure", ({ error }) => progress.fail(error));
  listen("none", () => {
    overlay.show(null);
    stop.abort();
  });
  live.soon();
  const remove = async () => {
    app.document.setReference(null);
    app.api.deleteReference(reference.id).catch(() => {}); // it goes with the server at the latest
  };
  return [
    el("div", { class: "reference-head" }, image({ src: reference.url, class: "reference-picture" }),
      el("div", { class: "reference-facts" }, el("b", { title: reference.name }, reference.name),
        el("span", {}, `${reference.width} × ${reference.height}`)),
      iconButton("cross", "Trace it no longer", remove)),
    sizeNote(app, reference, stop.signal),
    view.root,
    figures.root,
    finding(app, features, progress),
    features.suggest === true ? suggestions(app) : cannot("Suggest for a region", features.reasons?.similar),
  ];
}

function viewChooser(app, reference, onMode) {
  const name = newId("reference-view");
  const made = { mode: reference.mode };
  const percent = String(Math.round(reference.opacity * 100));
  const opacity = el("input", { type: "range", min: "0", max: "100", value: percent });
  const change = (fields) => app.document.setReference({ ...app.document.reference, ...fields });
  opacity.addEventListener("input", () => change({ opacity: opacity.valueAsNumber / 100 }));
  const faded = field("Opacity", opacity);
  const choices = VIEWS.map(([mode, label]) => el("label", {},
    el("input", { type: "radio", name, value: mode, checked: mode === made.mode, onchange: () => {
      made.mode = mode;
      faded.hidden = mode !== "beneath";
      change({ mode: mode === "difference" ? "off" : mode });
      onMode(mode);
    } }), el("span", {}, label)));
  made.root = el("section", { class: "reference-view", "aria-label": "View of the picture" },
    el("div", { class: "segments", role: "radiogroup", "aria-label": "Show the picture" }, ...choices), faded);
  return made;
}

/** Says that the canvas has another size than the picture, and makes it the same. */
function sizeNote(app, reference, signal) {
  const text = el("span", {});
  const note = el("div", { class: "size-note" }, text,
    button("Make it the same", () => sizeCanvas(app, reference), { class: "link" }));
  const show = () => {
    const { width, height } = app.document.scene;
    note.hidden = width === reference.width && height === reference.height;
    text.textContent = `The canvas is ${width} × ${height}. `;
  };
  app.document.addEventListener("scene", show, { signal });
  show();
  return note;
}

function sizeCanvas(app, { width, height }) {
  app.document.apply("Canvas of the picture's size", (scene) =>
    (scene.width === width && scene.height === height ? scene : { ...scene, width, height }));
  app.stage.fit();
}

function cannot(what, why) {
  const said = el("small", { class: "quiet-note" }, why ?? "Not possible here");
  return el("section", { "aria-label": what }, el("h3", {}, what), said);
}
