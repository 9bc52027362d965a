/** Dragging rows of the layers list to another place in the order. */

/** How far a press may go before it drags, screen pixels. */
const THRESHOLD = 5;

/** One drag at a time. */
export class Reorder {
  #drag = null;

  /** @param {import("./list.js").LayersList} list */
  constructor(list) {
    this.list = list;
    /** Whether the click that comes belongs to a drag. */
    this.justMoved = false;
    const { element } = list;
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", () => this.#end(true));
    element.addEventListener("pointercancel", () => this.#end(false));
    element.addEventListener("keydown", (event) => event.key === "Escape" && this.#drag && this.#end(false));
  }

  /** @param {PointerEvent} event @param {string} key of the row that was pressed */
  start(event, key) {
    this.justMoved = false;
    if (event.button !== 0) return;
    this.#drag = { key, y: event.clientY, pointer: event.pointerId, moving: false, to: null };
  }

  #move(event) {
    const drag = this.#drag;
    if (!drag) return;
    const { list } = this;
    if (!drag.moving) {
      if (Math.abs(event.clientY - drag.y) < THRESHOLD) return;
      drag.moving = true;
      list.element.setPointerCapture(drag.pointer);
      if (!list.document.selection.has(drag.key)) list.document.select([drag.key]);
      list.element.classList.add("reordering");
    }
    const rows = [...list.element.children];
    const boxes = rows.map((row) => row.getBoundingClientRect());
    const at = boxes.findIndex((box) => event.clientY < box.top + box.height / 2);
    drag.to = at < 0 ? rows.length : at;
    rows.forEach((row, i) => {
      row.classList.toggle("drop-before", i === drag.to);
      row.classList.toggle("drop-after", drag.to === rows.length && i === rows.length - 1);
    });
  }

  #end(done) {
    const drag = this.#drag;
    this.#drag = null;
    if (!drag?.moving) return;
    const { list } = this;
    this.justMoved = true;
    setTimeout(() => (this.justMoved = false), 0);
    list.element.classList.remove("reordering");
    for (const row of list.element.children) row.classList.remove("drop-before", "drop-after");
    if (done && drag.to !== null) this.#put(drag.to);
  }

  /** Put the selected layers before the row that stands at this index, topmost first. */
  #put(to) {
    const { document, order } = this.list;
    const moving = new Set([...document.selection].filter((key) => !document.layer(key)?.locked));
    const before = order[to] ?? null;
    document.apply(moving.size > 1 ? `Reorder ${moving.size} layers` : "Reorder", (scene) => {
      const shown = scene.layers.toReversed();
      const rest = shown.filter((layer) => !moving.has(layer.key));
      // Before the first row from there on that is not moved itself.
      const next = order.slice(to).find((key) => !moving.has(key));
      const at = before === null || !next ? rest.length : rest.findIndex((layer) => layer.key === next);
      const layers = rest.toSpliced(at, 0, ...shown.filter((layer) => moving.has(layer.key))).reverse();
      return layers.every((layer, i) => layer === scene.layers[i]) ? scene : { ...scene, layers };
    });
  }
}
