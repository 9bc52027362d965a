/** Bar chart of what each layer costs in the binary form. */

import { el } from "../../shell/dom.js";
import { grouped } from "../shared/dom.js";

/**
 * @param {(layer: object) => string} nameOf what a layer is called
 * @param {(key: string) => void} onSelect called with the key of a layer whose bar was chosen
 * @returns {{root: HTMLElement, show: (document: object) => void}} show draws it anew from the scene and its forms
 */
export function layerBars(nameOf, onSelect) {
  const list = el("ol", { class: "bit-bars", "aria-label": "Bits of each layer" });
  return {
    root: list,
    show({ scene, forms, selection }) {
      const costs = costsOf(scene, forms, nameOf);
      const most = Math.max(1, ...costs.map(({ bits }) => bits));
      list.replaceChildren(...costs.map((cost) => row(cost, most, selection, onSelect)));
    },
  };
}

/**
 * What the parts of a recipe cost, front to back as the layers panel has them, the rest last.
 *
 * @param {object} scene
 * @param {object|null} forms the answer of /api/forms, which may be for a scene that had other layers
 * @param {(layer: object) => string} nameOf
 * @returns {{key: string|null, name: string, bits: number}[]}
 */
export function costsOf(scene, forms, nameOf) {
  if (!forms) return [];
  const bits = forms.layers.map((layer) => layer.bits);
  // Of a scene that was sent without its hidden layers, the answer has none for them either.
  const sent = bits.length === scene.layers.length ? scene.layers : scene.layers.filter((layer) => !layer.hidden);
  const layers = sent
    .map((layer, n) => ({ key: layer.key, name: nameOf(layer), bits: bits[n] ?? 0, hidden: layer.hidden }))
    .filter((layer) => !layer.hidden)
    .reverse();
  const rest = Math.max(0, forms.bits - bits.reduce((sum, each) => sum + each, 0));
  const carried = scene.layers.some(({ element, hidden }) => !hidden && typeof element === "object");
  return [...layers, { key: null, name: carried ? "Canvas, inline elements" : "Canvas", bits: rest }];
}

function row({ key, name, bits }, most, selection, onSelect) {
  const said = `${name}: ${bits.toFixed(1)} bits`;
  const bar = el("span", { class: "bit-bar" });
  bar.style.setProperty("--part", bits / most);
  const parts = [
    el("span", { class: "bit-name" }, name),
    el("span", { class: "bit-track" }, bar),
    el("span", { class: "bit-count" }, bits < 100 ? bits.toFixed(1) : grouped(Math.round(bits))),
  ];
  if (key === null) return el("li", {}, el("div", { class: "bit-row", title: said }, ...parts));
  return el("li", {}, el("button", {
    type: "button",
    class: "bit-row",
    title: said,
    "aria-label": said,
    "aria-pressed": String(selection.has(key)),
    onclick: () => onSelect(key),
  }, ...parts));
}
