/** Making elements of pictures: a picture dropped on the elements panel, or chosen, is cut and reviewed. */

import { el } from "../../shell/dom.js";
import { icon } from "../../shell/icons.js";
import { counted } from "../shared/dom.js";
import { PICTURES, acceptFiles, chooseFile, isRecipe } from "../shared/drop.js";
import { progressArea } from "../shared/progress.js";
import { reviewCutouts } from "./review.js";

/**
 * @param {object} app the editor's
 * @param {HTMLElement} target on which pictures can be dropped
 * @param {{why: string, onStored: (elements: object[]) => void}} given
 * @returns {{root: HTMLElement, take: (picture: Blob, name: string) => Promise<void>}}
 */
export function ingestArea(app, target, { why, onStored }) {
  const progress = progressArea(app);
  const take = async (picture, name) => {
    const found = await progress.run("Cutting out", () => app.api.startIngest(picture, name));
    if (!found) return;
    if (!found.cutouts.length) return progress.say(`Nothing could be cut out of ${name}`);
    const stored = await reviewCutouts(app, found, name);
    if (!stored) return progress.say("Discarded");
    const fresh = stored.filter((element) => element.new !== false).length;
    const old = stored.length - fresh;
    const already = old ? `, ${old} ${old === 1 ? "was" : "were"} there already` : "";
    const said = `${counted(fresh, "element")} stored${already}`;
    progress.say(said);
    app.announce(said);
    onStored(stored);
  };
  const choose = async () => {
    const file = await chooseFile(PICTURES);
    if (file) take(file, file.name);
  };
  const add = el("button", { type: "button", class: "ingest-button", onclick: choose, disabled: why !== "",
    title: why || "Cut elements out of a picture: choose one, or drop it on this panel" },
  icon("plus"), "Elements from a picture");
  if (!why) acceptFiles(target, (file) => take(file, file.name), (file) => !isRecipe(file));
  return { root: el("div", { class: "ingest" }, add, progress.root), take };
}
