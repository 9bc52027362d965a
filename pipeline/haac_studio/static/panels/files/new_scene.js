/** A new, empty scene: the dialog that asks for its canvas. */

import { COMMON_CANVASES, LIMITS } from "/web/constants.js";
import { el } from "../../shell/dom.js";
import { field } from "../shared/dom.js";

const OTHER = "other";
const BACKGROUNDS = [["none", "None (transparent)"], ["white", "White"], ["colour", "A colour"]];

/**
 * Ask for a canvas.
 *
 * @param {object} app the editor's
 * @returns {Promise<object|null>} a scene without layers; null if it was cancelled
 */
export async function askNewScene(app) {
  const { width: w, height: h } = app.document.scene;
  const width = number(w);
  const height = number(h);
  const sizes = el("select", { onchange: () => {
    if (sizes.value === OTHER) return;
    [width.value, height.value] = sizes.value.split("x");
  } }, ...COMMON_CANVASES.map(([a, b]) => el("option", { value: `${a}x${b}` }, `${a} × ${b}`)),
  el("option", { value: OTHER }, "Other"));
  const chosen = () => {
    const size = `${width.value}x${height.value}`;
    sizes.value = COMMON_CANVASES.some(([a, b]) => `${a}x${b}` === size) ? size : OTHER;
  };
  for (const input of [width, height]) input.addEventListener("input", chosen);
  chosen();
  const colour = el("input", { type: "color", value: "#9cc9f0", "aria-label": "Background’s colour", hidden: true });
  const background = el("select", { onchange: () => (colour.hidden = background.value !== "colour") },
    ...BACKGROUNDS.map(([value, label]) => el("option", { value }, label)));
  const body = el("div", { class: "form" },
    field("Canvas", sizes, "These sizes cost fewer bytes than others."),
    el("div", { class: "form-row" }, field("Width, pixels", width), field("Height, pixels", height)),
    el("div", { class: "form-row" }, field("Background", background), colour));
  const made = await app.dialogs.open({
    title: "New scene",
    body,
    actions: [{ label: "Cancel", value: null }, { label: "Create", value: true, primary: true }],
    check: () => wrongSize(width.valueAsNumber, height.valueAsNumber),
  });
  if (!made) return null;
  const rgba = { white: "#ffffff", colour: colour.value }[background.value];
  return {
    width: width.valueAsNumber,
    height: height.valueAsNumber,
    fingerprint: app.state.repository?.fingerprint ?? null,
    similar: false,
    background: rgba ? { kind: "colour", rgba } : null,
    layers: [],
  };
}

function number(value) {
  return el("input", { type: "number", min: "1", max: String(LIMITS.canvas_side), step: "1", required: true,
    value: String(value) });
}

/** What is wrong with a canvas' size, or null. */
function wrongSize(width, height) {
  const side = LIMITS.canvas_side;
  const whole = [width, height].every((each) => Number.isInteger(each) && each >= 1 && each <= side);
  if (!whole) return `The canvas is ${width || "?"} × ${height || "?"} pixels; 1 to ${side} each are allowed`;
  const most = LIMITS.canvas_pixels;
  return width * height <= most ? null : `The canvas has ${width * height} pixels; at most ${most} are allowed`;
}
