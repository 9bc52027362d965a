/** Tabs (the ARIA pattern): arrow keys choose, only the chosen one's content is shown. */

import { el } from "../../shell/dom.js";
import { newId } from "./dom.js";

/**
 * @param {string} label of the whole
 * @param {{id: string, label: string, content: HTMLElement, onShow?: () => void}[]} given
 * @returns {{root: HTMLElement, list: HTMLElement, selected: string, show: (id: string) => void}}
 */
export function tabs(label, given) {
  const name = newId("tabs");
  const buttons = given.map(({ id, label: said }) =>
    el("button", { type: "button", role: "tab", id: `${name}-${id}`, "aria-controls": `${name}-${id}-panel`,
      onclick: () => made.show(id) }, said));
  const panels = given.map(({ id, content }) =>
    el("div", { role: "tabpanel", class: "tab-panel", id: `${name}-${id}-panel`, "aria-labelledby": `${name}-${id}` }, content));
  const tablist = el("div", { role: "tablist", "aria-label": label }, ...buttons);
  tablist.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (to + buttons.length) % buttons.length;
    made.show(given[next].id);
    buttons[next].focus();
  });
  const list = el("div", { class: "tab-bar" }, tablist);
  const made = {
    root: el("div", { class: "tabs" }, list, ...panels),
    list,
    selected: given[0].id,
    show(id) {
      made.selected = id;
      given.forEach((tab, n) => {
        const chosen = tab.id === id;
        buttons[n].setAttribute("aria-selected", chosen);
        buttons[n].tabIndex = chosen ? 0 : -1;
        panels[n].hidden = !chosen;
        if (chosen) tab.onShow?.();
      });
    },
  };
  made.show(given[0].id);
  return made;
}
