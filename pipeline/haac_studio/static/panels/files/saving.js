/** Saving into the folder where the studio was started, and downloading. */

import { el } from "../../shell/dom.js";
import { counted, field, newId } from "../shared/dom.js";

const ENDING = /\.(haac|txt|py)$/i;
const PICTURE = /\.(png|webp)$/i;
const ANY_ENDING = /\.[^.]+$/;
const FORMATS = [
  ["haac", "Binary (.haac)", "the smallest"],
  ["txt", "Text (.txt)", "for messages and web pages"],
  ["py", "Script (.py)", "for editing by hand"],
];
const PICTURES = [
  ["png", "PNG picture", "all pixels, for any program"],
  ["webp", "WebP picture", "the same pixels, smaller"],
];

/**
 * Save under the name that the document has, or ask for one. A picture of it can be written, too, which is no saved document.
 *
 * @param {object} app the editor's
 * @param {{ask?: boolean, known: Set<string>}} options ask: for another name; known: names that this session read or
 *   wrote, which may be overwritten without a question
 * @returns {Promise<string|null>} the name; null if no recipe and no script was written
 */
export async function save(app, { ask = false, known }) {
  const { name } = app.document;
  if (!ask && name && known.has(name) && ENDING.test(name)) {
    try {
      return await write(app, name, true);
    } catch (error) {
      if (error.status !== 409) {
        app.dialogs.error("It could not be saved", error);
        return null;
      }
      // Another program changed the file meanwhile: that is a question.
      const question = { title: "Overwrite it?", text: error.message, yes: "Overwrite", danger: true };
      return (await app.dialogs.confirm(question)) ? save(app, { known }) : null;
    }
  }
  return askName(app);
}

async function askName(app) {
  const name = app.document.name || app.state.document?.name || "scene";
  const stem = el("input", { type: "text", value: name.replace(ANY_ENDING, ""), autocomplete: "off",
    spellcheck: "false" });
  const formats = choices("format", [...FORMATS, ...PICTURES], ENDING.exec(name)?.[1].toLowerCase() ?? "haac");
  let saved = null;
  let refused = null; // the name that the person was told is taken: saving it again overwrites it
  const chosen = await app.dialogs.open({
    title: "Save",
    body: el("div", { class: "form" },
      field("Name", stem, "In the folder where the studio was started."),
      formats.root),
    actions: [{ label: "Cancel", value: null }, { label: "Save", value: true, primary: true }],
    onOpen: () => stem.select(),
    check: async () => {
      if (!stem.value.trim()) return "Give it a name.";
      const given = stem.value.trim();
      const wanted = ENDING.test(given) || PICTURE.test(given) ? given : `${given}.${formats.value()}`;
      try {
        saved = await write(app, wanted, refused === wanted);
        return null;
      } catch (error) {
        if (error.status !== 409) return error.message;
        refused = wanted;
        return `${wanted} is there already. Press Save again to overwrite it, or give another name.`;
      }
    },
  });
  return chosen && !PICTURE.test(saved) ? saved : null;
}

async function write(app, name, overwrite) {
  const { name: written, bytes } = await app.api.save(app.document.recipe, name, overwrite);
  const said = `${written} saved, ${counted(bytes, "byte")}`;
  app.status.draft(said);
  app.announce(said);
  return written;
}

/**
 * Ask for a format, and give the file to the browser.
 *
 * @param {object} app the editor's
 */
export async function download(app) {
  const formats = choices("download", [...PICTURES, ...FORMATS], "png");
  let file = null;
  const chosen = await app.dialogs.open({
    title: "Download",
    body: el("div", { class: "form" }, formats.root),
    actions: [{ label: "Cancel", value: null }, { label: "Download", value: true, primary: true }],
    check: async () => {
      try {
        file = await app.api.write(app.document.recipe, formats.value());
        return null;
      } catch (error) {
        return error.message;
      }
    },
  });
  if (!chosen) return;
  const url = URL.createObjectURL(file);
  const stem = (app.document.name || app.state.document?.name || "scene").replace(ANY_ENDING, "");
  el("a", { href: url, download: `${stem}.${formats.value()}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser reads it after the click
}

function choices(label, formats, first) {
  const name = newId(label);
  const inputs = formats.map(([value]) => el("input", { type: "radio", name, value, checked: value === first }));
  const rows = formats.map(([, said, why], n) =>
    el("label", { class: "choice" }, inputs[n], el("span", {}, said), el("small", {}, why)));
  return {
    root: el("fieldset", { class: "choices" }, el("legend", {}, "Format"), ...rows),
    value: () => inputs.find((input) => input.checked).value,
  };
}
