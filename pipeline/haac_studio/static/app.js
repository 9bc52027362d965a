/**
 * The studio's page: puts its parts together.
 *
 * @typedef {object} App what the parts get of each other
 * @property {SceneDocument} document the scene, its selection and history
 * @property {object} api of api.js: one method for each address of the server
 * @property {object} state the answer of /api/state when the page was opened
 * @property {import("./canvas/picture.js").Picture} renderer shows scenes, in a worker, with haac.js' Renderer
 * @property {(text: string) => void} announce tell it to screen readers
 * @property {Toolbar} toolbar `add({id, label, icon, shortcut, run, group})`
 * @property {Shortcuts} shortcuts
 * @property {Dialogs} dialogs `open`, `confirm`, `prompt`, `error`
 * @property {Stage} stage `centre()` is the middle of what is visible, `pickBox()` lets the user draw a box
 * @property {Stage} canvas the same
 * @property {Commands} commands what one can do with the selected layers
 * @property {{draft(text: string, kind?: string): void}} status the line below
 * @property {{busy: boolean}} autosave whether a draft is still on its way to the server
 */

import { api } from "./api.js";
import { Stage } from "./canvas/stage.js";
import { Commands } from "./commands.js";
import { SceneDocument } from "./document.js";
import { mountInspector } from "./inspector/index.js";
import { mountLayers } from "./layers/index.js";
import { mountPanels } from "./panels/index.js";
import { autosave, recover } from "./shell/autosave.js";
import { Dialogs } from "./shell/dialogs.js";
import { Shortcuts } from "./shell/shortcuts.js";
import { mountSplitters } from "./shell/splitters.js";
import { mountStatus } from "./shell/status.js";
import { applyTheme } from "./shell/theme.js";
import { Toolbar } from "./shell/toolbar.js";
import { addTools } from "./shell/tools.js";

/** @param {string} id @returns {HTMLElement} */
const part = (id) => document.getElementById(id);

/** Say something to screen readers. @param {string} text */
function announce(text) {
  const announcer = part("announcer");
  // Emptied first, so that the same text twice is said twice.
  announcer.textContent = "";
  setTimeout(() => (announcer.textContent = text), 20);
}

/** Open the page. @returns {Promise<App>} */
async function start() {
  applyTheme();
  const shortcuts = new Shortcuts();
  const app = {
    api,
    announce,
    shortcuts,
    document: new SceneDocument(),
    state: await api.state(),
    toolbar: new Toolbar(part("toolbar"), shortcuts),
    dialogs: new Dialogs(),
  };
  app.stage = new Stage(part("stage"), app);
  app.canvas = app.stage;
  app.renderer = app.stage.picture;
  app.commands = new Commands(app);
  mountLayers(part("layers"), app);
  mountInspector(part("inspector"), app);
  app.status = mountStatus(part("status"), app);
  addTools(app);
  mountPanels(app);
  mountSplitters();
  await recover(app);
  app.autosave = autosave(app);
  app.stage.picture.show(app.document.recipe);
  app.stage.fit();
  document.body.classList.add("ready");
  return app;
}

start().then((app) => {
  // For the console, and for tests that look at the state.
  window.haacStudio = app;
}, (error) => {
  const text = document.createElement("p");
  text.className = "start-failed";
  text.setAttribute("role", "alert");
  text.textContent = `The studio cannot start: ${error.message}`;
  part("stage").append(text);
  throw error;
});
