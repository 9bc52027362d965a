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

/**
 * @param {object} app the editor's
 * @param {{similar?: boolean}} features what this server can do
 * @returns {{root: HTMLElement, refresh: () => Promise<void>, focus: () => void, grid: ElementGrid}}
 */
export function elementsPanel(app, features) {
  const results = new Results(app.api);
  const filter = { query: "", colour: null, tag: null, like: null };
  let likeName = "";

  const search = el("input", {
    type: "search",
    id: "element-search",
    placeholder: "Search elements",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": "Search elements",
    "aria-describedby": "element-count",
  });
  const count = el("p", { class: "element-count", id: "element-count", "aria-live": "polite" });
  const chips = el("div", { class: "chips", role: "group", "aria-label": "Search is narrowed by" });
  const empty = el("div", { class: "empty-note", hidden: true });

  const add = (element, where) => {
    app.stage.add(element, where ?? app.stage.centre());
    app.announce(`${element.name || element.id} added`);
  };
  const ask = async () => {
    const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
    const whole = Object.keys(given).length === 0;
    const began = performance.now();
    if (!(await results.search(given))) return;
    performance.measure("haac search", { start: began, end: performance.now() });
    grid.reset();
    const found = counted(results.total, "element");
    const instead = results.foundBy ? ` for “${results.foundBy}”` : "";
    count.textContent = whole ? found : `${found} found${instead}`;
    showEmpty(whole);
    details.show(null);
  };
  const typed = debounced(TYPING, ask);
  const narrow = (change) => {
    Object.assign(filter, change);
    if (change.colour !== undefined) colours.show(change.colour);
    showChips();
    typed.now();
  };
  const showEmpty = (whole) => {
    empty.hidden = results.total > 0;
    grid.root.hidden = results.total === 0;
    if (results.total > 0) return;
    empty.replaceChildren(
      el("p", {}, whole ? "This repository has no elements yet." : "Nothing was found."),
      whole ? el("p", {}, "Drop a photograph here: what it shows is cut out.")
        : button("Show all elements", () => {
          search.value = "";
          narrow({ query: "", colour: null, tag: null, like: null });
        }));
  };
  const showChips = () => {
    const shown = [
      filter.tag && [`tag: ${filter.tag}`, { tag: null }],
      filter.like && [`like ${likeName}`, { like: null }],
      filter.colour && ["colour", { colour: null }, filter.colour],
    ].filter(Boolean);
    chips.replaceChildren(...shown.map(([label, change, colour]) => {
      const dot = colour && el("span", { class: "dot" });
      dot?.style.setProperty("--swatch", colour);
      return el("span", { class: "chip" }, dot, label,
        iconButton("cross", `Search no longer by ${label}`, () => narrow(change), { class: "chip-close" }));
    }));
  };

  const colours = colourChooser((colour) => narrow({ colour }));
  const details = elementDetails(app.api, {
    similar: features.similar !== false,
    onAdd: (element) => add(element),
    onTag: (tag) => narrow({ tag }),
    onLike: (element) => {
      likeName = element.name || element.id;
      search.value = "";
      narrow({ like: element.id, query: "", colour: null });
    },
  });
  const grid = new ElementGrid(results, {
    thumbnail: (id) => app.api.thumbnailUrl(id, devicePixelRatio > 1 ? 144 : 96),
    onActive: (element) => details.show(element),
    onAdd: (element) => add(element),
    onType: () => search.focus(),
    onGrab: (event, element, cell) => grab(app, event, element, cell, add),
  });
  results.addEventListener("failure", ({ error }) => {
    count.textContent = error.message;
    app.announce(error.message);
  });
  search.addEventListener("input", () => {
    filter.query = search.value.trim();
    if (filter.like) narrow({ like: null }); // words and likeness do not go together
    else typed();
  });
  search.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === "ArrowDown") && results.total) {
      event.preventDefault();
      grid.focus();
    } else if (event.key === "Escape" && search.value) {
      event.preventDefault();
      event.stopPropagation();
      search.value = "";
      narrow({ query: "" });
    }
  });
  const root = el("div", { class: "panel-body elements" },
    el("div", { class: "search-box" }, icon("search"), search),
    colours.root, chips, count, grid.root, empty, details.root);
  return { root, refresh: ask, focus: () => search.focus(), grid, results };
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
      add(element, { x: across, y: down });
      app.stage.element.focus();
    },
  });
}
