/** A scene's script, lightly coloured, with the lines of the selected layers marked. */

import { el } from "../../shell/dom.js";

const TOKENS = new RegExp([
  /(#.*$)/, /("(?:[^"\\]|\\.)*")/, /\b(from|import)\b/, /\b(0x[0-9a-f]+|\d+(?:\.\d+)?|True|False|None)\b/,
  /(\.?[a-z_]\w*)(?=\()/,
].map((each) => each.source).join("|"), "gim");
const KINDS = ["comment", "string", "keyword", "number", "call"];
const LAYER = /^scene\.element\(/;
const LONGEST = 400; // characters of a line that are shown: an inline element's are thousands

/**
 * Split a line of Python into what is coloured and what is not.
 *
 * @param {string} line
 * @returns {{kind: string|null, text: string}[]} kind: one of comment, string, keyword, number, call
 */
export function tokens(line) {
  const found = [];
  let at = 0;
  for (const match of line.matchAll(TOKENS)) {
    if (match.index > at) found.push({ kind: null, text: line.slice(at, match.index) });
    found.push({ kind: KINDS[match.slice(1).findIndex((group) => group !== undefined)], text: match[0] });
    at = match.index + match[0].length;
  }
  if (at < line.length) found.push({ kind: null, text: line.slice(at) });
  return found;
}

/**
 * Which line of a script says which layer: the n-th that is not hidden has the n-th that begins with scene.element.
 *
 * @param {string[]} lines
 * @param {object[]} layers of the document, hidden ones too
 * @returns {Map<number, string>} from lines to the layers' keys
 */
export function layerLines(lines, layers) {
  const keys = layers.filter((layer) => !layer.hidden).map((layer) => layer.key);
  const numbers = lines.flatMap((line, n) => (LAYER.test(line) ? [n] : []));
  return new Map(numbers.map((line, n) => [line, keys[n]]));
}

/**
 * @param {(key: string) => void} onSelect called with the key of a layer whose line was clicked
 * @returns {{root: HTMLElement, show: (document: object) => void}}
 */
export function scriptView(onSelect) {
  const root = el("pre", { class: "script", tabindex: 0, role: "region", "aria-label": "Script" });
  let lines = [];
  let said = null;
  let keys = new Map();
  root.addEventListener("click", (event) => {
    const key = keys.get(lines.indexOf(event.target.closest?.(".code-line")));
    if (key && getSelection().isCollapsed) onSelect(key);
  });
  return {
    root,
    show({ forms, scene, selection }) {
      const script = forms?.script ?? "";
      if (script !== said) {
        said = script;
        lines = script.trimEnd().split("\n").map(lineOf);
        root.replaceChildren(...lines);
      }
      keys = layerLines(script.trimEnd().split("\n"), scene.layers);
      let first = null;
      lines.forEach((line, n) => {
        const selected = selection.has(keys.get(n));
        line.classList.toggle("selected", selected);
        if (selected) first ??= line;
      });
      if (first) reveal(root, first);
    },
  };
}

function lineOf(text) {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  const parts = tokens(shown).map((token) =>
    (token.kind ? el("span", { class: `code-${token.kind}` }, token.text) : token.text));
  return el("span", { class: "code-line" }, ...parts, "\n");
}

/** Scroll the box only: `scrollIntoView` would move the page too. */
function reveal(box, line) {
  const top = line.offsetTop - box.offsetTop;
  const hidden = top < box.scrollTop || top + line.offsetHeight > box.scrollTop + box.clientHeight;
  if (hidden) box.scrollTop = top - box.clientHeight / 2;
}
