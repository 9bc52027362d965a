/** After each change the draft is kept on the server, and the recipe's forms are asked for; one request at a time each. */

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
 * @param {ReturnType<import("./status.js").mountStatus>} status
 * @returns {{busy: boolean}} whether something is still on its way
 */
export function autosave(app, status) {
  const { document: doc, api } = app;
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

/**
 * Which scene to begin with. A page that is only loaded again goes on; after a crash, or in a new window, it is asked.
 *
 * @param {import("../app.js").App} app
 * @returns {Promise<void>}
 */
export async function recover(app) {
  const { draft, document: opened } = app.state;
  const name = opened?.name ?? null;
  const session = "haac-studio-session";
  const goesOn = sessionStorage.getItem(session) === "open";
  sessionStorage.setItem(session, "open");
  if (opened?.scene) app.document.open(opened.scene, name ? `Open ${name}` : "Opened", name);
  if (!draft?.scene || (opened?.scene && alike(draft.scene, opened.scene))) return;
  if (!opened?.scene && !draft.scene.layers.length && !draft.scene.background) return;
  if (!goesOn) {
    const when = draft.saved_at ? ` of ${new Date(draft.saved_at).toLocaleString()}` : "";
    const count = draft.scene.layers.length;
    const answer = await app.dialogs.open({
      title: "Go on with the draft?",
      body: `A draft${when} with ${count} ${count === 1 ? "layer" : "layers"} was not saved.` +
        `${opened?.scene ? ` It is not the same as ${name ?? "the scene that was opened"}.` : ""}`,
      actions: [{ label: "Throw it away", value: "drop" }, { label: "Go on with it", value: "keep", primary: true }],
    });
    if (answer === "drop") await app.api.deleteDraft().catch(() => {});
    if (answer !== "keep") return;
  }
  if (opened?.scene) app.document.replace(draft.scene, "Draft");
  else app.document.open(draft.scene, "Draft", name);
}
