/** A field for a number on a grid of steps, with a slider if wanted. One gesture, or spell of typing, is one step. */

import { el } from "../shell/dom.js";

/** Changes within this time belong together, milliseconds. */
const TOGETHER = 1200;

let count = 0;

/**
 * @typedef {object} NumberOptions
 * @property {string} label accessible name
 * @property {string} [short] what is written before the field; the label if not said
 * @property {string} [unit] behind the number: "px", "%", "°"
 * @property {number} min
 * @property {number} max
 * @property {number} [step] 1 if not said
 * @property {[number, number]} [slider] range of a slider beside it
 * @property {number} [rest] what the value is when nothing is done; a double click on the label brings it back
 * @property {() => number|null|undefined} read the value; null: several ones; undefined: there is none
 * @property {(value: number, options: {merge: string, gesture: boolean}) => void} write
 */

/** One field. */
export class NumberField {
  #session = 0;
  #last = 0;

  /** @param {NumberOptions} options */
  constructor(options) {
    Object.assign(this, { step: 1, unit: "", ...options });
    this.id = `field-${++count}`;
    const { label, short = label, unit, min, max, step } = this;
    this.input = el("input", {
      type: "number", id: this.id, min, max, step, autocomplete: "off",
      "aria-label": unit ? `${label}, ${unit}` : label,
      oninput: () => this.#typed(),
      onchange: () => this.#finish(),
      onfocus: () => (this.#session += 1),
      onkeydown: (event) => this.#key(event),
      onblur: () => this.#finish(),
    });
    this.problem = el("p", { class: "problem", id: `${this.id}-problem`, hidden: true });
    const name = el("label", { for: this.id, class: "field-label", title: label }, short);
    this.#scrub(name);
    const sign = unit && el("span", { class: "unit", "aria-hidden": "true" }, unit);
    const box = el("span", { class: "field-box" }, this.input, sign);
    const kind = this.slider ? "field with-slider" : "field";
    this.element = el("div", { class: kind }, name, this.#makeSlider(label), box, this.problem);
  }

  #makeSlider(label) {
    if (!this.slider) return null;
    this.range = el("input", {
      type: "range", min: this.slider[0], max: this.slider[1], step: this.step, tabindex: -1,
      "aria-label": `${label}, slider`,
      oninput: () => this.#write(Number(this.range.value), true),
      onchange: () => this.#finish(),
      onpointerdown: () => (this.#session += 1),
    });
    return this.range;
  }

  /** Show the present value. */
  update() {
    const value = this.read();
    this.input.disabled = value === undefined;
    if (this.range) this.range.disabled = value === undefined;
    this.input.placeholder = value === null ? "mixed" : "";
    if (this.range && typeof value === "number") this.#fillRange(value);
    const editing = document.activeElement === this.input;
    const unfinished = this.problem.hidden === false || this.input.value === "";
    if (editing && unfinished && value === this.shown) return;
    this.shown = value;
    if (typeof value !== "number") this.input.value = "";
    else if (Number(this.input.value) !== value || this.input.value === "") this.input.value = this.#text(value);
    this.#tell(null);
  }

  #fillRange(value) {
    this.range.value = value;
    const [low, high] = this.slider;
    const part = (at) => `${(100 * (Math.min(high, Math.max(low, at)) - low)) / (high - low)}%`;
    this.range.style.setProperty("--at", part(value));
    this.range.style.setProperty("--rest", part(this.rest ?? low));
  }

  /** At most two decimals, none that say nothing. */
  #text(value) {
    return String(Math.round(value * 1000) / 1000);
  }

  #typed() {
    const text = this.input.value.trim();
    if (text === "" && !this.input.validity.badInput) return;
    const value = Number(text);
    const range = `${this.#text(this.min)} to ${this.#text(this.max)}${this.unit ? ` ${this.unit}` : ""}`;
    if (text === "" || !Number.isFinite(value)) this.#tell(`A number from ${range} is allowed`);
    else if (value < this.min || value > this.max) this.#tell(`${this.#text(value)} is outside: ${range}`);
    else this.#write(value, true);
  }

  #write(value, gesture) {
    const now = performance.now();
    if (now - this.#last > TOGETHER) this.#session += 1;
    this.#last = now;
    const whole = Math.round(value / this.step) * this.step;
    this.#tell(null);
    this.write(Math.min(this.max, Math.max(this.min, whole)), { merge: `${this.id} ${this.#session}`, gesture });
  }

  #finish() {
    this.#session += 1;
    this.#tell(null);
    const value = this.read();
    this.input.value = typeof value === "number" ? this.#text(value) : "";
  }

  #key(event) {
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (direction && typeof this.shown === "number") {
      event.preventDefault();
      const by = (event.shiftKey ? 10 : 1) * Math.max(this.step, this.keyStep ?? 0);
      this.#write(Math.min(this.max, Math.max(this.min, this.shown + direction * by)), false);
    }
    if (event.key === "Escape") {
      event.stopPropagation();
      this.#finish();
      this.input.blur();
      document.querySelector(".viewport")?.focus();
    }
    if (event.key === "Enter") {
      event.preventDefault();
      this.#finish();
      this.input.select();
    }
  }

  /** Dragging the label changes the value, as drawing programs have it. */
  #scrub(label) {
    let from = null;
    label.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || typeof this.shown !== "number") return;
      from = { x: event.clientX, value: this.shown, moved: false };
      label.setPointerCapture(event.pointerId);
      this.#session += 1;
    });
    label.addEventListener("pointermove", (event) => {
      if (!from) return;
      const by = Math.round((event.clientX - from.x) / 2);
      if (!by && !from.moved) return;
      from.moved = true;
      const value = from.value + by * Math.max(this.step, this.keyStep ?? 0);
      this.#write(Math.min(this.max, Math.max(this.min, value)), true);
    });
    const end = () => {
      if (from?.moved) this.#session += 1;
      from = null;
    };
    label.addEventListener("pointerup", end);
    label.addEventListener("pointercancel", end);
    label.addEventListener("dblclick", () => {
      if (this.rest !== undefined && this.shown !== undefined) this.#write(this.rest, false);
    });
  }

  #tell(text) {
    this.problem.hidden = !text;
    this.problem.textContent = text ?? "";
    if (text) {
      this.input.setAttribute("aria-invalid", "true");
      this.input.setAttribute("aria-describedby", this.problem.id);
    } else {
      this.input.removeAttribute("aria-invalid");
      this.input.removeAttribute("aria-describedby");
    }
  }
}
