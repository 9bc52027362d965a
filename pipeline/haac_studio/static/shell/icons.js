/** Icons: strokes on a grid of 16 units, drawn for haac. */

/** Path data, by name. */
const PATHS = {
  undo: "M3 6h6.5a3.5 3.5 0 0 1 0 7H6M6 3 3 6l3 3",
  redo: "M13 6H6.5a3.5 3.5 0 0 0 0 7H10M10 3l3 3-3 3",
  duplicate: "M5.5 5.5h8v8h-8zM3 10.5H2.500v-8h8V3",
  trash: "M2.500 4.500h11M6 4.500V2.500h4v2M4 4.500l.7 9h6.600l.7-9M6.700 7v4M9.300 7v4",
  mirrorH: "M8 2v12M6 4.500v7L2 11.500zM10 4.500v7l4 0z",
  mirrorV: "M2 8h12M4.500 6h7L11.500 2zM4.500 10h7l0 4z",
  forward: "M8 13V3.500M4.500 7 8 3.500 11.500 7",
  backward: "M8 3v9.500M4.500 9 8 12.500 11.500 9",
  front: "M8 14V5.500M4.500 9 8 5.500 11.500 9M3 2.500h10",
  back: "M8 2v8.500M4.500 7 8 10.500 11.500 7M3 13.500h10",
  crop: "M4.500 1.500v10h10M1.500 4.500h10v10",
  fit: "M2.500 6V2.500H6M10 2.500h3.500V6M13.500 10v3.500H10M6 13.500H2.500V10",
  actual: "M3.500 5 5.500 3.500v9M10.500 5l2-1.500v9M8.500 6v.1M8.500 10v.1",
  zoomIn: "M7 2.500a4.500 4.500 0 1 0 0 9a4.500 4.500 0 1 0 0-9M10.300 10.300l3.700 3.700M7 5v4M5 7h4",
  zoomOut: "M7 2.500a4.500 4.500 0 1 0 0 9a4.500 4.500 0 1 0 0-9M10.300 10.300l3.700 3.700M5 7h4",
  help: "M8 1.800a6.200 6.200 0 1 0 0 12.400a6.200 6.200 0 1 0 0-12.400M6 6.300a2 2 0 1 1 2.800 1.900c-.6.3-.8.6-.8 1.300M8 11.700v.1",
  theme: "M8 1.800a6.200 6.200 0 1 0 0 12.400zM8 1.800a6.200 6.200 0 0 1 0 12.400M10.500 4v8M12.500 6v4",
  eye: "M1.500 8s2.500-4.500 6.500-4.500S14.500 8 14.500 8S12 12.500 8 12.500S1.500 8 1.500 8M8 6a2 2 0 1 0 0 4a2 2 0 1 0 0-4",
  eyeOff: "M3.500 5C2.200 6.300 1.500 8 1.500 8S4 12.500 8 12.500c1 0 1.900-.3 2.700-.7M6.200 3.700A6.300 6.300 0 0 1 8 3.500c4 0 6.500 4.500 6.500 4.500s-.5 1-1.500 2.200M2.500 2.500l11 11",
  lock: "M3.500 7.500h9v6h-9zM5.500 7.500V5a2.500 2.500 0 0 1 5 0v2.500",
  unlock: "M3.500 7.500h9v6h-9zM5.500 7.500V5a2.500 2.500 0 0 1 4.800-1",
  link: "M6.500 9.500l3-3M7 4.500 8.500 3A3 3 0 0 1 13 7.500L11.500 9M9 11.500 7.500 13A3 3 0 0 1 3 8.500L4.500 7",
  panelLeft: "M2 3h12v10H2zM6 3v10",
  panelRight: "M2 3h12v10H2zM10 3v10",
  panelBottom: "M2 3h12v10H2zM2 9.500h12",
  menu: "M2.500 4.500h11M2.500 8h11M2.500 11.500h11",
  save: "M2.500 2.500h8.500l2.500 2.500v8.500h-11zM5 2.500v3.500h5V2.500M5 13.500V9.500h6v4",
  open: "M1.800 12.500V3.500h4l1.500 2h6.500v2M1.800 12.500l2-5h11l-2 5z",
  download: "M8 2v8M4.800 7 8 10.200 11.200 7M2.500 13.500h11",
  upload: "M8 10.500v-8M4.800 5.500 8 2.300 11.200 5.500M2.500 13.500h11",
  picture: "M2 3h12v10H2zM2 11l3.500-4 3 3.500 2-2L14 12M10.500 6v.1",
  search: "M7 2.500a4.500 4.500 0 1 0 0 9a4.500 4.500 0 1 0 0-9M10.300 10.300l3.700 3.700",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  check: "M3 8.500l3.300 3.500L13 4.500",
  cross: "M3.500 3.500l9 9M12.500 3.500l-9 9",
  history: "M2.500 8a5.500 5.500 0 1 1 1.700 4M2.500 4v4h4M8 5v3.300l2.300 1.500",
  sync: "M13.500 6.500A5.700 5.700 0 0 0 3 5M2.500 9.500A5.700 5.700 0 0 0 13 11M3 2v3h3M13 14v-3h-3",
  publish: "M8 13V4.500M4.500 8 8 4.500 11.500 8M2.500 2h11",
  code: "M5 4.500 1.800 8 5 11.500M11 4.500 14.200 8 11 11.500M9 3 7 13",
  more: "M3.500 8v.1M8 8v.1M12.500 8v.1",
  trace: "M2 12.500C5 3 6.500 13 9 7.500s3-3 5-4M2 14h12",
  down: "M4 6l4 4 4-4",
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
