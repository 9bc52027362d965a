/** Files: the toolbar's commands, what is dropped and pasted, and whether the scene is saved. */

import { el, isTyping } from "../../shell/dom.js";
import { acceptFiles, isRecipe } from "../shared/drop.js";
import { askNewScene } from "./new_scene.js";
import { askText, open, openFile, pasteText, recipeName } from "./opening.js";
import { download, save } from "./saving.js";

/**
 * @param {object} app the editor's
 * @param {{onPicture: (picture: Blob, name: string) => void}} given onPicture: what becomes of a picture that is
 *   pasted, or dropped on the stage
 */
export function mountFiles(app, { onPicture }) {
  const known = new Set(app.state.document?.kind && app.state.document.name ? [app.state.document.name] : []);
  const mark = savedMark(app);
  const mayReplace = async () => !mark.unsaved() || app.dialogs.confirm({
    title: "Changes are not saved",
    text: "What was changed since the last save is lost.",
    yes: "Lose the changes",
    danger: true,
  });
  const saved = async (ask) => {
    const scene = app.document.scene;
    const name = await save(app, { ask, known });
    if (!name) return;
    known.add(name);
    app.document.name = name;
    mark.saved(scene);
    if (app.document.scene !== scene) return;
    app.autosave?.kept();
    app.api.deleteDraft().catch(() => {}); // it would only be asked about again
  };
  const renew = async () => {
    const scene = await askNewScene(app);
    if (scene && (await mayReplace())) {
      app.document.open(scene, "New scene", null);
      app.stage.fit();
      mark.saved();
    }
  };
  const opened = (done) => {
    if (done) mark.saved();
  };
  const take = async (file) => opened(await openFile(app, file, mayReplace));

  const tools = [
    { id: "new", label: "New scene", icon: "plus", shortcut: "Alt+N", run: renew },
    { id: "open", label: "Open", icon: "open", shortcut: "Mod+O", run: () => open(app, mayReplace, onPicture).then(opened) },
    { id: "save", label: "Save", icon: "save", shortcut: "Mod+S", run: () => saved(false), always: true },
    { id: "save-as", label: "Save as", shortcut: "Mod+Shift+S", run: () => saved(true), hidden: true },
    { id: "download", label: "Download", icon: "download", shortcut: "Mod+E", run: () => download(app) },
    { id: "from-text", label: "Recipe from text", icon: "code", run: () => askText(app) },
  ];
  for (const tool of tools) app.toolbar.add({ group: "file", ...tool });
  acceptFiles(document.getElementById("stage"), (file) => (isRecipe(file) ? take(file) : onPicture(file, file.name)));
  // A file that misses its place must not replace the page.
  for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());
  // Before the editor, which takes every other text for layers.
  document.addEventListener("paste", (event) => paste(app, event, onPicture), { capture: true });
  return { saved: mark.saved };
}

function paste(app, event, onPicture) {
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const picture = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
  const text = event.clipboardData.getData("text/plain");
  if (!picture && !recipeName(text)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (picture) onPicture(picture, picture.name || "pasted picture");
  else pasteText(app, text);
}

/** The document's name with a mark while it has changes that are not saved; in the toolbar and in the page's title. */
function savedMark(app) {
  let last = app.document.scene;
  let shown = "";
  const label = el("span", { class: "document-name", id: "document-name" });
  const unsaved = () => app.document.scene !== last;
  const show = () => {
    // What was just opened is a history of its own, of one state; a draft has been saved nowhere.
    if (!app.document.canUndo && !app.document.canRedo && app.document.history.present.label !== "Draft") {
      last = app.document.scene;
    }
    const name = app.document.name || "Untitled";
    const changed = unsaved();
    const wanted = `${changed} ${name}`;
    if (wanted === shown) return; // most moves of a drag change nothing here
    shown = wanted;
    label.replaceChildren(el("b", {}, name), changed ? el("span", { class: "unsaved", title: "Not saved" }, "•") : "",
      changed ? el("span", { class: "hidden-visually" }, "not saved") : "");
    document.title = `${changed ? "• " : ""}${name} – haac studio`;
  };
  app.toolbar.groups?.gap?.append(label);
  app.document.addEventListener("scene", show);
  app.document.addEventListener("history", show);
  show();
  return {
    unsaved,
    show,
    saved(scene = app.document.scene) {
      last = scene;
      show();
    },
  };
}
