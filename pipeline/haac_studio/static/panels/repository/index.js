/** Publishing and syncing: buttons of the toolbar, a dialog with the progress, and what came of it. */

import { el } from "../../shell/dom.js";
import { grouped } from "../shared/dom.js";
import { progressArea } from "../shared/progress.js";

const KINDS = {
  publish: {
    label: "Publish",
    icon: "publish",
    ask: "Elements that were added become visible to mirrors. Only a takedown, which all see, takes one back.",
    doing: "Publishing",
  },
  sync: { label: "Sync", icon: "sync", ask: "Fetches what was published since the last time.", doing: "Syncing" },
};

/**
 * Add the buttons for what this repository can do.
 *
 * @param {object} app the editor's
 * @param {Record<string, any>} features of /api/state
 * @param {{onChanged: () => void}} given called when the repository's elements may be others
 */
export function mountRepository(app, features, { onChanged }) {
  for (const kind of Object.keys(KINDS)) {
    if (features[kind] !== true) continue;
    const { label, icon } = KINDS[kind];
    app.toolbar.add({ id: kind, label, icon, group: "jobs", run: () => ask(app, kind, onChanged) });
  }
}

async function ask(app, kind, onChanged) {
  const { label, ask: question, doing } = KINDS[kind];
  const progress = progressArea(app);
  let result = null;
  const done = await app.dialogs.open({
    title: label,
    body: el("div", { class: "form" }, el("p", {}, question), progress.root),
    actions: [{ label: "Cancel", value: null }, { label, value: true, primary: true }],
    check: async () => {
      if (progress.busy) return null;
      result = await progress.run(doing, () => app.api.startJob(kind));
      return result ? null : "It was not done.";
    },
  });
  progress.cancel(); // whoever closes the dialog gives up
  if (!done || !result) return;
  onChanged();
  await app.dialogs.open({ title: label, body: summary(result) });
}

/** What publishing or syncing says it did. */
function summary({ elements, new_records: records, received, withdrawn, notes, changed }) {
  const facts = [
    ["Elements", grouped(elements)],
    ["New entries of the log", grouped(records)],
    received !== undefined && ["Bytes received", grouped(received)],
    withdrawn?.length && ["Withdrawn", withdrawn.join(", ")],
  ].filter(Boolean);
  return el("div", { class: "form" },
    changed === false || (received !== undefined && !records) ? el("p", {}, "There was nothing new.") : null,
    el("dl", { class: "facts" }, ...facts.flatMap(([term, said]) => [el("dt", {}, term), el("dd", {}, said)])),
    ...(notes ?? []).map((note) => el("p", {}, note)));
}
