/** Review of what was cut out of a picture: each cut-out is accepted or discarded; then names, tags and licence. */

import { el } from "../../shell/dom.js";
import { button, counted, field, image } from "../shared/dom.js";
import { refine } from "./refine.js";

const LICENCES = ["CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "own work"];

/**
 * Show the review until it is decided.
 *
 * @param {object} app the editor's
 * @param {{review: string, name: string, notes: string[], cutouts: {n: number, width: number, height: number,
 *   quality: number|null, doubts: string[], box: number[]}[]}} found result of an ingest job
 * @param {string} fileName of the picture; its stem is proposed as the name
 * @returns {Promise<object[]|null>} the new elements; null if all was discarded
 */
export async function reviewCutouts(app, found, fileName) {
  const chosen = new Set(found.cutouts.filter((cutout) => !doubtsOf(cutout).length).map((cutout) => cutout.n));
  if (!chosen.size && found.cutouts.length) chosen.add(found.cutouts[0].n);
  const name = el("input", { type: "text", value: found.name || stem(fileName), autocomplete: "off" });
  const tags = el("input", { type: "text", placeholder: "apart by commas", autocomplete: "off" });
  const licence = el("input", { type: "text", placeholder: "such as CC0-1.0", autocomplete: "off", list: "licences" });
  const attribution = el("input", { type: "text", placeholder: "who made it", autocomplete: "off" });
  const licences = el("datalist", { id: "licences" }, ...LICENCES.map((value) => el("option", { value })));
  const state = el("p", { class: "review-state", "aria-live": "polite" });
  const cards = found.cutouts.map((cutout) => card(app, found.review, cutout, chosen, () => show()));
  const show = () => {
    const become = chosen.size === 1 ? "becomes an element" : "become elements";
    state.textContent = chosen.size
      ? `${chosen.size} of ${counted(found.cutouts.length, "cut-out")} ${become}`
      : "Nothing is chosen: all will be discarded";
  };
  show();
  let elements = null;
  const body = el("div", { class: "review" }, ...(found.notes ?? []).map((note) => el("p", { class: "note" }, note)),
    el("div", { class: "review-cards", role: "list" }, ...cards), state,
    el("div", { class: "form review-form" },
      field("Name", name), field("Tags", tags), field("Licence", licence), licences, field("Attribution", attribution)));
  await app.dialogs.open({
    title: `${counted(found.cutouts.length, "cut-out")} of ${fileName}`,
    body,
    wide: true,
    actions: [
      { label: "Discard all", value: "discard" },
      { label: "Store elements", value: "accept", primary: true },
    ],
    check: async (value) => {
      if (value === "discard" || !chosen.size) return null;
      try {
        const accepted = { n: [...chosen], name: name.value.trim(), licence: licence.value.trim(),
          attribution: attribution.value.trim(),
          tags: tags.value.split(",").map((tag) => tag.trim()).filter(Boolean) };
        ({ elements } = await app.api.accept(found.review, accepted));
        return null;
      } catch (error) {
        return error.message;
      }
    },
  });
  if (elements) return elements;
  app.api.discard(found.review).catch(() => {}); // it goes with the server at the latest
  return null;
}

function card(app, review, cutout, chosen, onChange) {
  const picture = image({ src: app.api.cutoutUrl(review, cutout.n) });
  const facts = el("p", { class: "review-facts" });
  const doubts = el("ul", { class: "review-doubts" });
  const label = `Cut-out ${cutout.n}`;
  const accept = el("input", { type: "checkbox", checked: chosen.has(cutout.n), onchange: () => {
    if (accept.checked) chosen.add(cutout.n);
    else chosen.delete(cutout.n);
    root.classList.toggle("chosen", accept.checked);
    onChange();
  } });
  const show = (shown) => {
    const quality = Number.isFinite(shown.quality) ? `, quality ${shown.quality} of 100` : "";
    facts.textContent = `${shown.width} × ${shown.height}${quality}`;
    doubts.replaceChildren(...doubtsOf(shown).map((doubt) => el("li", {}, doubt)));
  };
  const strokes = [];
  const again = async () => {
    const after = await refine(app, review, cutout, strokes);
    if (!after) return;
    picture.src = `${app.api.cutoutUrl(review, cutout.n)}?at=${Date.now()}`;
    show({ ...cutout, ...after });
  };
  const root = el("div", { class: `review-card${chosen.has(cutout.n) ? " chosen" : ""}`, role: "listitem" },
    el("label", { class: "review-picture checkerboard" }, picture),
    facts, doubts,
    el("div", { class: "review-actions" }, el("label", { class: "check" }, accept, el("span", {}, "Accept")),
      button("Refine edges", again)));
  root.querySelector(".review-picture").prepend(el("span", { class: "hidden-visually" }, `${label}: accept`));
  root.querySelector(".review-picture").addEventListener("click", (event) => {
    event.preventDefault();
    accept.click();
  });
  accept.setAttribute("aria-label", `Accept ${label.toLowerCase()}`);
  show(cutout);
  return root;
}

function doubtsOf(cutout) {
  return [cutout.doubts ?? []].flat();
}

function stem(fileName) {
  return fileName.replace(/\.[^.]*$/, "").replace(/[_-]+/g, " ").trim();
}
