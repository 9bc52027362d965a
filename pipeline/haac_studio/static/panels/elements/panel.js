/** The elements panel: search as one types, a grid of what was found, and details of the one that is chosen. */

import { el } from "../../shell/dom.js";
import { icon } from "../../shell/icons.js";
import { button, counted, debounced, iconButton } from "../shared/dom.js";
import { colourChooser } from "./colours.js";
import { elementDetails } from "./details.js";
import { follow } from "./drag.js";
import { ElementGrid } from "./grid.js";
import { Results } from "./results.js";

const TYPING = 50; // milliseconds between keys below which only the last one is searched for

/** The panel; `root` is what is shown. */
export class ElementsPanel {
  #filter = { query: "", colour: null, tag: null, like: null };
  #likeName = "";
  #entering = null;

  /**
   * @param {object} app the editor's
   * @param {{noLikeness: string}} given noLikeness: why elements like another cannot be found; empty if they can
   */
  constructor(app, { noLikeness }) {
    this.app = app;
    this.results = new Results(app.api);
    this.search = el("input", {
      type: "search",
      id: "element-search",
      placeholder: "Search elements",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": "Search elements",
      "aria-describedby": "element-count",
    });
    this.count = el("p", { class: "element-count", id: "element-count", "aria-live": "polite" });
    this.chips = el("div", { class: "chips", role: "group", "aria-label": "Search is narrowed by" });
    this.empty = el("div", { class: "empty-note", hidden: true });
    this.colours = colourChooser((colour) => this.#narrow({ colour }));
    this.details = elementDetails(app.api, {
      noLikeness,
      onAdd: (element) => this.#add(element),
      onTag: (tag) => this.#narrow({ tag }),
      onLike: (element) => {
        this.#likeName = element.name || element.id;
        this.search.value = "";
        this.#narrow({ like: element.id, query: "", colour: null });
      },
    });
    this.grid = new ElementGrid(this.results, {
      thumbnail: (id) => app.api.thumbnailUrl(id, devicePixelRatio > 1 ? 144 : 96),
      onActive: (element) => this.details.show(element),
      onAdd: (element) => this.#add(element),
      onType: () => this.search.focus(),
      onGrab: (event, element, cell) => grab(app, event, element, cell, (at) => this.#add(element, at)),
    });
    this.root = el("div", { class: "panel-body elements" },
      el("div", { class: "search-box" }, icon("search"), this.search),
      this.colours.root, this.chips, this.count, this.grid.root, this.empty, this.details.root);
    this.typed = debounced(TYPING, () => this.refresh());
    this.#listen();
  }

  #listen() {
    this.results.addEventListener("failure", ({ error }) => {
      this.count.textContent = error.message;
      this.app.announce(error.message);
    });
    this.search.addEventListener("input", () => {
      this.#filter.query = this.search.value.trim();
      if (this.#filter.like) this.#narrow({ like: null }); // words and likeness do not go together
      else this.typed();
    });
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "ArrowDown") {
        event.preventDefault();
        this.#enterGrid(event.key);
      } else if (event.key === "Escape" && this.search.value) {
        event.preventDefault();
        event.stopPropagation();
        this.search.value = "";
        this.#narrow({ query: "" });
      }
    });
  }

  /** Into the answer to what is typed, which may not be here yet; another Enter meanwhile adds its first element. */
  async #enterGrid(key) {
    if (this.#entering) {
      this.#entering.add ||= key === "Enter";
      return;
    }
    const entering = (this.#entering = { add: false });
    if ((this.results.filter.query ?? "") !== this.#filter.query) await this.typed.now();
    this.#entering = null;
    if (!this.results.total) return;
    this.grid.focus();
    if (entering.add) this.#add(this.results.at(0));
  }

  focus() {
    this.search.focus();
    this.search.select(); // what is typed next takes the place of the search before
  }

  /** Ask the server again: the filter or the repository has changed. @returns {Promise<void>} */
  async refresh() {
    const given = Object.fromEntries(Object.entries(this.#filter).filter(([, value]) => value));
    const whole = Object.keys(given).length === 0;
    const began = performance.now();
    if (!(await this.results.search(given))) return;
    performance.measure("haac search", { start: began, end: performance.now() });
    const found = counted(this.results.total, "element");
    const instead = this.results.foundBy ? ` for “${this.results.foundBy}”` : "";
    this.count.textContent = whole ? found : `${found} found${instead}`;
    this.#showEmpty(whole);
    this.details.show(null);
  }

  #add(element, at) {
    this.app.stage.add(element, at ?? this.app.stage.centre());
    this.app.announce(`${element.name || element.id} added`);
  }

  #narrow(change) {
    Object.assign(this.#filter, change);
    if (change.colour !== undefined) this.colours.show(change.colour);
    this.#showChips();
    this.typed.now();
  }

  #showEmpty(whole) {
    const { total } = this.results;
    this.empty.hidden = total > 0;
    this.grid.root.hidden = total === 0;
    if (total > 0) return;
    const all = () => {
      this.search.value = "";
      this.#narrow({ query: "", colour: null, tag: null, like: null });
    };
    this.empty.replaceChildren(
      el("p", {}, whole ? "This repository has no elements yet." : "Nothing was found."),
      whole ? el("p", {}, "Drop a photograph here: what it shows is cut out.") : button("Show all elements", all));
  }

  #showChips() {
    const { tag, like, colour } = this.#filter;
    const shown = [
      tag && [`tag: ${tag}`, { tag: null }],
      like && [`like ${this.#likeName}`, { like: null }],
      colour && ["colour", { colour: null }, colour],
    ].filter(Boolean);
    this.chips.replaceChildren(...shown.map(([label, change, swatch]) => {
      const dot = swatch && el("span", { class: "dot" });
      dot?.style.setProperty("--swatch", swatch);
      return el("span", { class: "chip" }, dot, label,
        iconButton("cross", `Search no longer by ${label}`, () => this.#narrow(change), { class: "chip-close" }));
    }));
  }
}

function grab(app, event, element, cell, add) {
  const stage = document.getElementById("stage");
  follow(event, {
    source: cell.querySelector("img").src,
    over: (x, y) => stage.contains(document.elementFromPoint(x, y)),
    size: () => {
      const { zoom } = app.stage.view;
      const { width, height } = app.document.scene;
      const fit = Math.min(1, (width * 0.9) / element.width, (height * 0.9) / element.height);
      return { width: element.width * fit * zoom, height: element.height * fit * zoom };
    },
    drop: (x, y) => {
      const { left, top } = app.stage.element.getBoundingClientRect();
      const [across, down] = app.stage.view.toCanvas(x - left, y - top);
      add({ x: across, y: down });
      app.stage.element.focus();
    },
  });
}
