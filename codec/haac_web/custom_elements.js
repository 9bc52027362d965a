/**
 * Elements for pages: `<haac-picture>` draws a recipe, `<haac-blur>` a blur string (docs/web.md).
 *
 *     <script type="module" src="/web/custom_elements.js"></script>
 *     <haac-picture src="cat.haac" repository="https://elements.example.org/"></haac-picture>
 */

import { LIMITS } from "./constants.js";
import { RecipeError, TransportError } from "./errors.js";
import { caption } from "./forms/caption.js";
import { elementsOf, readRecipe } from "./forms/recipe.js";
import { Repository } from "./mirror/repository.js";
import { Painter } from "./painter.js";
import { decodeBlur } from "./wash/picture.js";

const SIMILAR = "similar, not the same";
/** Characters of a label: a screen reader reads all of it. */
const LABEL = 600;
/** How far before it is seen a picture is drawn. */
const MARGIN = "300px";
/** Pixels of the long side of a blur: browsers make it larger, and soft, which it is anyway. */
const BLUR_SIDE = 64;

const PICTURE_STYLE = `
  :host { display: inline-block; max-width: 100%; vertical-align: bottom; }
  :host([hidden]) { display: none; }
  canvas { display: block; width: 100%; height: 100%; object-fit: inherit; object-position: inherit; }
  canvas[hidden] { display: none; }
  p { margin: 0; padding: 0.5em; font: 0.875em/1.4 system-ui, sans-serif; overflow-wrap: anywhere; }
  p:empty { display: none; }
`;
const BLUR_STYLE = `
  :host { display: inline-grid; position: relative; max-width: 100%; vertical-align: bottom; }
  :host([hidden]) { display: none; }
  canvas { display: block; width: 100%; height: 100%; }
  canvas.beneath { position: absolute; inset: 0; }
  canvas[hidden] { display: none; }
  ::slotted(*) { position: relative; min-width: 0; }
`;

const sheets = new Map();
const opened = new Map();

/** A style sheet that a Content Security Policy has nothing against. */
function sheetOf(text) {
  if (!sheets.has(text)) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    sheets.set(text, sheet);
  }
  return sheets.get(text);
}

/**
 * The repository at an address with what draws out of it, shared by all pictures of a page; without an address, what
 * draws recipes that need none.
 *
 * @param {string} url "" for none
 * @param {string} [id] the only repository that is accepted there, 32 hex digits
 * @returns {Promise<{repository: Repository|null, painter: Painter}>}
 */
export function sharedPainter(url, id) {
  const key = `${url && new URL(url, document.baseURI).href} ${id ?? ""}`;
  if (!opened.has(key)) {
    const made = openPainter(url, id);
    made.catch(() => opened.delete(key)); // perhaps the network comes back
    opened.set(key, made);
  }
  return opened.get(key);
}

async function openPainter(url, id) {
  const repository = url ? await Repository.open(url, { id, fresh: true }) : null;
  return { repository, painter: new Painter(repository ? { repository } : {}) };
}

/** Puts a picture on a canvas: its pixels are the recipe's, whatever the screen's are. */
function put(canvas, { width, height, data }) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const pixels = new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength);
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
}

/**
 * A recipe, drawn: `src` (address of a .haac file or of its text form) or `recipe` (text form); `repository` (address);
 * `repository-id` (32 hex digits: the only one that is accepted there); `alt`; `loading="eager"` does not wait until it
 * is nearly seen. Events: `load`, `error` (an ErrorEvent). After `load`, `picture` and `scene` are there.
 */
export class HaacPicture extends HTMLElement {
  static observedAttributes = ["src", "recipe", "repository", "repository-id", "alt", "loading"];

  #canvas = document.createElement("canvas");
  #message = document.createElement("p");
  #observer = null;
  #scheduled = false;
  #drawing = null;
  #scene = null;
  #picture = null;
  #repository = null;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheetOf(PICTURE_STYLE)];
    this.#canvas.setAttribute("part", "canvas");
    this.#canvas.setAttribute("role", "img");
    this.#message.setAttribute("part", "error");
    this.#canvas.width = 0;
    this.#canvas.height = 0;
    root.append(this.#canvas, this.#message);
  }

  /** Its pixels, `{width, height, data}`; null until it is drawn. */
  get picture() {
    return this.#picture;
  }

  /** The recipe, read; null until it was. */
  get scene() {
    return this.#scene;
  }

  connectedCallback() {
    this.#schedule();
  }

  disconnectedCallback() {
    this.#stop();
  }

  attributeChangedCallback(name, before, after) {
    if (before === after) return;
    if (name === "alt") this.#label();
    else this.#schedule();
  }

  /** Begin once, when all attributes are set that are being set now. */
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (this.isConnected) this.#begin();
    });
  }

  #stop() {
    this.#observer?.disconnect();
    this.#observer = null;
    this.#drawing?.abort();
    this.#drawing = null;
  }

  /** Wait until it is nearly seen; of a recipe that is here, keep the place that it takes. */
  #begin() {
    this.#stop();
    this.#scene = null;
    this.#picture = null;
    this.#message.textContent = "";
    if (!this.hasAttribute("src") && !this.hasAttribute("recipe")) return;
    const given = this.getAttribute("recipe");
    if (given !== null) {
      try {
        this.#know(readRecipe(given));
      } catch (error) {
        this.#fail(error);
        return;
      }
    }
    if (this.getAttribute("loading") === "eager" || typeof IntersectionObserver === "undefined") {
      this.#draw();
      return;
    }
    this.#observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        this.#observer?.disconnect();
        this.#observer = null;
        this.#draw();
      },
      { rootMargin: MARGIN },
    );
    this.#observer.observe(this);
  }

  #know(scene) {
    this.#scene = scene;
    this.#canvas.hidden = false;
    if (this.#canvas.width !== scene.width) this.#canvas.width = scene.width;
    if (this.#canvas.height !== scene.height) this.#canvas.height = scene.height;
    this.#label();
  }

  async #draw() {
    const drawing = new AbortController();
    this.#drawing = drawing;
    const { signal } = drawing;
    try {
      const recipe = this.getAttribute("recipe") ?? (await fetchRecipe(this.getAttribute("src"), signal));
      signal.throwIfAborted();
      const scene = this.#scene ?? readRecipe(recipe);
      this.#know(scene);
      const { repository, painter } = await this.#open(scene);
      signal.throwIfAborted();
      this.#repository = repository;
      repository?.checkFingerprint(scene);
      this.#label();
      const onProgress = (picture) => signal.aborted || put(this.#canvas, picture);
      const picture = await painter.draw(recipe, { signal, onProgress });
      signal.throwIfAborted();
      put(this.#canvas, picture);
      this.#picture = picture;
      this.dispatchEvent(new Event("load"));
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  #open(scene) {
    if (elementsOf(scene).length === 0) return sharedPainter("");
    const url = this.getAttribute("repository");
    if (!url) {
      throw new RecipeError(
        "the recipe shows elements of a repository, and the attribute `repository` does not say where that is",
      );
    }
    return sharedPainter(url, this.getAttribute("repository-id") ?? undefined);
  }

  /** What a screen reader says: `alt`, or what the recipe shows; that its elements are only similar is always told. */
  #label() {
    const scene = this.#scene;
    const alt = this.getAttribute("alt");
    if (alt === "" && !scene?.similar) {
      this.#canvas.setAttribute("role", "presentation");
      this.#canvas.removeAttribute("aria-label");
      return;
    }
    let label = alt ?? "";
    if (scene !== null && alt === null) label = caption(scene, (number) => this.#repository?.info(number) ?? "");
    else if (scene?.similar) label = `${alt} (${SIMILAR})`.trim();
    this.#canvas.setAttribute("role", "img");
    this.#canvas.setAttribute("aria-label", shortened(label.replaceAll("\n", " ").trim()));
  }

  #fail(error) {
    this.#canvas.hidden = true;
    this.#message.textContent = error.message;
    this.dispatchEvent(new ErrorEvent("error", { error, message: error.message }));
  }
}

function shortened(label) {
  return label.length > LABEL ? `${label.slice(0, LABEL)}...` : label;
}

async function fetchRecipe(src, signal) {
  let response;
  try {
    response = await fetch(new URL(src, document.baseURI), { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new TransportError(`the recipe ${src} cannot be fetched: is its address right, and the network there?`);
  }
  if (!response.ok) throw new TransportError(`the recipe ${src} cannot be fetched (HTTP ${response.status})`);
  const parts = [];
  let total = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    total += value.length;
    if (total > LIMITS.text_chars) {
      reader.cancel().catch(() => {});
      throw new RecipeError(`the recipe ${src} has more than ${LIMITS.text_chars} bytes, which no recipe has`);
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/**
 * A blur string (`value`), drawn; beneath what stands in it, such as an `<img>`, until that has come. Event: `error`.
 */
export class HaacBlur extends HTMLElement {
  static observedAttributes = ["value"];

  #canvas = document.createElement("canvas");
  #slot = document.createElement("slot");

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheetOf(BLUR_STYLE)];
    this.#canvas.setAttribute("part", "canvas");
    this.#canvas.setAttribute("aria-hidden", "true");
    this.#slot.addEventListener("slotchange", () => this.#watch());
    root.append(this.#canvas, this.#slot);
  }

  connectedCallback() {
    this.#draw();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.#draw();
  }

  #draw() {
    const value = this.getAttribute("value");
    if (value === null) return;
    try {
      put(this.#canvas, decodeBlur(value, BLUR_SIDE));
    } catch (error) {
      this.#canvas.hidden = true;
      this.dispatchEvent(new ErrorEvent("error", { error, message: error.message }));
    }
  }

  /** What has alpha would be seen over the blur, were that not hidden. */
  #watch() {
    const all = this.#slot.assignedElements();
    this.#canvas.classList.toggle("beneath", all.length > 0); // then they say how large it is
    for (const each of all) {
      if (each.localName !== "img") continue;
      const done = () => {
        this.#canvas.hidden = each.complete && each.naturalWidth > 0;
      };
      each.addEventListener("load", done);
      done();
    }
  }
}

if (typeof customElements !== "undefined") {
  if (!customElements.get("haac-picture")) customElements.define("haac-picture", HaacPicture);
  if (!customElements.get("haac-blur")) customElements.define("haac-blur", HaacBlur);
}
