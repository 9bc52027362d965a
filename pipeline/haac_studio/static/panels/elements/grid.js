/** A virtualised grid of thumbnails (windowing): as many rows in the page as are seen, whatever the catalog's size. */

import { el } from "../../shell/dom.js";
import { image, newId } from "../shared/dom.js";

const CELL = 64; // least width of a cell, CSS pixels
const NAME = 20; // height of the name below the picture
const BEYOND = 2; // rows kept ready above and below what is seen
const SETTLED = 60; // milliseconds of calm after which what was scrolled to is fetched

/**
 * The grid. It keeps the focus itself and names the active cell by `aria-activedescendant`, as cells are used again for
 * other elements while it scrolls.
 */
export class ElementGrid {
  #rows = [];
  #columns = 1;
  #cell = CELL;
  #fetching = 0;
  #version = 0;

  /**
   * @param {import("./results.js").Results} results
   * @param {{thumbnail: (id: string) => string, onActive: (element: object|null) => void,
   *   onAdd: (element: object) => void, onType: () => void,
   *   onGrab: (event: PointerEvent, element: object, cell: HTMLElement) => void}} given
   */
  constructor(results, given) {
    this.results = results;
    this.given = given;
    this.active = 0;
    this.id = newId("elements");
    this.space = el("div", { class: "grid-space", role: "presentation" });
    const named = { role: "grid", tabindex: 0, "aria-label": "Elements found" };
    this.root = el("div", { class: "element-grid", ...named }, this.space);
    this.root.addEventListener("scroll", () => this.#draw(), { passive: true });
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.root.addEventListener("pointerdown", (event) => this.#grab(event));
    this.root.addEventListener("click", (event) => this.#click(event));
    this.root.addEventListener("dblclick", (event) => this.#add(event));
    new ResizeObserver(() => this.#measure()).observe(this.root);
    results.addEventListener("change", () => this.#changed());
  }

  /** @returns {object|undefined} the active element */
  get element() {
    return this.results.at(this.active);
  }

  focus() {
    this.root.focus();
    this.#activate(this.active);
  }

  #measure() {
    const width = this.root.clientWidth;
    if (!width) return;
    const columns = Math.max(1, Math.floor(width / CELL));
    const cell = Math.floor(width / columns);
    if (columns !== this.#columns || cell !== this.#cell) {
      this.#columns = columns;
      this.#cell = cell;
      this.#rows.forEach((row) => row.node.remove());
      this.#rows = [];
    }
    this.#changed();
  }

  get #rowHeight() {
    return this.#cell + NAME;
  }

  #changed() {
    const { total, version } = this.results;
    if (version !== this.#version) {
      // Another answer is shown from its beginning.
      this.#version = version;
      this.active = 0;
      this.root.scrollTop = 0;
    }
    const rows = Math.ceil(total / this.#columns);
    this.active = Math.max(0, Math.min(this.active, total - 1));
    this.space.style.height = `${rows * this.#rowHeight}px`;
    this.root.setAttribute("aria-rowcount", rows);
    this.root.setAttribute("aria-colcount", this.#columns);
    this.#draw(true);
  }

  #draw(fresh = false) {
    const height = this.root.clientHeight;
    if (!height) return;
    const first = Math.max(0, Math.floor(this.root.scrollTop / this.#rowHeight) - BEYOND);
    const seen = Math.ceil(height / this.#rowHeight) + 1 + 2 * BEYOND;
    const rows = Math.min(first + seen, Math.ceil(this.results.total / this.#columns));
    while (this.#rows.length < seen) this.#rows.push(this.#newRow());
    // A row is always shown by the same nodes while it is seen, so that scrolling touches only the rows that come in.
    for (const row of this.#rows) {
      const slot = this.#rows.indexOf(row);
      const place = first + ((((slot - first) % this.#rows.length) + this.#rows.length) % this.#rows.length);
      const shown = place < rows;
      row.node.hidden = !shown;
      if (shown && (fresh || row.place !== place || !row.whole)) this.#fill(row, place);
      row.place = shown ? place : -1;
    }
    const ask = () => this.results.want(first * this.#columns, rows * this.#columns - 1);
    clearTimeout(this.#fetching);
    if (fresh) ask();
    else this.#fetching = setTimeout(ask, SETTLED);
    this.#mark();
  }

  #newRow() {
    const cells = Array.from({ length: this.#columns }, () => {
      const picture = image({ alt: "", draggable: "false", decoding: "async" });
      picture.addEventListener("error", () => (picture.hidden = true));
      const name = el("span", { class: "cell-name" });
      const node = el("div", { class: "cell", role: "gridcell" }, el("span", { class: "cell-picture" }, picture), name);
      return { node, picture, name, shown: null };
    });
    const node = el("div", { class: "grid-row", role: "row" }, ...cells.map((cell) => cell.node));
    node.style.setProperty("--columns", this.#columns);
    node.style.height = `${this.#rowHeight}px`;
    this.space.append(node);
    return { node, cells, place: -1, whole: false };
  }

  #fill(row, place) {
    row.node.style.transform = `translateY(${place * this.#rowHeight}px)`;
    row.node.setAttribute("aria-rowindex", place + 1);
    row.whole = true;
    row.cells.forEach((cell, column) => {
      const index = place * this.#columns + column;
      const element = this.results.at(index);
      const there = index < this.results.total;
      cell.node.dataset.index = index;
      cell.node.id = `${this.id}-${index}`;
      cell.node.setAttribute("aria-colindex", column + 1);
      cell.node.classList.toggle("empty", !there);
      cell.node.classList.toggle("waiting", there && !element);
      if (there && !element) row.whole = false;
      const shown = element ? element.id : null;
      if (shown === cell.shown) return;
      cell.shown = shown;
      cell.name.textContent = element ? element.name || element.id : "";
      cell.node.title = element ? element.name || element.id : "";
      cell.picture.hidden = !element;
      if (element) cell.picture.src = this.given.thumbnail(element.id);
      else cell.picture.removeAttribute("src");
    });
  }

  #mark() {
    let id = null;
    for (const row of this.#rows) {
      for (const cell of row.cells) {
        const active = Number(cell.node.dataset.index) === this.active && row.place >= 0 && this.results.total > 0;
        cell.node.classList.toggle("active", active);
        cell.node.setAttribute("aria-selected", active);
        if (active) id = cell.node.id;
      }
    }
    if (id) this.root.setAttribute("aria-activedescendant", id);
    else this.root.removeAttribute("aria-activedescendant");
  }

  #activate(index) {
    const { total } = this.results;
    if (!total) return;
    this.active = Math.max(0, Math.min(index, total - 1));
    const top = Math.floor(this.active / this.#columns) * this.#rowHeight;
    const bottom = top + this.#rowHeight;
    const { scrollTop, clientHeight } = this.root;
    if (top < scrollTop) this.root.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.root.scrollTop = bottom - clientHeight;
    this.#draw();
    this.given.onActive(this.element ?? null);
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.root.clientHeight / this.#rowHeight)) * this.#columns;
    const steps = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.#columns, ArrowDown: this.#columns, PageUp: -page, PageDown: page,
      Home: -this.results.total, End: this.results.total,
    };
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowUp" && this.active < this.#columns) this.given.onType();
    else if (event.key in steps) this.#activate(this.active + steps[event.key]);
    else if (event.key === "Enter") this.#give(this.element);
    else if (event.key.length === 1 && event.key !== " ") {
      this.given.onType(); // the key goes where the focus is now
      event.stopPropagation();
      return;
    } else if (event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
  }

  #of(event) {
    const node = event.target.closest?.(".cell");
    if (!node || node.classList.contains("empty")) return null;
    const index = Number(node.dataset.index);
    return { node, index, element: this.results.at(index) };
  }

  #grab(event) {
    const cell = this.#of(event);
    if (cell?.element && event.button === 0) this.given.onGrab(event, cell.element, cell.node);
  }

  #click(event) {
    const cell = this.#of(event);
    if (cell) this.#activate(cell.index);
  }

  #add(event) {
    this.#give(this.#of(event)?.element);
  }

  #give(element) {
    if (element) this.given.onAdd(element);
  }
}
