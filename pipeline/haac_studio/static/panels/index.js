/** The studio's panels: elements, recipe, tracing, files, ingest, publishing. */

/**
 * Fills the page's panels.
 * @param {object} app the editor's {document, api, renderer, canvas, announce, toolbar, dialogs}
 */
export function mountPanels(app) {
  void app;
}
