/** The history list: all steps, oldest first; one goes to any of them. */

import { el } from "../shell/dom.js";

/** Rows that are shown at most; of longer histories, those around the present one. */
const ROWS = 200;

/** Follows a document. */
export class HistoryList {
  /**
   * @param {HTMLElement} root
   * @param {import("../document.js").SceneDocument} document
   */
  constructor(root, document) {
    this.document = document;
    this.element = el("ol", {
      class: "history-list",
      role: "listbox",
      "aria-label": "History, oldest step first",
      tabindex: 0,
      onkeydown: (event) => this.#key(event),
    });
    root.append(this.element);
    document.addEventListener("history", () => this.#update());
    this.#update();
  }

  #update() {
    const { labels, index } = this.document.history;
    const from = Math.max(0, Math.min(index - ROWS / 2, labels.length - ROWS));
    const rows = labels.slice(from, from + ROWS).map((label, i) => el("li", {
      id: `step-${from + i}`,
      role: "option",
      class: from + i > index ? "undone" : undefined,
      "aria-selected": String(from + i === index),
      onclick: () => this.document.goTo(from + i),
    }, label));
    this.element.replaceChildren(...rows);
    this.element.setAttribute("aria-activedescendant", `step-${index}`);
    this.present = rows[index - from];
    this.reveal();
  }

  /** Bring the present step into view. */
  reveal() {
    if (this.element.offsetParent) this.present?.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    const { index, labels } = this.document.history;
    const to = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: labels.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.document.goTo(to);
  }
}
