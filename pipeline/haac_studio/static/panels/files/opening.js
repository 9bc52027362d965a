/** Opening recipes and scripts: chosen, dropped, or pasted. */

import { el } from "../../shell/dom.js";
import { PICTURES, chooseFile, isRecipe } from "../shared/drop.js";

const TEXT = /^\s*haac1:/;
const SCRIPT = /^\s*(from|import)\s+haac\b/m;

/**
 * Ask for a file and open it; a picture is traced.
 *
 * @param {object} app the editor's
 * @param {() => Promise<boolean>} mayReplace asks about changes that are not saved
 * @param {(picture: Blob, name: string) => void} onPicture what becomes of a picture
 * @returns {Promise<boolean>} whether a recipe or a script was opened
 */
export async function open(app, mayReplace, onPicture) {
  const file = await chooseFile(`.haac,.txt,.py,${PICTURES}`);
  if (file === null) return false;
  if (isRecipe(file)) return openFile(app, file, mayReplace);
  onPicture(file, file.name);
  return false;
}

/**
 * Open a recipe or a script; what is wrong with it is said in a dialog. Nothing in it is executed.
 *
 * @param {object} app the editor's
 * @param {File} file
 * @param {() => Promise<boolean>} mayReplace
 * @returns {Promise<boolean>} whether it was opened
 */
export async function openFile(app, file, mayReplace) {
  let read;
  try {
    read = await app.api.read(file.name, file);
  } catch (error) {
    await app.dialogs.error(`${file.name} could not be opened`, error);
    return false;
  }
  if (!(await mayReplace())) return false;
  app.document.open(read.scene, `Open ${file.name}`, file.name);
  app.stage.fit();
  app.announce(`${file.name} opened`);
  return true;
}

/**
 * What a pasted text is, by its beginning.
 *
 * @param {string} text
 * @returns {string|null} a name for /api/read; null if it is no recipe and no script
 */
export function recipeName(text) {
  if (TEXT.test(text)) return "pasted.txt";
  return SCRIPT.test(text) && /\bScene\s*\(/.test(text) ? "pasted.py" : null;
}

/**
 * Put a pasted recipe in the place of the scene: one undo step, so nothing is lost.
 *
 * @param {object} app the editor's
 * @param {string} text
 */
export async function pasteText(app, text) {
  try {
    const { scene } = await app.api.read(recipeName(text), text.trim());
    app.document.replace(scene, "Paste a recipe");
    app.announce("Recipe pasted");
  } catch (error) {
    app.dialogs.error("What was pasted could not be read", error);
  }
}

/**
 * A dialog with a field for recipe text, for browsers and hands that cannot paste into the page.
 *
 * @param {object} app the editor's
 */
export async function askText(app) {
  const text = el("textarea", { rows: "6", spellcheck: "false", "aria-label": "Recipe as text, or a script" });
  let read = null;
  const chosen = await app.dialogs.open({
    title: "Recipe from text",
    body: el("div", { class: "form" },
      el("p", {}, "A recipe begins with haac1: and a script with “from haac import”."),
      text),
    actions: [{ label: "Cancel", value: null }, { label: "Show", value: true, primary: true }],
    check: async () => {
      try {
        read = await app.api.read(recipeName(text.value) ?? "pasted.txt", text.value.trim());
        return null;
      } catch (error) {
        return error.message;
      }
    },
  });
  if (chosen) app.document.replace(read.scene, "Recipe from text");
}
