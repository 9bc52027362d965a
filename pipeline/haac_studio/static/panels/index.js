/** The studio's panels: elements, recipe, tracing, files, ingest, publishing. */

import { elementsPanel } from "./elements/panel.js";
import { mountFiles } from "./files/index.js";
import { ingestArea } from "./ingest/index.js";
import { recipePanel } from "./recipe/panel.js";
import { mountRepository, possible } from "./repository/index.js";
import { tabs } from "./shared/tabs.js";
import { tracingPanel } from "./tracing/panel.js";

/**
 * Fills the page's panels.
 *
 * @param {object} app the editor's {document, api, state, canvas, announce, toolbar, shortcuts, dialogs}
 * @returns {object} the panels, for tests
 */
export function mountPanels(app) {
  const features = app.state.features ?? {};
  const elements = elementsPanel(app, { similar: possible(features.similar) });
  const tracing = tracingPanel(app, features);
  const ingest = ingestArea(app, elements.root, {
    possible: possible(features.ingest),
    why: typeof features.ingest === "string" ? features.ingest : "",
    onStored: () => elements.refresh(),
  });
  elements.root.append(ingest.root);
  const left = tabs("Elements and tracing", [
    { id: "elements", label: "Elements", content: elements.root },
    { id: "trace", label: "Trace", content: tracing.root },
  ]);
  document.getElementById("elements-panel").append(left.root);
  document.getElementById("recipe-panel").append(recipePanel(app));
  const trace = (picture, name) => {
    left.show("trace");
    tracing.open(picture, name);
  };
  mountFiles(app, { onPicture: trace });
  mountRepository(app, features, { onChanged: () => elements.refresh() });
  app.toolbar.add({
    id: "search-elements", label: "Search elements", shortcut: "/", hidden: true, group: "panels",
    run: () => {
      left.show("elements");
      elements.focus();
    },
  });
  if (app.state.reference && !app.document.reference) {
    const { reference } = app.state;
    app.document.setReference({ ...reference, url: app.api.referenceUrl(reference.id), opacity: 0.5, mode: "beneath" });
  }
  if (app.document.reference) left.show("trace");
  elements.refresh();
  return { elements, tracing, ingest, left };
}
