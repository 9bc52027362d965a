/** The recipe panel: bytes, what each layer costs, and all forms of the recipe, while the scene is being made. */

import { el } from "../../shell/dom.js";
import { icon } from "../../shell/icons.js";
import { tabs } from "../../shell/tabs.js";
import { grouped, iconButton } from "../shared/dom.js";
import { layerBars } from "./bars.js";
import { scriptView } from "./script_view.js";
import { warningsOf } from "./warnings.js";

/**
 * @param {object} app the editor's
 * @returns {HTMLElement}
 */
export function recipePanel(app) {
  const select = (key) => app.document.select([key]);
  const bars = layerBars((layer) => app.names.of(layer), select);
  const script = scriptView(select);
  const text = el("code", { class: "recipe-text", tabindex: 0, role: "region", "aria-label": "Text form" });
  const english = el("div", { class: "english", tabindex: 0, role: "region", "aria-label": "Plain English" });
  const bytes = el("output", { class: "bytes", "aria-label": "Size of the binary form" });
  const bits = el("p", { class: "bits" });
  const warnings = el("ul", { class: "warnings", "aria-label": "Warnings" });

  let shown = "text";
  const [bar, ...pages] = tabs([
    { id: "text", label: "Text", page: el("div", { class: "tab-page" }, text) },
    { id: "script", label: "Script", page: el("div", { class: "tab-page" }, script.root) },
    { id: "explain", label: "English", page: el("div", { class: "tab-page" }, english) },
  ], (id) => (shown = id));
  bar.setAttribute("aria-label", "Forms of the recipe");
  const copies = iconButton("duplicate", "Copy", () => copy(app, app.document.forms?.[shown]));

  const show = () => {
    const { forms, formsError } = app.document;
    root.classList.toggle("outdated", Boolean(formsError));
    bytes.replaceChildren(el("b", {}, forms ? grouped(forms.bytes) : "–"), forms?.bytes === 1 ? "byte" : "bytes");
    bytes.classList.toggle("many", forms?.bytes > 9999);
    bits.textContent = forms
      ? `${grouped(Math.round(forms.bits))} bits, ${grouped(forms.text.length)} characters as text` : "";
    if (text.textContent !== (forms?.text ?? "")) text.textContent = forms?.text ?? "";
    english.replaceChildren(...(forms?.explain ?? "").split("\n").map((line) => el("p", {}, line)));
    const said = warningsOf(app.document, app.state);
    warnings.replaceChildren(...said.map((line) => el("li", { title: line }, icon("help"), el("span", {}, line))));
    warnings.hidden = said.length === 0;
    marked();
  };
  let drawn = "";
  let drawnForms = null;
  const marked = () => {
    // A drag tells of the selection with every move, though it stays the same.
    const { forms, selection } = app.document;
    const wanted = [...selection].join(" ");
    if (forms === drawnForms && wanted === drawn) return;
    [drawnForms, drawn] = [forms, wanted];
    bars.show(app.document);
    script.show(app.document);
  };
  app.document.addEventListener("forms", show);
  app.document.addEventListener("selection", marked);
  app.names.addEventListener("known", () => bars.show(app.document));
  const root = el("div", { class: "recipe" },
    el("section", { class: "recipe-size", "aria-label": "Size" }, bytes, bits, warnings),
    el("section", { class: "recipe-bars", "aria-label": "Bits" }, el("h2", {}, "Bits a layer"), bars.root),
    el("section", { class: "recipe-forms", "aria-label": "Forms" },
      el("div", { class: "tab-line" }, bar, copies), ...pages));
  show();
  return root;
}

async function copy(app, said) {
  if (!said) return;
  try {
    await navigator.clipboard.writeText(said);
    app.announce("Copied");
  } catch {
    app.dialogs.error("It could not be copied", "The browser does not allow it: select the text, and copy it");
  }
}
