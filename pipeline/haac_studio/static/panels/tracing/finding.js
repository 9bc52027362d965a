/** "Find elements": `haac compress` on the reference picture, with its options; what it finds takes the scene's place. */

import { LIMITS } from "/web/constants.js";
import { el } from "../../shell/dom.js";
import { button, counted, field } from "../shared/dom.js";

const REST = [["", "Carry it along (WebP)"], ["cut", "Carry it, subject cut out"], ["wash", "A small wash"]];
const INLINE = { cut: true, wash: false };
const LOST = 2; // per cent of what is visible that may be lost without a word

/**
 * @param {object} app the editor's
 * @param {Record<string, any>} features of /api/state
 * @param {object} progress a progress area, which becomes a part of this one
 * @returns {HTMLElement}
 */
export function finding(app, features, progress) {
  const budget = number({ min: "10", max: String(LIMITS.recipe_bytes), placeholder: "no limit" });
  const chosen = moreOptions(features);
  const find = async () => {
    const options = { ...whole("budget", budget), ...chosen.options() };
    const reference = app.document.reference.id;
    const answer = await progress.run("Finding elements", () => app.api.startJob("compress", { reference, options }));
    if (!answer) return;
    app.document.replace(answer.scene, "Find elements");
    app.stage.fit();
    const said = outcome(answer);
    progress.say(said);
    app.announce(said);
  };
  const why = features.compress === true ? "" : features.reasons?.compress ?? "Elements cannot be found here";
  return el("section", { class: "finding", "aria-label": "Find elements" },
    el("div", { class: "finding-options" }, field("Budget, bytes", budget), chosen.similar),
    chosen.root,
    button("Find elements", find, { class: "primary wide", disabled: why !== "", title: why }),
    why ? el("small", {}, why) : null,
    progress.root);
}

/** What was found, and what a person should know of it. */
function outcome({ scene, carried, percent_lost: lost, notes }) {
  const found = scene.layers.filter((layer) => typeof layer.element === "string").length;
  const said = [found ? `${counted(found, "layer")} found` : "No element found"];
  if (carried) said.push(`what no element shows is carried as ${carried}`);
  if (lost > LOST) said.push(`${Math.round(lost)} % of what is visible was lost: allow more bytes`);
  return [...said, ...notes, "Undo brings back what was there"].join("; ");
}

/** The options of `haac compress` that are seldom needed. */
function moreOptions(features) {
  const similar = checkbox();
  const rest = el("select", {}, ...REST.map(([value, label]) => el("option", { value }, label)));
  const effort = number({ min: "1", max: "9", placeholder: "5" });
  const quality = number({ min: "0", max: "100", placeholder: "–" });
  const most = number({ min: "0", max: String(LIMITS.layers), placeholder: "–" });
  const tags = el("input", { type: "text", placeholder: "all elements", autocomplete: "off" });
  const people = checkbox();
  const always = checkbox();
  const same = el("div", { class: "more" }, field("What no element shows", rest),
    el("div", { class: "more-row" }, field("Effort, 1 to 9", effort), field("Quality, 0 to 100", quality)));
  const alike = el("div", { class: "more", hidden: true }, check(people, "people by other people, too"),
    check(always, "also where it is in doubt"));
  similar.addEventListener("change", () => {
    alike.hidden = !similar.checked;
    same.hidden = similar.checked;
  });
  const options = () => {
    const only = tags.value.split(",").map((tag) => tag.trim().toLowerCase()).filter(Boolean);
    const shared = { ...whole("max_layers", most), only_tags: only };
    if (similar.checked) return { ...shared, similar: true, people: people.checked, always: always.checked };
    return { ...shared, ...whole("effort", effort), ...whole("quality", quality),
      ...(rest.value ? { inline: INLINE[rest.value] } : {}) };
  };
  return {
    similar: features.similar === true && check(similar, "similar elements will do"),
    root: el("details", {}, el("summary", {}, "More options"), same, alike,
      el("div", { class: "more-row" }, field("Layers at most", most), field("Only with tags", tags))),
    options,
  };
}

function number(given) {
  return el("input", { type: "number", step: "1", ...given });
}

function checkbox() {
  return el("input", { type: "checkbox" });
}

function check(input, label) {
  return el("label", { class: "check" }, input, el("span", {}, label));
}

/** A number that was given, as an option. */
function whole(name, input) {
  return Number.isFinite(input.valueAsNumber) ? { [name]: Math.round(input.valueAsNumber) } : {};
}
