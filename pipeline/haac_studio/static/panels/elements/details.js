/** What is known of the element that was chosen in the grid: fetched when it is looked at. */

import { isAbort, latest } from "../../api.js";
import { el } from "../../shell/dom.js";
import { button, debounced, image } from "../shared/dom.js";

const LOOKED_AT = 150; // milliseconds on an element after which its licence is asked for

/**
 * @param {import("../../api.js").Api} api
 * @param {{onAdd: (element: object) => void, onLike: (element: object) => void, onTag: (tag: string) => void,
 *   noLikeness: string}} given noLikeness: why elements like another cannot be found; empty if they can
 * @returns {{root: HTMLElement, show: (element: object|null) => void}}
 */
export function elementDetails(api, given) {
  const root = el("section", { class: "element-details", "aria-label": "Details of the element", hidden: true });
  const fetchAll = latest((signal, id) => api.element(id, signal));
  const complete = debounced(LOOKED_AT, async (element) => {
    try {
      fill(root, await fetchAll(element.id), api, given);
    } catch (error) {
      if (!isAbort(error)) root.querySelector(".details-licence")?.replaceChildren(error.message);
    }
  });
  return {
    root,
    show(element) {
      root.hidden = !element;
      if (!element) return complete.cancel();
      fill(root, element, api, given);
      complete(element);
    },
  };
}

function fill(root, element, api, given) {
  const name = element.name || element.id;
  const facts = [
    ["Id", element.id],
    ["Size", `${element.width} × ${element.height}`],
    element.licence ? ["Licence", element.licence] : ["Licence", "licence" in element ? "not stated" : "…"],
    element.attribution && ["By", element.attribution],
    element.source && ["Source", element.source],
    element.doubts?.length && ["Doubts", [element.doubts].flat().join(", ")],
  ].filter(Boolean);
  const tags = (element.tags ?? []).map((tag) =>
    button(tag, () => given.onTag(tag), { class: "tag", title: `Show what is tagged ${tag}` }));
  root.replaceChildren(
    el("div", { class: "details-head" },
      image({ src: api.thumbnailUrl(element.id, 192), alt: "", class: "details-picture checkerboard" }),
      el("div", { class: "details-facts" },
        el("h3", { title: name }, name),
        el("dl", {}, ...facts.flatMap(([term, said]) => [
          el("dt", {}, term),
          el("dd", { title: said, class: term === "Licence" ? "details-licence" : "" }, said),
        ])))),
    tags.length ? el("div", { class: "tags", role: "group", "aria-label": "Tags" }, ...tags) : "",
    el("div", { class: "row" },
      button("Add", () => given.onAdd(element), { class: "primary", title: "Add to the canvas (Enter)" }),
      button("More like this", () => given.onLike(element), { disabled: given.noLikeness !== "", title: given.noLikeness })));
}
