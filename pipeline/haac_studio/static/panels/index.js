/** The studio's panels: elements, recipe, tracing, files, ingest, publishing. */

import { tabs } from "../shell/tabs.js";
import { ElementsPanel } from "./elements/panel.js";
import { mountFiles } from "./files/index.js";
import { ingestArea } from "./ingest/index.js";
import { recipePanel } from "./recipe/panel.js";
import { mountRepository } from "./repository/index.js";
import { asShown, tracingPanel } from "./tracing/panel.js";

/**
 * Fills the page's panels.
 *
 * @param {object} app the editor's {document, api, state, canvas, announce, toolbar, shortcuts, dialogs}
 * @returns {object} the panels, for tests
 */
export function mountPanels(app) {
  const features = app.state.features ?? {};
  const elements = new ElementsPanel(app, {
    noLikeness: features.similar === true ? "" : features.reasons?.similar || "Not possible here",
  });
  const tracing = tracingPanel(app, features);
  const ingest = ingestArea(app, elements.root, {
    why: features.ingest === true ? "" : features.reasons?.ingest || "Elements cannot be added here",
    onStored: () => elements.refresh(),
  });
  elements.root.append(ingest.root);
  const [bar, ...pages] = tabs([
    { id: "elements", label: "Elements", page: elements.root },
    { id: "trace", label: "Trace", page: tracing.root },
  ]);
  bar.setAttribute("aria-label", "Elements and tracing");
  document.getElementById("elements-panel").append(bar, ...pages);
  const show = (id) => bar.querySelector(`#tab-${id}`).click();
  document.getElementById("recipe-panel").append(recipePanel(app));
  const trace = (picture, name) => {
    show("trace");
    tracing.open(picture, name);
  };
  mountFiles(app, { onPicture: trace });
  mountRepository(app, features, { onChanged: () => elements.refresh() });
  app.toolbar.add({
    id: "search-elements", label: "Search elements", shortcut: "/", hidden: true, group: "panels",
    run: () => {
      show("elements");
      elements.focus();
    },
  });
  if (app.state.reference && !app.document.reference) {
    app.document.setReference(asShown(app, app.state.reference));
  }
  if (app.document.reference) show("trace");
  elements.refresh();
  return { elements, tracing, ingest };
}
