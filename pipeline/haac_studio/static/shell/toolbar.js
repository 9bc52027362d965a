/** The toolbar: buttons in groups, with their shortcuts; arrow keys move along it (the ARIA pattern "toolbar"). */

import { el } from "./dom.js";
import { icon as makeIcon } from "./icons.js";

/** Order of the groups, left to right; "gap" takes the room that is left. */
const GROUPS = ["panels", "file", "history", "edit", "order", "gap", "jobs", "view", "app"];

/**
 * @typedef {object} Tool
 * @property {string} id
 * @property {string} label what it does; also its accessible name
 * @property {string} [icon] one of `ICONS`; without it the label is shown
 * @property {string} [shortcut] such as "Mod+Z" (Mod: Ctrl, or Cmd on a Mac), "Shift+H", "?", "Delete"; apart by spaces
 *   if several do
 * @property {() => void} run
 * @property {string} [group] one of "panels", "file", "history", "edit", "order", "jobs", "view", "app"
 * @property {boolean} [text] show the label beside the icon
 * @property {boolean} [hidden] only a shortcut, no button
 * @property {boolean} [always] the shortcut works while typing in a field, too
 * @property {boolean} [inNumbers] it works while typing in a field for numbers
 */

/** `app.toolbar`. */
export class Toolbar {
  #bar;
  #shortcuts;

  /**
   * @param {HTMLElement} bar
   * @param {import("./shortcuts.js").Shortcuts} shortcuts
   */
  constructor(bar, shortcuts) {
    this.#bar = bar;
    this.#shortcuts = shortcuts;
    const group = (name) => el("div", { class: `group ${name}`, role: "group" });
    this.groups = Object.fromEntries(GROUPS.map((name) => [name, group(name)]));
    bar.append(...Object.values(this.groups));
    bar.addEventListener("keydown", (event) => this.#move(event));
    bar.addEventListener("focusin", (event) => this.#rove(event.target.closest("button")));
  }

  /**
   * Add a button.
   *
   * @param {Tool} tool
   * @returns {{setEnabled(on: boolean): void, setPressed(on: boolean|null): void, setLabel(text: string): void,
   *   button: HTMLElement|null}}
   */
  add(tool) {
    if (tool.shortcut) this.#shortcuts.add(tool);
    if (tool.hidden) return { setEnabled() {}, setPressed() {}, setLabel() {}, button: null };
    const text = el("span", { class: tool.icon && !tool.text ? "hidden-visually" : "" }, tool.label);
    const keys = tool.shortcut ? this.#shortcuts.shown(tool.shortcut) : "";
    const button = el("button", {
      type: "button",
      id: `tool-${tool.id}`,
      class: "tool",
      title: keys ? `${tool.label} (${keys})` : tool.label,
      tabindex: this.#buttons().length ? -1 : 0,
      onclick: () => button.getAttribute("aria-disabled") !== "true" && tool.run(),
    }, tool.icon && makeIcon(tool.icon), text);
    (this.groups[tool.group] ?? this.groups.jobs).append(button);
    return {
      button,
      setEnabled: (on) => {
        // Not `disabled`: it would take the focus away from who has just undone the last step.
        if (on) button.removeAttribute("aria-disabled");
        else button.setAttribute("aria-disabled", "true");
      },
      setPressed: (on) => {
        if (on === null) button.removeAttribute("aria-pressed");
        else button.setAttribute("aria-pressed", String(on));
      },
      setLabel: (label) => {
        text.textContent = label;
        button.title = keys ? `${label} (${keys})` : label;
      },
    };
  }

  #buttons() {
    return [...this.#bar.querySelectorAll("button")].filter((button) => button.offsetParent !== null);
  }

  #rove(current) {
    if (!current) return;
    for (const button of this.#buttons()) button.tabIndex = button === current ? 0 : -1;
  }

  #move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    const buttons = this.#buttons();
    const at = buttons.indexOf(document.activeElement);
    if (at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const end = step < 0 ? 0 : buttons.length - 1;
    buttons[Math.abs(step) === 1 ? (at + step + buttons.length) % buttons.length : end].focus();
  }
}
