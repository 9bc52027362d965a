/** The section beneath the inspector: layers and history, as two tabs. */

import { el } from "../shell/dom.js";
import { LayersList } from "./list.js";
import { HistoryList } from "./history.js";
import { Names } from "./names.js";
import { tabs } from "../shell/tabs.js";

/**
 * @param {HTMLElement} root
 * @param {import("../app.js").App} app
 */
export function mountLayers(root, app) {
  const layers = el("div", { class: "tab-view" });
  const history = el("div", { class: "tab-view" });
  root.append(...tabs([
    { id: "layers", label: "Layers", page: layers },
    { id: "history", label: "History", page: history },
  ], (id) => id === "history" && app.historyList?.reveal()));
  app.names = new Names(app.api);
  app.layers = new LayersList(layers, app);
  app.historyList = new HistoryList(history, app.document);
}
