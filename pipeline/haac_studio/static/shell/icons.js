/** Icons: strokes on a grid of 16 units, drawn for haac. */

/** Path data, by name. */
const PATHS = {
  undo: "M3 6h6.5a3.5 3.5 0 0 1 0 7H6M6 3 3 6l3 3",
  redo: "M13 6H6.5a3.5 3.5 0 0 0 0 7H10M10 3l3 3-3 3",
  duplicate: "M5.5 5.5h8v8h-8zM3 10.5H2.5v-8h8V3",
  trash: "M2.5 4.5h11M6 4.5V2.5h4v2M4 4.5l.7 9h6.6l.7-9M6.7 7v4M9.3 7v4",
  mirrorH: "M8 2v12M6 4.5v7L2 11.5zM10 4.5v7l4 0z",
  mirrorV: "M2 8h12M4.5 6h7L11.5 2zM4.5 10h7l0 4z",
  forward: "M8 13V3.5M4.5 7 8 3.5 11.5 7",
  backward: "M8 3v9.5M4.5 9 8 12.5 11.5 9",
  front: "M8 14V5.5M4.5 9 8 5.5 11.5 9M3 2.5h10",
  back: "M8 2v8.5M4.5 7 8 10.5 11.5 7M3 13.5h10",
  several: "M2.5 5V2.5H5M7 2.5h2M2.5 7v2M9 5.5h4.5v8h-8V9H9z",
  crop: "M4.5 1.5v10h10M1.5 4.5h10v10",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  actual: "M3.5 5 5.5 3.5v9M10.5 5l2-1.5v9M8.5 5.8v.7M8.5 9.5v.7",
  zoomIn: "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M10.3 10.3l3.7 3.7M7 5v4M5 7h4",
  zoomOut: "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M10.3 10.3l3.7 3.7M5 7h4",
  help: "M8 1.8a6.2 6.2 0 1 0 0 12.4a6.2 6.2 0 1 0 0-12.4M6 6.3a2 2 0 1 1 2.8 1.9c-.6.3-.8.6-.8 1.3M8 11.7v.1",
  theme: "M13.5 9.7A5.8 5.8 0 0 1 6.3 2.5a5.8 5.8 0 1 0 7.2 7.2z",
  eye: "M1.5 8s2.5-4.5 6.5-4.5S14.5 8 14.5 8S12 12.5 8 12.5S1.5 8 1.5 8M8 6a2 2 0 1 0 0 4a2 2 0 1 0 0-4",
  eyeOff: "M3.5 5C2.2 6.3 1.5 8 1.5 8S4 12.5 8 12.5c1 0 1.9-.3 2.7-.7M6.2 3.7A6.3 6.3 0 0 1 8 3.5c4 0 6.5 4.5 6.5 4.5" +
    "s-.5 1-1.5 2.2M2.5 2.5l11 11",
  lock: "M3.5 7.5h9v6h-9zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
  unlock: "M3.5 7.5h9v6h-9zM5.5 7.5V5a2.5 2.5 0 0 1 4.8-1",
  link: "M6.5 9.5l3-3M7 4.5 8.5 3A3 3 0 0 1 13 7.5L11.5 9M9 11.5 7.5 13A3 3 0 0 1 3 8.5L4.5 7",
  panelLeft: "M2 3h12v10H2zM6 3v10",
  panelRight: "M2 3h12v10H2zM10 3v10",
  panelBottom: "M2 3h12v10H2zM2 9.5h12",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  save: "M2.5 2.5h8.5l2.5 2.5v8.5h-11zM5 2.5v3.5h5V2.5M5 13.5V9.5h6v4",
  open: "M1.8 12.5V3.5h4l1.5 2h6.5v2M1.8 12.5l2-5h11l-2 5z",
  download: "M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
  upload: "M8 10.5v-8M4.8 5.5 8 2.3 11.2 5.5M2.5 13.5h11",
  picture: "M2 3h12v10H2zM2 11l3.5-4 3 3.5 2-2L14 12M10.5 6v.1",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M10.3 10.3l3.7 3.7",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  check: "M3 8.5l3.3 3.5L13 4.5",
  cross: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  history: "M2.5 8a5.5 5.5 0 1 1 1.7 4M2.5 4v4h4M8 5v3.3l2.3 1.5",
  sync: "M13.5 6.5A5.7 5.7 0 0 0 3 5M2.5 9.5A5.7 5.7 0 0 0 13 11M3 2v3h3M13 14v-3h-3",
  publish: "M8 13V4.5M4.5 8 8 4.5 11.5 8M2.5 2h11",
  code: "M5 4.5 1.8 8 5 11.5M11 4.5 14.2 8 11 11.5M9 3 7 13",
  more: "M3.5 8v.1M8 8v.1M12.5 8v.1",
  trace: "M2 12.5C5 3 6.5 13 9 7.5s3-3 5-4M2 14h12",
  down: "M4 6l4 4 4-4",
  alignLeft: "M2.5 2v12M5 4.5h8.5v2.5H5zM5 9.5h5V12H5z",
  alignCentre: "M8 2v2.5M8 7v2.5M8 12v2M3.5 4.5h9v2.5h-9zM5.5 9.5h5V12h-5z",
  alignRight: "M13.5 2v12M2.5 4.5H11v2.5H2.5zM6 9.5h5V12H6z",
  alignTop: "M2 2.5h12M4.5 5v8.5H7V5zM9.5 5v5H12V5z",
  alignMiddle: "M2 8h2.5M7 8h2.5M12 8h2M4.5 3.5v9H7v-9zM9.5 5.5v5H12v-5z",
  alignBottom: "M2 13.5h12M4.5 2.5V11H7V2.5zM9.5 6v5H12V6z",
  turnLeft: "M7 4.5h4a2.5 2.5 0 0 1 2.5 2.5M4.5 7 2.2 4.5 4.5 2M2.2 4.5H7M2.5 8.5h7v5h-7z",
  turnRight: "M9 4.5H5A2.5 2.5 0 0 0 2.5 7M11.5 7l2.3-2.5L11.5 2M13.8 4.5H9M6.5 8.5h7v5h-7z",
};

/** Names of all icons. */
export const ICONS = Object.keys(PATHS);

/**
 * @param {string} name one of `ICONS`
 * @returns {SVGSVGElement} it takes the colour of the text, and says nothing to screen readers
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name] ?? PATHS.more);
  svg.append(path);
  return svg;
}
