/**
 * Client of the studio's server: one method an endpoint. All of them reject with an `ApiError` that has the server's
 * message, and with `AbortError` when their signal says so.
 */

const GONE = "The studio's server does not answer: look whether `haac studio` still runs, then try again";

/** What the server said no to, or that it does not answer (status 0). */
export class ApiError extends Error {
  /**
   * @param {string} message what is shown to the person
   * @param {number} status of HTTP; 0 if there was no answer
   * @param {object} [details] the rest of the server's JSON
   */
  constructor(message, status, details = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.details = details;
  }
}

/**
 * Whether an error only says that somebody gave up waiting: nothing to show.
 * @param {unknown} error
 * @returns {boolean}
 */
export function isAbort(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/**
 * A function of which only the latest call counts: a call aborts the one before, whose promise rejects with
 * `AbortError`.
 * @template T
 * @param {(signal: AbortSignal, ...rest: unknown[]) => Promise<T>} call
 * @returns {(...rest: unknown[]) => Promise<T>}
 */
export function latest(call) {
  let running = null;
  return (...rest) => {
    running?.abort();
    running = new AbortController();
    return call(running.signal, ...rest);
  };
}

/** The server's endpoints. */
export class Api {
  /**
   * @param {string} [base] before all paths; empty for the page's own server
   * @param {typeof fetch} [send] for tests
   */
  constructor(base = "", send = (...given) => globalThis.fetch(...given)) {
    this.base = base;
    this.send = send;
  }

  /** @returns {Promise<object>} version, repository, document, draft, features, reference */
  state(signal) {
    return this.#json("GET", "/api/state", { signal });
  }

  /**
   * A part of a search's answer.
   * @param {{query?: string, colour?: string, tag?: string, like?: string, offset?: number, limit?: number}} asked
   *     colour as "#rrggbb"; like is an element's id
   * @param {AbortSignal} [signal]
   * @returns {Promise<{total: number, elements: object[]}>}
   */
  elements(asked = {}, signal) {
    const given = Object.entries(asked).filter(([, value]) => value !== undefined && value !== null && value !== "");
    return this.#json("GET", `/api/elements?${new URLSearchParams(given)}`, { signal });
  }

  /** All that is known of an element, its licence and source too. @param {string} id @param {AbortSignal} [signal] */
  element(id, signal) {
    return this.#json("GET", `/api/elements/${encodeURIComponent(id)}`, { signal });
  }

  /** @param {string} id @returns {string} address of the element's WebP */
  elementUrl(id) {
    return `${this.base}/api/elements/${encodeURIComponent(id)}/file`;
  }

  /** @param {string} id @param {number} [size] longest side in pixels @returns {string} address of a small WebP */
  thumbnailUrl(id, size = 96) {
    return `${this.base}/api/elements/${encodeURIComponent(id)}/thumbnail?size=${size}`;
  }

  /** An element's WebP bytes. @param {string} id @param {AbortSignal} [signal] @returns {Promise<Uint8Array>} */
  async elementFile(id, signal) {
    const answer = await this.#ask("GET", `/api/elements/${encodeURIComponent(id)}/file`, { signal });
    return new Uint8Array(await answer.arrayBuffer());
  }

  /** All forms of a scene and what it takes. @param {object} scene @param {AbortSignal} [signal] */
  forms(scene, signal) {
    return this.#json("POST", "/api/forms", { json: { scene }, signal });
  }

  /**
   * Reads a recipe or a script. Nothing of it is executed.
   * @param {string} name of the file; its ending says what it is
   * @param {Blob|Uint8Array|string} content
   * @returns {Promise<{scene: object, name: string}>}
   */
  read(name, content, signal) {
    return this.#json("POST", `/api/read?${new URLSearchParams({ name })}`, { body: content, signal });
  }

  /**
   * A scene as a file.
   * @param {object} scene
   * @param {"haac"|"txt"|"py"|"png"|"webp"} format
   * @returns {Promise<Blob>}
   */
  async write(scene, format, signal) {
    const answer = await this.#ask("POST", "/api/write", { json: { scene, format }, signal });
    return answer.blob();
  }

  /** Writes into the folder of `haac studio`; rejects with status 409 where the name is taken. */
  save(scene, name, overwrite = false, signal) {
    return this.#json("POST", "/api/save", { json: { scene, name, overwrite }, signal });
  }

  /** @param {object} scene @param {string} label what was done last */
  putDraft(scene, label, signal) {
    return this.#json("PUT", "/api/draft", { json: { scene, label }, signal });
  }

  deleteDraft(signal) {
    return this.#json("DELETE", "/api/draft", { signal });
  }

  /**
   * @param {Blob} picture what is traced
   * @param {string} name
   * @returns {Promise<{id: string, width: number, height: number, name: string}>}
   */
  addReference(picture, name, signal) {
    return this.#json("POST", `/api/reference?${new URLSearchParams({ name })}`, { body: picture, signal });
  }

  /** @param {string} id @returns {string} address of the reference picture as PNG, upright, sRGB */
  referenceUrl(id) {
    return `${this.base}/api/reference/${encodeURIComponent(id)}`;
  }

  /** @param {string} id */
  deleteReference(id, signal) {
    return this.#json("DELETE", `/api/reference/${encodeURIComponent(id)}`, { signal });
  }

  /**
   * Starts a job; `jobs.js` follows it.
   * @param {"compress"|"suggest"|"recut"|"publish"|"sync"} kind
   * @param {object} [given] see the endpoint
   * @returns {Promise<string>} the job's id
   */
  async startJob(kind, given = {}, signal) {
    return (await this.#json("POST", `/api/jobs/${kind}`, { json: given, signal })).job;
  }

  /**
   * Starts cutting elements out of a picture.
   * @param {Blob} picture
   * @param {string} name
   * @returns {Promise<string>} the job's id
   */
  async startIngest(picture, name, signal) {
    const path = `/api/jobs/ingest?${new URLSearchParams({ name })}`;
    return (await this.#json("POST", path, { body: picture, signal })).job;
  }

  /** @param {string} job @returns {string} address of its server-sent events */
  eventsUrl(job) {
    return `${this.base}/api/jobs/${encodeURIComponent(job)}/events`;
  }

  /** @param {string} job */
  cancelJob(job) {
    return this.#json("DELETE", `/api/jobs/${encodeURIComponent(job)}`);
  }

  /** @param {string} review @param {number} n @returns {string} address of a cut-out's WebP */
  cutoutUrl(review, n) {
    return `${this.base}/api/review/${encodeURIComponent(review)}/${n}`;
  }

  /** @param {string} review @returns {string} address of the photograph that was cut */
  sourceUrl(review) {
    return `${this.base}/api/review/${encodeURIComponent(review)}/source`;
  }

  /**
   * Stores cut-outs as elements.
   * @param {string} review
   * @param {{n: number[], name: string, tags: string[], licence: string, attribution: string}} accepted
   * @returns {Promise<{elements: object[]}>}
   */
  accept(review, accepted, signal) {
    return this.#json("POST", `/api/review/${encodeURIComponent(review)}/accept`, { json: accepted, signal });
  }

  /** Forgets a review's cut-outs. @param {string} review */
  discard(review, signal) {
    return this.#json("POST", `/api/review/${encodeURIComponent(review)}/discard`, { json: {}, signal });
  }

  async #json(method, path, options) {
    const answer = await this.#ask(method, path, options);
    if (answer.status === 204) return {};
    try {
      return await answer.json();
    } catch (error) {
      if (isAbort(error)) throw error;
      throw new ApiError(`The studio's server sent no JSON for ${path}: restart \`haac studio\``, answer.status);
    }
  }

  async #ask(method, path, { json, body, signal } = {}) {
    const headers = method === "GET" ? {} : { "X-Haac-Studio": "1" };
    if (json !== undefined) headers["Content-Type"] = "application/json";
    const sent = json === undefined ? body : JSON.stringify(json);
    let answer;
    try {
      answer = await this.send(this.base + path, { method, headers, body: sent, signal, credentials: "same-origin" });
    } catch (error) {
      if (isAbort(error) || signal?.aborted) throw error;
      throw new ApiError(GONE, 0);
    }
    if (!answer.ok) throw await refusal(answer);
    return answer;
  }
}

async function refusal(answer) {
  const details = await answer.json().catch(() => ({}));
  const said = typeof details.error === "string" && details.error;
  const otherwise = `The studio's server refused (${answer.status} ${answer.statusText})`;
  return new ApiError(said || otherwise, answer.status, details);
}

/** The server that this page is from. */
export const api = new Api();
