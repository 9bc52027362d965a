/** PSNR and the share of different pixels, as figures that change while the scene is edited. */

import { el } from "../../shell/dom.js";
import { newId } from "../shared/dom.js";
import { BOUNDARIES } from "./compare.js";

/**
 * @param {(boundary: number) => void} onBoundary called with the boundary that the person chose, levels
 * @returns {{root: HTMLElement, boundary: number, show: (measured: {psnr: number, different: object}|null) => void}}
 */
export function measures(onBoundary) {
  const psnr = el("b", {}, "–");
  const shares = new Map();
  const name = newId("boundary");
  const rows = BOUNDARIES.map((boundary) => {
    const share = el("output", {}, "–");
    shares.set(boundary, share);
    const input = el("input", { type: "radio", name, value: String(boundary), checked: boundary === 25,
      onchange: () => {
        made.boundary = boundary;
        onBoundary(boundary);
      } });
    return el("label", { class: "boundary" }, input, el("span", {}, `off by more than ${boundary}`), share);
  });
  const made = {
    root: el("section", { class: "measures", "aria-label": "How near the canvas comes to the picture" },
      el("p", { class: "psnr" }, psnr, el("span", {}, "dB PSNR")),
      el("fieldset", {}, el("legend", {}, "Different pixels, levels of 255"), ...rows)),
    boundary: 25,
    show(measured) {
      psnr.textContent = measured ? decibels(measured.psnr) : "–";
      for (const [boundary, share] of shares) {
        share.textContent = measured ? `${(100 * measured.different[boundary]).toFixed(2)} %` : "–";
      }
    },
  };
  return made;
}

/** @param {number} psnr @returns {string} one digit after the point; ∞ for the same pixels */
function decibels(psnr) {
  return Number.isFinite(psnr) ? psnr.toFixed(1) : "∞";
}
