/** Keyboard shortcuts of the whole page, and their list for the help dialog. */

import { isTyping } from "./dom.js";

const MAC = /Mac|iP(hone|ad)/.test(navigator.platform);

/** Names of keys as they are shown. */
const SHOWN = {
  Mod: MAC ? "⌘" : "Ctrl",
  Alt: MAC ? "⌥" : "Alt",
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Delete: "Del",
  Escape: "Esc",
};

/** All shortcuts; `app.shortcuts`. */
export class Shortcuts {
  constructor() {
    /** @type {{keys: string[], tool: import("./toolbar.js").Tool}[]} */
    this.list = [];
    document.addEventListener("keydown", (event) => this.#run(event));
  }

  /** @param {import("./toolbar.js").Tool} tool with a `shortcut` */
  add(tool) {
    this.list.push({ keys: tool.shortcut.split(" "), tool });
  }

  /** @param {string} shortcut such as "Mod+Z" @returns {string} as the system writes it */
  shown(shortcut) {
    const one = (text) => text.split(/\+(?=.)/).map((key) => SHOWN[key] ?? key).join(MAC ? "" : "+");
    return shortcut.split(" ").map(one).join(", ");
  }

  #run(event) {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const found = this.list.find(({ keys }) => keys.some((key) => matches(key, event)));
    if (!found) return;
    const { always, inNumbers } = found.tool;
    if (isTyping(event.target) && !always && !(inNumbers && isNumber(event.target))) return;
    event.preventDefault();
    found.tool.run();
  }
}

/** Whether a field takes only numbers: their own undoing of letters is of no use. */
const isNumber = (target) => target instanceof HTMLInputElement && target.type === "number";

/** @param {string} shortcut one of them @param {KeyboardEvent} event */
export function matches(shortcut, event) {
  const parts = shortcut.split(/\+(?=.)/);
  const key = parts.pop();
  const mod = MAC ? event.metaKey : event.ctrlKey;
  if ((MAC ? event.ctrlKey : event.metaKey) || mod !== parts.includes("Mod")) return false;
  if (event.altKey !== parts.includes("Alt")) return false;
  if (/^[A-Z0-9]$/.test(key)) {
    // Letters by what they are, so that other keyboard layouts work; digits by what they say.
    return event.key.toUpperCase() === key && event.shiftKey === parts.includes("Shift");
  }
  // Of signs such as "?" it does not matter how the keyboard makes them.
  return event.key === key && (key.length === 1 || event.shiftKey === parts.includes("Shift"));
}
