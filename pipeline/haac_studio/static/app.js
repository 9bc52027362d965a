/**
 * The studio's page: puts its parts together.
 *
 * @typedef {object} App what the parts get of each other
 * @property {SceneDocument} document the scene, its selection and history
 * @property {object} api of api.js: one method for each address of the server
 * @property {object} state the answer of /api/state when the page was opened
 * @property {Renderer} renderer of haac.js
 * @property {(text: string) => void} announce tell it to screen readers, and in the status line
 * @property {Toolbar} toolbar `add({id, label, icon, shortcut, run, group})`
 * @property {Shortcuts} shortcuts
 * @property {Dialogs} dialogs `open`, `confirm`, `prompt`, `error`
 * @property {object} stage of canvas/stage.js; `centre()` is the middle of what is visible, canvas pixels
 */

import { api } from "./api.js";
import { SceneDocument } from "./document.js";
import { mountPanels } from "./panels/index.js";
import { Dialogs } from "./shell/dialogs.js";
import { Shortcuts } from "./shell/shortcuts.js";
import { Toolbar } from "./shell/toolbar.js";

/** @param {string} id @returns {HTMLElement} */
const part = (id) => document.getElementById(id);

/** Open the page. @returns {Promise<App>} */
async function start() {
  const shortcuts = new Shortcuts();
  const app = {
    api,
    document: new SceneDocument(),
    state: await api.state(),
    shortcuts,
    toolbar: new Toolbar(part("toolbar"), shortcuts),
    dialogs: new Dialogs(),
    announce(text) {
      // Emptied first, so that the same text twice is said twice.
      part("announcer").textContent = "";
      setTimeout(() => (part("announcer").textContent = text), 20);
    },
  };
  mountPanels(app);
  return app;
}

start().then((app) => {
  // For the console, and for tests that look at the state.
  window.haacStudio = app;
});
