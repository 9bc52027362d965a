/** Tabs, as ARIA has them: one Tab stop, arrow keys choose. */

import { el } from "./dom.js";

/**
 * @param {{id: string, label: string, page: HTMLElement}[]} list the first one is shown
 * @param {(id: string) => void} [onChoose]
 * @returns {HTMLElement[]} the row of tabs, and the pages
 */
export function tabs(list, onChoose = () => {}) {
  const buttons = list.map(({ id, label, page }) => {
    page.id ||= `page-${id}`;
    page.setAttribute("role", "tabpanel");
    page.setAttribute("aria-labelledby", `tab-${id}`);
    return el("button", {
      type: "button",
      role: "tab",
      id: `tab-${id}`,
      "aria-controls": page.id,
      onclick: () => choose(id),
    }, label);
  });
  const choose = (id, focus = false) => {
    list.forEach((tab, i) => {
      const on = tab.id === id;
      tab.page.hidden = !on;
      buttons[i].setAttribute("aria-selected", String(on));
      buttons[i].tabIndex = on ? 0 : -1;
      if (on && focus) buttons[i].focus();
    });
    onChoose(id);
  };
  const bar = el("div", {
    class: "side-tabs",
    role: "tablist",
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const at = buttons.indexOf(event.target);
      choose(list[(at + step + list.length) % list.length].id, true);
    },
  }, ...buttons);
  choose(list[0].id);
  return [bar, ...list.map(({ page }) => page)];
}
