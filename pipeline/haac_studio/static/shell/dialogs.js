/** Modal dialogs: questions, messages, whatever else needs the whole attention. Native `<dialog>` keeps the focus. */

import { el } from "./dom.js";

/**
 * @typedef {object} Action
 * @property {string} label
 * @property {any} [value] what `open` resolves to; the label if there is none
 * @property {boolean} [primary] Enter chooses it
 * @property {boolean} [danger] it takes something away
 */

/** Dialogs of a page; `app.dialogs`. */
export class Dialogs {
  /**
   * Show a dialog and wait for its end.
   *
   * @param {object} options
   * @param {string} options.title
   * @param {Node|string} [options.body]
   * @param {Action[]} [options.actions] buttons, the most important one last; without any, one "Close"
   * @param {boolean} [options.wide] as wide as the page allows
   * @param {(dialog: HTMLDialogElement, close: (value: any) => void) => void} [options.onOpen]
   * @param {(value: any) => string|null} [options.check] a message keeps the dialog open
   * @returns {Promise<any>} value of the action; null if it was closed with Escape
   */
  open({ title, body = "", actions = [{ label: "Close", value: null, primary: true }], wide = false, onOpen, check }) {
    return new Promise((resolve) => {
      const before = document.activeElement;
      const problem = el("p", { class: "problem", role: "alert", hidden: true });
      const content = el("div", { class: "dialog-body" }, typeof body === "string" ? el("p", {}, body) : body, problem);
      const heading = el("h2", { id: `dialog-${Math.random().toString(36).slice(2)}` }, title);
      const finish = (value) => {
        dialog.close();
        dialog.remove();
        if (before instanceof HTMLElement && before.isConnected) before.focus();
        resolve(value);
      };
      const choose = async (action) => {
        const value = "value" in action ? action.value : action.label;
        const wrong = value === null || !check ? null : await check(value);
        problem.hidden = !wrong;
        problem.textContent = wrong || "";
        if (!wrong) finish(value);
      };
      const buttons = actions.map((action) =>
        el("button", {
          type: action.primary ? "submit" : "button",
          // Enter must not do what Escape does, so the focus begins here, or in a field before it.
          autofocus: action.primary,
          class: action.danger ? "danger" : action.primary ? "primary" : "",
          onclick: action.primary ? undefined : () => choose(action),
        }, action.label));
      const form = el("form", {
        method: "dialog",
        onsubmit: (event) => {
          event.preventDefault();
          const primary = actions.find((action) => action.primary);
          if (primary) choose(primary);
        },
      }, heading, content, el("div", { class: "dialog-actions" }, ...buttons));
      const dialog = el("dialog", {
        class: wide ? "wide" : "",
        "aria-labelledby": heading.id,
        oncancel: (event) => {
          event.preventDefault();
          finish(null);
        },
      }, form);
      document.body.append(dialog);
      dialog.showModal();
      onOpen?.(dialog, finish);
    });
  }

  /** @returns {Promise<boolean>} whether it was confirmed */
  async confirm({ title, text, yes = "OK", no = "Cancel", danger = false }) {
    return (await this.open({
      title,
      body: text,
      actions: [{ label: no, value: null }, { label: yes, value: true, primary: true, danger }],
    })) === true;
  }

  /**
   * Ask for a line of text.
   *
   * @param {object} options
   * @param {(text: string) => string|null|Promise<string|null>} [options.check] what is wrong with it
   * @returns {Promise<string|null>} null if it was cancelled
   */
  async prompt({ title, label, value = "", yes = "OK", check, hint = "" }) {
    const input = el("input", { type: "text", value, autocomplete: "off", spellcheck: false });
    const body = el("label", { class: "stacked" }, el("span", {}, label), input, hint && el("small", {}, hint));
    const answer = await this.open({
      title,
      body,
      actions: [{ label: "Cancel", value: null }, { label: yes, value: true, primary: true }],
      onOpen: () => input.select(),
      check: check && (() => check(input.value.trim())),
    });
    return answer === null ? null : input.value.trim();
  }

  /** Say what went wrong. */
  error(title, error) {
    return this.open({ title, body: error instanceof Error ? error.message : String(error) });
  }
}
