/** The help dialog: all keys and gestures. */

import { el } from "./dom.js";

/** Gestures of the pointer, and keys that are no shortcuts: [what, how]. */
const GESTURES = [
  ["Select", "Click; Shift-click adds; drag over the empty canvas"],
  ["Move", "Drag; Shift keeps the direction; Alt without snapping"],
  ["Move by one pixel, by ten", "Arrow keys, Shift + arrow keys"],
  ["Scale", "Drag a corner; Alt changes the shape; Ctrl about the centre"],
  ["Width or height alone", "Drag an edge"],
  ["Rotate", "Drag the round handle; Shift in steps of 15°"],
  ["Crop", "Double-click; drag edges, or the crop itself; Enter ends"],
  ["Move the view", "Wheel; Space or the middle button and drag; two fingers"],
  ["Zoom", "Ctrl + wheel; pinch"],
  ["Copy, cut, paste", "Ctrl+C, Ctrl+X, Ctrl+V"],
  ["Add an element", "Enter or double click in the elements panel; drag it onto the canvas"],
  ["Layers list", "Arrow keys; Shift extends; Space adds; Alt + arrow keys reorder; F2 renames; H hides; L locks"],
];

const TITLES = {
  file: "Files",
  history: "History",
  edit: "Editing",
  order: "Order",
  view: "View",
  panels: "Panels",
  jobs: "Work",
  app: "Studio",
};

/** Columns of the keys that are shown. */
function keysOf(shortcuts, shortcut) {
  const keys = shortcuts.shown(shortcut).split(", ").map((key) => el("kbd", {}, key));
  return keys.flatMap((key, i) => (i ? [" ", key] : [key]));
}

/**
 * @param {import("./dialogs.js").Dialogs} dialogs
 * @param {import("./shortcuts.js").Shortcuts} shortcuts
 */
export function helpDialog(dialogs, shortcuts) {
  const rows = (list) => el("table", { class: "keys" }, el("tbody", {}, ...list.map(([what, how]) =>
    el("tr", {}, el("th", { scope: "row" }, what), el("td", {}, ...(Array.isArray(how) ? how : [how]))))));
  const groups = Map.groupBy
    ? Map.groupBy(shortcuts.list, ({ tool }) => tool.group ?? "jobs")
    : shortcuts.list.reduce((made, entry) => {
      const group = entry.tool.group ?? "jobs";
      return made.set(group, [...(made.get(group) ?? []), entry]);
    }, new Map());
  const sections = Object.keys(TITLES).filter((name) => groups.has(name)).map((name) =>
    el("section", {}, el("h3", {}, TITLES[name]),
      rows(groups.get(name).map(({ tool }) => [tool.label, keysOf(shortcuts, tool.shortcut)]))));
  const body = el("div", { class: "help-columns" },
    el("section", {}, el("h3", {}, "Pointer"), rows(GESTURES)), ...sections);
  return dialogs.open({ title: "Keys and gestures", body, wide: true });
}
