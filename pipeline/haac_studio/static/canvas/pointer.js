/** From pointer events (mouse, pen, fingers) to gestures. */

import { Crop, Marquee, Move, Pan, Pick, Rotate, Scale, ScaleGroup, inside } from "./gestures.js";

/** How far the pointer may go before pressing it is no click any more, screen pixels. */
const THRESHOLD = 3;

/** How near a handle one has to be, screen pixels. */
const NEAR = { mouse: 9, pen: 13, touch: 22 };

const CURSORS = ["ew-resize", "nesw-resize", "ns-resize", "nwse-resize"];

/** Wires a stage. */
export class Pointers {
  #stage;
  #fingers = new Map();
  #gesture = null;
  #pressed = null;
  #pinch = null;

  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.#stage = stage;
    this.space = false;
    const { element } = stage;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event));
    element.addEventListener("pointercancel", (event) => this.#up(event, true));
    element.addEventListener("pointerleave", () => stage.hover(null, null));
    element.addEventListener("dblclick", (event) => this.#double(event));
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    element.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  /** Break off what goes on. @returns {boolean} whether something did */
  cancel() {
    const gesture = this.#gesture;
    this.#gesture = null;
    this.#pressed = null;
    gesture?.cancel();
    return Boolean(gesture);
  }

  /** Position of an event on the stage. @returns {[number, number]} screen pixels */
  #at(event) {
    const { left, top } = this.#stage.element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  #down(event) {
    const stage = this.#stage;
    const at = this.#at(event);
    if (event.target.closest(".floating")) return;
    stage.element.focus({ preventScroll: true });
    stage.element.setPointerCapture(event.pointerId);
    if (event.pointerType === "touch") {
      this.#fingers.set(event.pointerId, at);
      if (this.#fingers.size === 2) {
        this.cancel();
        this.#pinch = this.#measure();
        return;
      }
    }
    if (this.#gesture || this.#fingers.size > 2) return;
    if (event.button === 1 || this.space) {
      event.preventDefault();
      this.#gesture = new Pan(stage, event);
      this.#cursor("grabbing");
      return;
    }
    if (event.button !== 0) return;
    this.#pressed = { at, event, ...this.#target(at, event) };
  }

  /** What is beneath the pointer: {kind, ...}. */
  #target(at, event) {
    const stage = this.#stage;
    const point = stage.view.toCanvas(...at);
    if (stage.picking) return { kind: "pick", point };
    const near = NEAR[event.pointerType] ?? NEAR.mouse;
    if (stage.cropping) {
      const frame = stage.frameOf(stage.cropping);
      const handle = frame && this.#handle(frame, at, near, false);
      if (handle) return { kind: "crop", handle, point, frame };
      return frame && inside(frame, point) ? { kind: "crop", handle: null, point, frame } : { kind: "leave", point };
    }
    const grip = stage.grip();
    if (grip) {
      const [, knob] = stage.overlay.rotationHandle(grip.frame);
      if (Math.hypot(knob[0] - at[0], knob[1] - at[1]) <= near) return { kind: "rotate", point, frame: grip.frame };
      const handle = this.#handle(grip.frame, at, near, grip.group);
      if (handle) return { kind: grip.group ? "scale group" : "scale", handle, point, frame: grip.frame };
    }
    const layer = stage.hit(point);
    return layer ? { kind: "layer", layer, point } : { kind: "empty", point };
  }

  #handle(frame, at, far, group) {
    const { view } = this.#stage;
    // Handles leave room to take hold of small layers themselves.
    const least = Math.min(frame.width, frame.height) * view.zoom;
    const near = inside(frame, view.toCanvas(...at)) ? Math.min(far, least / 5) : far;
    let best = null;
    for (const handle of this.#stage.overlay.handlesOf(frame, group)) {
      const [x, y] = this.#stage.overlay.handleAt(frame, handle);
      const distance = Math.hypot(x - at[0], y - at[1]);
      if (distance <= near && (!best || distance < best.distance)) best = { handle, distance };
    }
    return best?.handle ?? null;
  }

  /** Whether a click adds to what is selected. */
  #adds(event) {
    return event.shiftKey || this.#stage.adding;
  }

  #begin({ kind, point, handle, layer, frame, event }) {
    const stage = this.#stage;
    switch (kind) {
      case "pick":
        return new Pick(stage, point, (box) => stage.picked(box));
      case "crop":
        return new Crop(stage, point, handle);
      case "rotate":
        return new Rotate(stage, point, frame);
      case "scale":
        return new Scale(stage, point, handle);
      case "scale group":
        return new ScaleGroup(stage, point, handle, frame);
      case "layer":
        if (!stage.document.selection.has(layer.key)) {
          stage.document.select(this.#adds(event) ? [...stage.document.selection, layer.key] : [layer.key]);
        }
        return new Move(stage, point);
      case "empty":
        return event.pointerType === "touch" && !stage.adding
          ? new Pan(stage, event)
          : new Marquee(stage, point, this.#adds(event));
      default:
        return null;
    }
  }

  #move(event) {
    const at = this.#at(event);
    const stage = this.#stage;
    if (this.#fingers.has(event.pointerId)) this.#fingers.set(event.pointerId, at);
    if (this.#pinch) {
      this.#pinched();
      return;
    }
    const point = stage.view.toCanvas(...at);
    if (this.#pressed && !this.#gesture) {
      const [x, y] = this.#pressed.at;
      if (Math.hypot(at[0] - x, at[1] - y) < (event.pointerType === "touch" ? 8 : THRESHOLD)) return;
      this.#gesture = this.#begin(this.#pressed);
    }
    stage.show({ noteAt: at });
    if (this.#gesture) this.#gesture.move(event, point);
    else if (event.pointerType !== "touch") this.#hover(at, event);
    stage.pointed(point);
  }

  #hover(at, event) {
    if (this.space) {
      this.#cursor("grab");
      return;
    }
    const target = this.#target(at, event);
    this.#stage.hover(target.layer ?? null, target.point);
    const around = target.frame?.rotation ?? 0;
    switch (target.kind) {
      case "scale":
      case "scale group":
      case "crop":
        this.#cursor(target.handle ? resizeCursor(target.handle, around) : "move");
        break;
      case "rotate":
        this.#cursor("grab");
        break;
      case "layer":
        this.#cursor("move");
        break;
      default:
        this.#cursor(target.kind === "pick" ? "crosshair" : "default");
    }
  }

  #cursor(name) {
    this.#stage.element.style.cursor = name;
  }

  #up(event, broken = false) {
    this.#fingers.delete(event.pointerId);
    if (this.#pinch) {
      if (this.#fingers.size < 2) this.#pinch = null;
      this.#pressed = null;
      return;
    }
    if (broken) {
      this.cancel();
      return;
    }
    const gesture = this.#gesture;
    const pressed = this.#pressed;
    this.#gesture = null;
    this.#pressed = null;
    if (gesture) gesture.end();
    else if (pressed) this.#click(pressed);
    if (event.pointerType !== "touch") this.#hover(this.#at(event), event);
  }

  #click({ kind, layer, event }) {
    const stage = this.#stage;
    const { document } = stage;
    if (kind === "leave") stage.crop(null);
    if (kind === "pick") stage.picked(null);
    if (kind === "empty" && !this.#adds(event)) document.select([]);
    if (kind !== "layer") return;
    if (!this.#adds(event)) document.select([layer.key]);
    else if (document.selection.has(layer.key)) {
      document.select([...document.selection].filter((key) => key !== layer.key));
    } else document.select([...document.selection, layer.key]);
  }

  #double(event) {
    const stage = this.#stage;
    if (stage.cropping || stage.picking) return;
    const layer = stage.hit(stage.view.toCanvas(...this.#at(event)));
    if (layer) stage.crop(layer.key);
  }

  #wheel(event) {
    event.preventDefault();
    const { view } = this.#stage;
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? view.height : 1;
    if (event.ctrlKey || event.metaKey) {
      view.zoomAt(view.zoom * Math.exp((-event.deltaY * unit) / 300), ...this.#at(event));
    } else if (event.shiftKey && !event.deltaX) view.pan(-event.deltaY * unit, 0);
    else view.pan(-event.deltaX * unit, -event.deltaY * unit);
  }

  #measure() {
    const [a, b] = [...this.#fingers.values()];
    return { distance: Math.hypot(a[0] - b[0], a[1] - b[1]) || 1, middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
  }

  #pinched() {
    const before = this.#pinch;
    const after = this.#measure();
    const { view } = this.#stage;
    view.pan(after.middle[0] - before.middle[0], after.middle[1] - before.middle[1]);
    view.zoomAt((view.zoom * after.distance) / before.distance, ...after.middle);
    this.#pinch = after;
  }
}

/** Cursor of a handle of a turned frame. */
function resizeCursor([x, y], rotation) {
  const angle = Math.atan2(-y, x) + (rotation * Math.PI * 2) / 1440;
  return CURSORS[((Math.round(angle / (Math.PI / 4)) % 4) + 4) % 4];
}
