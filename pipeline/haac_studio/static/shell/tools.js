/** The editor's own tools: buttons of the toolbar, and shortcuts. */

import { helpDialog } from "./help.js";
import { isTyping } from "./dom.js";
import { chosenTheme, nextTheme } from "./theme.js";

/** @param {import("../app.js").App} app */
export function addTools(app) {
  addPanelTools(app);
  addHistoryTools(app);
  addEditTools(app);
  addViewTools(app);
  addKeys(app);
  wireClipboard(app);
}

/** Buttons that show and hide the areas of the page. */
function addPanelTools({ toolbar }) {
  const { body } = document;
  const without = new Set(JSON.parse(localStorage.getItem("haac-studio-without") ?? "[]"));
  const areas = [
    ["elements-panel", "Elements panel", "panelLeft", "Alt+1"],
    ["recipe-panel", "Recipe panel", "panelBottom", "Alt+2"],
    ["side", "Inspector and layers", "panelRight", "Alt+3"],
  ];
  for (const [id, label, icon, shortcut] of areas) {
    const show = () => {
      body.dataset.without = [...without].join(" ");
      button.setPressed(!without.has(id));
      localStorage.setItem("haac-studio-without", JSON.stringify([...without]));
    };
    const run = () => {
      if (!without.delete(id)) without.add(id);
      show();
    };
    const button = toolbar.add({ id: `show-${id}`, label, icon, shortcut, run, group: "panels", always: true });
    show();
  }
}

function addHistoryTools({ toolbar, document, announce }) {
  const step = (name) => () => {
    const label = name === "undo" ? document.history.undoLabel : document.history.redoLabel;
    if (document[name]()) announce(`${name === "undo" ? "Undone" : "Redone"}: ${label}`);
    else announce(`Nothing to ${name}`);
  };
  const shared = { group: "history", inNumbers: true };
  const undo = toolbar.add({
    id: "undo", label: "Undo", icon: "undo", shortcut: "Mod+Z", run: step("undo"), ...shared,
  });
  const redo = toolbar.add({
    id: "redo", label: "Redo", icon: "redo", shortcut: "Mod+Shift+Z Mod+Y", run: step("redo"), ...shared,
  });
  const update = () => {
    undo.setEnabled(document.canUndo);
    redo.setEnabled(document.canRedo);
  };
  document.addEventListener("history", update);
  update();
}

function addEditTools({ toolbar, document, commands, stage }) {
  const tools = [
    ["duplicate", "Duplicate", "duplicate", "Mod+D", () => commands.duplicate(), "edit"],
    ["delete", "Delete", "trash", "Delete Backspace", () => commands.remove(), "edit"],
    ["crop", "Crop", "crop", "C", () => commands.toggleCrop(), "edit"],
    ["mirror-h", "Mirror left and right", "mirrorH", "Shift+H", () => commands.mirror("h"), "edit"],
    ["mirror-v", "Mirror top and bottom", "mirrorV", "Shift+V", () => commands.mirror("v"), "edit"],
    ["forward", "Bring forward", "forward", "]", () => commands.order("forward"), "order"],
    ["backward", "Send backward", "backward", "[", () => commands.order("backward"), "order"],
    ["front", "To the front", "front", "} Mod+]", () => commands.order("front"), "order"],
    ["back", "To the back", "back", "{ Mod+[", () => commands.order("back"), "order"],
  ];
  const buttons = tools.map(([id, label, icon, shortcut, run, group]) =>
    toolbar.add({ id, label, icon, shortcut, run, group }));
  const crop = buttons[2];
  const several = toolbar.add({
    id: "several", label: "Select several", icon: "several", group: "edit",
    run: () => {
      stage.adding = !stage.adding;
      several.setPressed(stage.adding);
    },
  });
  several.setPressed(false);
  const update = () => {
    for (const button of buttons) button.setEnabled(document.selection.size > 0);
    crop.setEnabled(document.selection.size === 1);
  };
  document.addEventListener("selection", update);
  stage.addEventListener("crop", () => crop.setPressed(stage.cropping !== null));
  update();
}

function addViewTools({ toolbar, stage, dialogs, shortcuts, announce }) {
  const zoomed = (run) => () => {
    run();
    announce(`Zoom ${Math.round(stage.view.zoom * 100)} per cent`);
  };
  const view = [
    ["zoom-out", "Zoom out", "zoomOut", "-", () => stage.view.zoomStep(-1)],
    ["zoom-in", "Zoom in", "zoomIn", "+ =", () => stage.view.zoomStep(1)],
    ["actual", "Actual size, 100 %", "actual", "1", () => stage.view.zoomAt(1)],
    ["fit", "Fit the canvas", "fit", "0", () => stage.fit()],
  ];
  for (const [id, label, icon, shortcut, run] of view) {
    toolbar.add({ id, label, icon, shortcut, run: zoomed(run), group: "view" });
  }
  toolbar.add({
    id: "fit-selection", label: "Zoom to the selection", shortcut: "2", hidden: true, group: "view",
    run: zoomed(() => {
      const box = stage.selectedBox();
      if (box) stage.view.fit(box, { enlarge: true });
    }),
  });
  const theme = toolbar.add({
    id: "theme", label: `Theme: ${chosenTheme()}`, icon: "theme", group: "app",
    run: () => {
      theme.setLabel(`Theme: ${nextTheme()}`);
      announce(`Theme: ${chosenTheme()}`);
    },
  });
  toolbar.add({
    id: "help", label: "Keys and gestures", icon: "help", shortcut: "? F1", group: "app",
    run: () => helpDialog(dialogs, shortcuts),
  });
}

/** Shortcuts without buttons. */
function addKeys({ toolbar, document: doc, commands, stage }) {
  const key = (id, label, shortcut, run) => toolbar.add({ id, label, shortcut, run, group: "edit", hidden: true });
  key("select-all", "Select all layers", "Mod+A", () => commands.selectAll());
  key("escape", "Break off; end the crop mode; select nothing", "Escape", () => {
    if (stage.pointers.cancel()) return;
    if (stage.picking) stage.picked(null);
    else if (stage.cropping) stage.crop(null);
    else doc.select([]);
  });
  key("hide", "Hide or show", "Mod+Shift+H", () => commands.toggleHidden());
  key("lock", "Lock or unlock", "Mod+Shift+L", () => commands.toggleLocked());
  key("turn-left", "Rotate by 15° to the left", "R", () => commands.rotate(60));
  key("turn-right", "Rotate by 15° to the right", "Shift+R", () => commands.rotate(-60));
  key("turn-left-1", "Rotate by 1° to the left", "Alt+R", () => commands.rotate(4));
  key("turn-right-1", "Rotate by 1° to the right", "Alt+Shift+R", () => commands.rotate(-4));
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const pan = 48;
  stage.element.addEventListener("keydown", (event) => {
    const arrow = arrows[event.key];
    // Not a shortcut of the page: elsewhere Enter presses buttons.
    if (event.key === "Enter" && stage.cropping) stage.crop(null);
    if (!arrow || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const by = event.shiftKey ? 10 : 1;
    if (doc.selection.size) commands.nudge(arrow[0] * by, arrow[1] * by);
    else stage.view.pan(-arrow[0] * pan, -arrow[1] * pan);
  });
  holdSpace(stage);
}

/** Space and dragging moves the view. */
function holdSpace(stage) {
  const set = (on) => {
    stage.pointers.space = on;
    stage.element.style.cursor = on ? "grab" : "";
  };
  document.addEventListener("keydown", (event) => {
    const pressed = "button, select, summary, a, [role=option], [role=listbox], [role=grid], [role=tab]";
    const busy = event.target.closest?.(pressed) || isTyping(event.target);
    if (event.key !== " " || busy || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    if (!event.repeat) set(true);
  });
  document.addEventListener("keyup", (event) => event.key === " " && stage.pointers.space && set(false));
  window.addEventListener("blur", () => stage.pointers.space && set(false));
}

/** Copy, cut and paste, also between windows. */
function wireClipboard({ commands }) {
  const elsewhere = (event) =>
    isTyping(event.target) || document.querySelector("dialog[open]") || String(window.getSelection()) !== "";
  for (const name of ["copy", "cut"]) {
    document.addEventListener(name, (event) => {
      const text = elsewhere(event) ? null : commands[name]();
      if (!text) return;
      event.clipboardData.setData("text/plain", text);
      event.preventDefault();
    });
  }
  document.addEventListener("paste", (event) => {
    if (!elsewhere(event) && commands.paste(event.clipboardData.getData("text/plain"))) event.preventDefault();
  });
}
