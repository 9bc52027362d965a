/** Making elements of the page. */

/**
 * Make an HTML element.
 *
 * @param {string} name
 * @param {Record<string, any>} [attributes] `on...` are listeners, true and false are with and without the attribute;
 *   `value`, `checked` and `indeterminate` are set as properties
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {HTMLElement}
 */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false || value === "") {
      if (key === "value" && value === "") made.value = "";
      continue;
    }
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "indeterminate") made[key] = value;
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return made;
}

/** Whether keys that are typed belong to what has the focus. @param {EventTarget|null} target */
export function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range", "color"].includes(target.type)));
}
