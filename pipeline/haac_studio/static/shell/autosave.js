/** After each change the draft is kept on the server, and the recipe's forms are asked for. */

/** How long nothing may change before the draft is sent, milliseconds. */
const DRAFT_AFTER = 350;

/** The same for the forms. */
const FORMS_AFTER = 90;

/** After a failure the draft is tried again, milliseconds. */
const AGAIN_AFTER = 3000;

/** Runs a task after a pause; while it runs, one more waits. */
class Later {
  #timer = null;
  #running = false;
  #again = false;

  /** @param {() => Promise<void>} task @param {number} pause milliseconds */
  constructor(task, pause) {
    this.task = task;
    this.pause = pause;
  }

  soon(pause = this.pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(), pause);
  }

  async now() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    await this.task();
    this.#running = false;
    if (this.#again) {
      this.#again = false;
      this.now();
    }
  }

  /** Whether something waits or runs. */
  get busy() {
    return this.#running || this.#timer !== null;
  }
}

/**
 * @param {import("../app.js").App} app
 * @returns {{busy: boolean}} whether something is still on its way
 */
export function autosave(app) {
  const { document: doc, api, status } = app;
  let label = "";
  let saved = doc.scene;
  const draft = new Later(async () => {
    const { scene } = doc;
    if (scene === saved) return;
    status.draft("Saving…", "saving");
    try {
      await api.putDraft(scene, label);
      saved = scene;
      if (doc.scene === scene) status.draft("Draft saved");
    } catch (error) {
      status.draft(`Draft not saved: ${error.message}`, "bad");
      setTimeout(() => draft.soon(), AGAIN_AFTER);
    }
  }, DRAFT_AFTER);
  const forms = new Later(async () => {
    const { recipe } = doc;
    try {
      doc.setForms(await api.forms(recipe));
    } catch (error) {
      doc.setForms(null, error.message);
    }
  }, FORMS_AFTER);
  doc.addEventListener("scene", (event) => {
    label = event.label;
    forms.soon();
    // A drag that goes on is kept when it ends, or when the hand rests.
    draft.soon(event.gesture ? 1500 : DRAFT_AFTER);
  });
  window.addEventListener("pagehide", () => doc.scene !== saved && draft.now());
  document.addEventListener("visibilitychange", () => document.hidden && doc.scene !== saved && draft.now());
  forms.now();
  return {
    get busy() {
      return draft.busy || forms.busy || doc.scene !== saved;
    },
    /** The present scene is kept elsewhere already. */
    kept() {
      saved = doc.scene;
    },
  };
}

/** Whether two scenes would look the same to who works on them. */
function alike(a, b) {
  const plain = (scene) => JSON.stringify(scene, (name, value) =>
    name === "key" || value === undefined || value === false ? undefined : value);
  return plain(a) === plain(b);
}

/** What a window keeps for itself while it is loaded again; it ends with the window. */
const SESSION = "haac-studio-session";

/** @returns {{name: string|null, scene: object}|null} what this window showed of the same document when it was left */
function left(state) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(SESSION));
    return kept && kept.of === documentOf(state) ? kept : null;
  } catch {
    return null;
  }
}

/** Which document of which repository a server has opened. */
function documentOf(state) {
  return JSON.stringify([state.repository?.id ?? null, state.document?.name ?? null]);
}

/** Whether there is nothing in a scene. */
const isBlank = (scene) => !scene.layers.length && !scene.background;

/**
 * Which scene to begin with. A page that is only loaded again goes on; after a crash, or in a new window, it is asked.
 *
 * @param {import("../app.js").App} app
 * @returns {Promise<void>}
 */
export async function recover(app) {
  const { state } = app;
  const { draft, document: opened } = state;
  const before = left(state);
  const name = opened?.name ?? null;
  window.addEventListener("pagehide", () => {
    const { scene, name: present } = app.document;
    try {
      sessionStorage.setItem(SESSION, JSON.stringify({ of: documentOf(state), name: present, scene }));
    } catch {
      sessionStorage.removeItem(SESSION); // larger than a browser keeps; the draft has it
    }
  });
  if (opened?.scene) app.document.open(opened.scene, name ? `Open ${name}` : "Opened", name);
  const found = draft?.scene ?? before?.scene;
  if (!found || alike(found, app.document.scene) || (!opened?.scene && isBlank(found))) return;
  if (!before && !(await wanted(app, draft, opened))) return;
  if (opened?.scene) app.document.replace(found, "Draft");
  else app.document.open(found, draft ? "Draft" : "Opened", before?.name ?? name);
}

/** Ask whether to go on with a draft. */
async function wanted(app, draft, opened) {
  const when = draft.saved_at ? ` of ${new Date(draft.saved_at).toLocaleString()}` : "";
  const count = draft.scene.layers.length;
  const other = opened?.scene ? ` It is not the same as ${opened.name ?? "the scene that was opened"}.` : "";
  const answer = await app.dialogs.open({
    title: "Go on with the draft?",
    body: `A draft${when} with ${count} ${count === 1 ? "layer" : "layers"} was not saved.${other}`,
    actions: [{ label: "Throw it away", value: "drop" }, { label: "Go on with it", value: "keep", primary: true }],
  });
  if (answer === "drop") {
    await app.api.deleteDraft().catch(() => {});
    const { reference } = app.document;
    if (reference && opened?.kind !== "picture") {
      app.document.setReference(null);
      app.api.deleteReference(reference.id).catch(() => {}); // it goes with the server at the latest
    }
  }
  return answer === "keep";
}
