/** What a painter's worker does: jobs of drawing one recipe each, as messages. */

import { render } from "./drawing/render.js";
import { Renderer } from "./drawing/renderer.js";
import * as errors from "./errors.js";
import { Sources } from "./sources.js";

/** Between two pictures of progress, milliseconds: each is a copy of the canvas. */
const PAUSE = 100;

/**
 * A message to the worker.
 *
 * @typedef {object} Order
 * @property {"draw"|"elements"|"cancel"} type
 * @property {number} job Its number.
 * @property {Scene} [scene] Of `draw`.
 * @property {boolean} [progress] Of `draw`: pictures of it are wanted while elements come.
 * @property {[number, [number, number]][]} [sizes] Of `draw`: of elements that come later, as far as they are known.
 * @property {[number, Uint8Array|Picture][]} [elements] Of `draw` and `elements`.
 *
 * A message from the worker: an answer to a job. `picture` is the end of it, and `error`.
 *
 * @typedef {object} Answer
 * @property {"progress"|"picture"|"error"|"cancelled"} type
 * @property {number} job
 * @property {Picture} [picture]
 * @property {string} [stage] "background", or "layers".
 * @property {{name: string, message: string}} [error]
 */

/** Draws what messages ask for. */
export class PaintJobs {
  #answer;
  #jobs = new Map();

  /** @param {(answer: Answer, transfer: ArrayBuffer[]) => void} answer Sends a message. */
  constructor(answer) {
    this.#answer = answer;
  }

  /** @param {Order} order */
  take(order) {
    if (order.type === "cancel") {
      clearTimeout(this.#jobs.get(order.job)?.timer);
      this.#jobs.delete(order.job);
      this.#answer({ type: "cancelled", job: order.job }, []);
      return;
    }
    try {
      if (order.type === "draw") {
        this.#begin(order);
      }
      this.#goOn(order);
    } catch (error) {
      this.#fail(order.job, error);
    }
  }

  #begin({ job, scene, progress, sizes }) {
    const sources = new Sources();
    sizes.forEach(([number, size]) => sources.expect(number, size));
    const painting = progress ? new Renderer(sources) : null;
    // `drawn`: numbers of the layers that are; `step`: how many are added at once; `last`: when it was told.
    this.#jobs.set(job, { scene, sources, painting, timer: undefined, drawn: new Set(), step: 0, last: -PAUSE });
  }

  #goOn({ job, elements }) {
    const state = this.#jobs.get(job);
    if (!state) {
      return; // it was cancelled, or has failed
    }
    elements.forEach(([number, element]) => state.sources.add(number, element));
    if (!hasBackground(state)) {
      return;
    }
    if (state.painting) {
      // Orders that wait already are taken first.
      state.timer ??= setTimeout(() => this.#show(job), Math.max(state.last + PAUSE - performance.now(), 0));
    } else if (state.scene.layers.every(({ element }) => state.sources.has(element))) {
      this.#finish(job, render(state.scene, state.sources));
    }
  }

  /** Draw some layers more, so that orders are taken in between; afterwards go on, or end. */
  #show(job) {
    const state = this.#jobs.get(job);
    state.timer = undefined;
    try {
      const started = performance.now();
      const more = addLayers(state);
      const { scene, drawn } = state;
      if (drawn.size === scene.layers.length) {
        this.#finish(job, state.painting.render(scene));
        return;
      }
      // `similar` is said of scenes with elements, which may not be here yet.
      const layers = scene.layers.filter((_, n) => drawn.has(n));
      const picture = state.painting.render({ ...scene, layers, similar: false });
      const now = performance.now();
      state.step = now - started < PAUSE / 2 ? state.step * 2 : Math.ceil(state.step / 2);
      if (now - state.last >= PAUSE || !more) {
        state.last = now;
        this.#tell(job, picture, drawn.size ? "layers" : "background");
      }
      if (more) {
        state.timer = setTimeout(() => this.#show(job), 0);
      }
    } catch (error) {
      this.#fail(job, error);
    }
  }

  #tell(job, picture, stage) {
    const copy = { ...picture, data: picture.data.slice() };
    this.#answer({ type: "progress", job, picture: copy, stage }, [copy.data.buffer]);
  }

  #finish(job, picture) {
    this.#jobs.delete(job);
    const { data } = picture;
    const whole = data.byteOffset === 0 && data.byteLength === data.buffer.byteLength ? data : data.slice();
    this.#answer({ type: "picture", job, picture: { ...picture, data: whole } }, [whole.buffer]);
  }

  #fail(job, error) {
    clearTimeout(this.#jobs.get(job)?.timer);
    this.#jobs.delete(job);
    this.#answer({ type: "error", job, error: { name: error.name, message: error.message } }, []);
  }
}

function hasBackground({ scene: { background }, sources }) {
  return background?.kind !== "plate" || sources.has(background.element);
}

/** Add layers whose elements are here to what is drawn, none the first time; whether there are more. */
function addLayers(state) {
  const { scene, sources, drawn } = state;
  let left = state.step;
  for (let n = 0; n < scene.layers.length; n++) {
    if (!drawn.has(n) && sources.has(scene.layers[n].element)) {
      if (!left) {
        state.step ||= 1;
        return true;
      }
      drawn.add(n);
      left--;
    }
  }
  state.step ||= 1;
  return false;
}

/**
 * An error that came as a message.
 *
 * @param {{name: string, message: string}} error
 * @returns {Error}
 */
export function errorOf({ name, message }) {
  return Object.hasOwn(errors, name) ? new errors[name](message) : new Error(`${name}: ${message}`);
}
