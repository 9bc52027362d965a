/** Edges between the areas of the page that can be moved: ARIA's window splitter. Sizes are kept by the browser. */

import { el } from "./dom.js";

const KEY = "haac-studio-sizes";

/** How far an arrow key moves an edge, pixels. */
const STEP = 16;

/**
 * @typedef {object} Edge
 * @property {string} size CSS custom property with the size of the area
 * @property {string} area id of the area
 * @property {string} label
 * @property {"left"|"right"|"top"} side of the area on which the edge is
 * @property {number} least pixels
 * @property {() => number} most pixels
 */

/** @type {Edge[]} */
const EDGES = [
  {
    size: "--left", area: "elements-panel", label: "Width of the elements panel", side: "right", least: 180,
    most: () => innerWidth * 0.4,
  },
  {
    size: "--right", area: "side", label: "Width of the inspector", side: "left", least: 240,
    most: () => innerWidth * 0.4,
  },
  {
    size: "--drawer", area: "recipe-panel", label: "Height of the recipe panel", side: "top", least: 90,
    most: () => innerHeight * 0.5,
  },
  {
    size: "--layers", area: "layers", label: "Height of the layers list", side: "top", least: 120,
    most: () => innerHeight * 0.7,
  },
];

/** @returns {Record<string, number>} sizes that were chosen, by custom property */
function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

/** Put the edges onto the page. */
export function mountSplitters() {
  const sizes = kept();
  for (const edge of EDGES) mountEdge(edge, sizes);
}

/** @param {Edge} edge @param {Record<string, number>} sizes */
function mountEdge(edge, sizes) {
  const area = document.getElementById(edge.area);
  const across = edge.side !== "top";
  const measure = () => (across ? area.offsetWidth : area.offsetHeight);
  const set = (value) => {
    sizes[edge.size] = Math.round(Math.max(edge.least, Math.min(edge.most(), value)));
    document.documentElement.style.setProperty(edge.size, `${sizes[edge.size]}px`);
    line.setAttribute("aria-valuenow", sizes[edge.size]);
    localStorage.setItem(KEY, JSON.stringify(sizes));
  };
  const reset = () => {
    delete sizes[edge.size];
    document.documentElement.style.removeProperty(edge.size);
    localStorage.setItem(KEY, JSON.stringify(sizes));
  };
  let from = null;
  const position = (event) => (across ? event.clientX : event.clientY);
  const line = el("div", {
    class: `splitter ${edge.side}`,
    role: "separator",
    tabindex: 0,
    title: `${edge.label}; double click: as it was`,
    "aria-label": edge.label,
    "aria-orientation": across ? "vertical" : "horizontal",
    "aria-controls": edge.area,
    "aria-valuemin": edge.least,
    "aria-valuenow": edge.least,
    onpointerdown: (event) => {
      from = { at: position(event), size: measure() };
      line.setPointerCapture(event.pointerId);
    },
    onpointermove: (event) => {
      if (from) set(from.size + (position(event) - from.at) * (edge.side === "right" ? 1 : -1));
    },
    onpointerup: () => (from = null),
    onpointercancel: () => (from = null),
    ondblclick: reset,
    onfocus: () => line.setAttribute("aria-valuenow", measure()),
    onkeydown: (event) => {
      const larger = { right: "ArrowRight", left: "ArrowLeft", top: "ArrowUp" }[edge.side];
      const smaller = { right: "ArrowLeft", left: "ArrowRight", top: "ArrowDown" }[edge.side];
      if (event.key !== larger && event.key !== smaller) return;
      event.preventDefault();
      event.stopPropagation();
      set(measure() + (event.key === larger ? STEP : -STEP));
    },
  });
  area.append(line);
  if (Number.isFinite(sizes[edge.size])) set(sizes[edge.size]);
}
