/** Choosing a colour to search by: twelve swatches, and any other. */

import { el } from "../../shell/dom.js";
import { button } from "../shared/dom.js";

const SWATCHES = [
  ["red", "#d5352f"], ["orange", "#ee8322"], ["yellow", "#f6cf3a"], ["green", "#4a9d44"], ["teal", "#2aa198"],
  ["blue", "#3574d4"], ["violet", "#7c4fc4"], ["pink", "#e86aa6"], ["brown", "#80552f"], ["black", "#1d1d1f"],
  ["grey", "#8d939b"], ["white", "#f7f7f5"],
];

/**
 * @param {(colour: string|null) => void} onChoose "#rrggbb", or null for any colour
 * @returns {{root: HTMLElement, show: (colour: string|null) => void}} show marks the chosen one
 */
export function colourChooser(onChoose) {
  let chosen = null;
  const choose = (colour) => {
    show(colour === chosen ? null : colour);
    onChoose(chosen);
  };
  const swatches = SWATCHES.map(([name, colour]) => {
    const node = button("", () => choose(colour), { class: "swatch", "aria-label": `Search for ${name}`, title: name });
    node.style.setProperty("--swatch", colour);
    return { node, colour };
  });
  const other = el("input", { type: "color", class: "swatch-other", "aria-label": "Search for another colour",
    title: "another colour", value: "#66aa88" });
  other.addEventListener("input", () => {
    show(other.value);
    onChoose(other.value);
  });
  const show = (colour) => {
    chosen = colour;
    for (const { node, colour: own } of swatches) node.setAttribute("aria-pressed", own === colour);
    other.classList.toggle("chosen", colour !== null && !swatches.some((swatch) => swatch.colour === colour));
  };
  show(null);
  const nodes = swatches.map(({ node }) => node);
  return { root: el("div", { class: "swatches", role: "group", "aria-label": "Colour" }, ...nodes, other), show };
}
