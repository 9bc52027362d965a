/** Refining a cut-out: brushes on its photograph, after which it is cut again. */

import { el } from "../../shell/dom.js";
import { button, image, newId } from "../shared/dom.js";
import { progressArea } from "../shared/progress.js";
import { Brush } from "./brush.js";

const MODES = [["keep", "Keep"], ["remove", "Remove"]];

/**
 * Show the photograph and the cut-out side by side; strokes cut it again.
 *
 * @param {object} app the editor's
 * @param {string} review
 * @param {{n: number, width: number, height: number}} cutout
 * @param {object[]} strokes of the times before, to which those of this time are added: a cut-out follows from all of them
 * @returns {Promise<object|null>} the new cut-out as the server describes it; null if it stays as it was
 */
export async function refine(app, review, cutout, strokes) {
  const progress = progressArea(app);
  const result = image({ src: fresh(app.api.cutoutUrl(review, cutout.n)), class: "checkerboard" });
  let changed = null;
  const again = async () => {
    const painted = board.strokes();
    if (painted.keep.length + painted.remove.length === 0) {
      return progress.say("Paint over what is missing or too much first");
    }
    apply.disabled = true;
    const answer = await progress.run("Cutting again", () =>
      app.api.startJob("recut", { review, n: cutout.n, ...painted }));
    apply.disabled = false;
    if (!answer) return;
    changed = answer;
    board.box = answer.box;
    board.draw();
    result.src = fresh(app.api.cutoutUrl(review, cutout.n));
    app.announce("Cut again");
  };
  const board = new Brush(app.api.sourceUrl(review), cutout.box, strokes, () => progress.say(""));
  const name = newId("brush");
  const modes = MODES.map(([mode, label]) => el("label", { class: mode },
    el("input", { type: "radio", name, value: mode, checked: mode === board.mode,
      onchange: () => (board.mode = mode) }),
    el("span", {}, label)));
  const apply = button("Cut again", again, { class: "primary" });
  const body = el("div", { class: "refine" },
    el("div", { class: "refine-tools" },
      el("div", { class: "segments", role: "radiogroup", "aria-label": "Brush" }, ...modes),
      button("Undo stroke", () => board.undo()), button("Clear", () => board.clear()), apply),
    el("div", { class: "refine-pictures" },
      el("figure", {}, board.root, el("figcaption", {}, "Photograph: paint what to keep, and what to remove")),
      el("figure", {}, el("div", { class: "refine-result checkerboard" }, result), el("figcaption", {}, "Cut-out"))),
    progress.root);
  await app.dialogs.open({ title: "Refine the edges", body, wide: true,
    actions: [{ label: "Done", value: true, primary: true }] });
  progress.cancel();
  return changed;
}

/** The address with something behind it that makes the browser fetch the picture anew. */
function fresh(url) {
  return `${url}?at=${Date.now()}`;
}
