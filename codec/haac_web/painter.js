/** Recipes drawn beside the page: in a worker, step by step as elements come. */

import { giveElements, sceneOf } from "./draw.js";
import { HaacError } from "./errors.js";
import { elementsOf } from "./forms/recipe.js";
import { Repository } from "./mirror/repository.js";
import { errorOf } from "./paint_jobs.js";
import { Sources } from "./sources.js";
import { startPort } from "./worker_port.js";

/**
 * How long a worker may take to answer that it let go of a job, milliseconds; one that is drawing cannot, and is
 * replaced.
 */
const PATIENCE = 250;

/**
 * Draws recipes in a worker; in this thread where there are no workers.
 *
 * One worker draws one recipe after the other. It starts with the first one, and keeps no process of Node alive.
 */
export class Painter {
  #repository;
  #port = null;
  #jobs = new Map();
  #cancelling = new Map();
  #count = 0;
  #closed = false;
  #opened = null;

  /** @param {{repository?: string|URL|Repository}} [options] Where elements are: a repository, or its address. */
  constructor({ repository } = {}) {
    this.#repository = repository;
  }

  /**
   * Draw a recipe.
   *
   * @param {Uint8Array|string|Scene} recipe Binary or text, or what `readRecipe` made of it.
   * @param {object} [options]
   * @param {Map<number, Uint8Array|Picture>} [options.elements] WebP files or pixels of its elements, by number.
   * @param {AbortSignal} [options.signal] Gives up: a drawing that has begun is broken off.
   * @param {(picture: Picture, stage: "background"|"layers") => void} [options.onProgress] Told what there is while
   *   elements still come: the background first, then layers, at most ten times a second. What is missing is left out.
   * @returns {Promise<Picture>} RGBA, straight alpha: the same pixels as Python's.
   * @throws {RecipeError} The recipe is damaged, outside the limits, or of another repository.
   * @throws {ElementError} An element is not there, or was withdrawn.
   * @throws {PictureError} An element is damaged.
   * @throws {MirrorError} The repository is damaged.
   * @throws {TransportError} The repository cannot be reached.
   * @throws {HaacError} The painter was closed.
   */
  async draw(recipe, { elements = new Map(), signal, onProgress } = {}) {
    signal?.throwIfAborted();
    const scene = sceneOf(recipe);
    const numbers = elementsOf(scene);
    const repository = numbers.every((number) => elements.has(number)) ? undefined : await this.#open(signal);
    const missing = giveElements(new Sources(), scene, elements, repository);
    signal?.throwIfAborted();
    const known = missing.map((number) => repository.info(number)).filter(Boolean);
    const order = {
      type: "draw",
      scene,
      progress: Boolean(onProgress),
      sizes: known.map(({ number, width, height }) => [number, [width, height]]),
      elements: numbers.filter((number) => elements.has(number)).map((number) => [number, elements.get(number)]),
    };
    return this.#run(order, { onProgress, signal, missing, repository });
  }

  /** Stop the worker. What is being drawn ends with a HaacError. */
  close() {
    this.#closed = true;
    this.#port?.stop();
    this.#port = null;
    this.#fail(closed());
    this.#opened?.close();
  }

  async #open(signal) {
    const given = this.#repository;
    if (typeof given === "string" || given instanceof URL) {
      // Opened once, for all drawings: that one of them gives up does not stop it.
      this.#repository = Repository.open(given);
      this.#repository.then(
        (repository) => (this.#closed ? repository.close() : (this.#opened = repository)),
        () => (this.#repository = given), // the next drawing tries again
      );
    }
    return settledOr(this.#repository, signal);
  }

  #run(order, { onProgress, signal, missing, repository }) {
    if (this.#closed) {
      throw closed();
    }
    const job = ++this.#count;
    return new Promise((resolve, reject) => {
      const giveUp = new AbortController();
      const cancel = (reason) => {
        if (this.#end(job)) {
          giveUp.abort();
          reject(reason);
          this.#cancel(job);
        }
      };
      const abort = () => cancel(signal.reason);
      signal?.addEventListener("abort", abort);
      const done = () => signal?.removeEventListener("abort", abort);
      this.#jobs.set(job, { orders: [], resolve, reject, onProgress, cancel, done });
      this.#send(job, { ...order, job });
      if (missing.length) {
        const onElement = (number, data) => this.#send(job, { type: "elements", job, elements: [[number, data]] });
        repository.elements(missing, { signal: giveUp.signal, onElement }).catch(cancel);
      }
    });
  }

  #send(job, order) {
    const state = this.#jobs.get(job);
    if (state) {
      state.orders.push(order); // for a worker that has to be replaced
      this.#start().post(order);
    }
  }

  #start() {
    if (!this.#port) {
      this.#port = startPort(
        (answer) => this.#take(answer),
        (error) => {
          this.#port = null;
          this.#fail(new HaacError(`the worker that draws has failed: ${error.message}`, { cause: error }));
        },
      );
    }
    this.#port.keep(true);
    return this.#port;
  }

  #take({ type, job, picture, stage, error }) {
    const state = this.#jobs.get(job);
    switch (type) {
      case "progress":
        try {
          state?.onProgress(picture, stage);
        } catch (thrown) {
          state.cancel(thrown);
        }
        break;
      case "cancelled":
        clearTimeout(this.#cancelling.get(job));
        this.#cancelling.delete(job);
        break;
      case "picture":
        this.#end(job);
        state?.resolve(picture);
        break;
      case "error":
        this.#end(job);
        state?.reject(errorOf(error));
        break;
      default: // the worker is ready
    }
  }

  /** Whether the job was still running. */
  #end(job) {
    this.#jobs.get(job)?.done();
    const running = this.#jobs.delete(job);
    if (!this.#jobs.size) {
      this.#port?.keep(false);
    }
    return running;
  }

  #cancel(job) {
    if (!this.#port) {
      return;
    }
    this.#port.post({ type: "cancel", job });
    const timer = setTimeout(() => {
      this.#port?.stop();
      this.#port = null;
      this.#cancelling.forEach(clearTimeout);
      this.#cancelling.clear();
      for (const { orders } of this.#jobs.values()) {
        orders.forEach((order) => this.#start().post(order));
      }
    }, PATIENCE);
    timer.unref?.(); // of Node
    this.#cancelling.set(job, timer);
  }

  #fail(error) {
    this.#jobs.forEach(({ cancel }) => cancel(error));
  }
}

function closed() {
  return new HaacError("the painter was closed: make another one");
}

/** What a promise gives, unless the signal gives up before. */
async function settledOr(promise, signal) {
  let abort;
  const aborted = new Promise((_, reject) => {
    abort = () => reject(signal.reason);
    signal?.addEventListener("abort", abort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
