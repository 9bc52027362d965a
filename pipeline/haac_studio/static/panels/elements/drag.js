/** Dragging an element onto the canvas by mouse, pen or finger, with a preview beneath the pointer. */

import { image } from "../shared/dom.js";

const BEGIN = 6; // CSS pixels of movement after which a press is a drag

/**
 * Follow a press that may become a drag.
 *
 * A finger's vertical movement scrolls the grid (the browser then cancels the press); sideways, it drags.
 *
 * @param {PointerEvent} press
 * @param {{source: string, size: () => {width: number, height: number}, over: (x: number, y: number) => boolean,
 *   drop: (x: number, y: number) => void}} given source: address of the preview; size: of the preview over the canvas
 *   in CSS pixels; over: whether a point of the page is on the canvas
 */
export function follow(press, given) {
  const pointer = press.pointerId;
  let ghost = null;
  const end = () => {
    ghost?.remove();
    document.documentElement.classList.remove("dragging-element");
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", drop);
    removeEventListener("pointercancel", end);
    removeEventListener("keydown", escape, true);
  };
  const move = (event) => {
    if (event.pointerId !== pointer) return;
    const far = Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY) > BEGIN;
    if (!ghost && !far) return;
    ghost ??= begin(given.source);
    event.preventDefault();
    const over = given.over(event.clientX, event.clientY);
    const size = over ? given.size() : { width: 64, height: 64 };
    ghost.classList.toggle("over", over);
    ghost.style.width = `${size.width}px`;
    ghost.style.height = `${size.height}px`;
    ghost.style.transform = `translate(${event.clientX - size.width / 2}px, ${event.clientY - size.height / 2}px)`;
  };
  const drop = (event) => {
    if (event.pointerId !== pointer) return;
    const dragged = ghost !== null;
    end();
    if (!dragged) return;
    // The click that a browser makes of the release would be taken for a choice.
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }));
    if (given.over(event.clientX, event.clientY)) given.drop(event.clientX, event.clientY);
  };
  const escape = (event) => {
    if (event.key !== "Escape" || !ghost) return;
    event.preventDefault();
    event.stopPropagation();
    end();
  };
  addEventListener("pointermove", move, { passive: false });
  addEventListener("pointerup", drop);
  addEventListener("pointercancel", end);
  addEventListener("keydown", escape, true);
}

function begin(source) {
  document.documentElement.classList.add("dragging-element");
  const ghost = image({ class: "drag-ghost", src: source, alt: "", "aria-hidden": "true" });
  document.body.append(ghost);
  return ghost;
}

function swallow(event) {
  event.stopPropagation();
  event.preventDefault();
}
