/** Fetching published files: caps before reading, deadlines, retries. What comes is not trusted; its hash decides. */

import { REPOSITORY_LIMITS } from "../constants.js";
import { MirrorError, TransportError } from "../errors.js";

const TRIES = 4;
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 60_000;
/** Milliseconds of silence after which a server counts as broken. */
const SILENCE = 20_000;
/** Milliseconds in which a server has to send more than so many bytes a second. */
const WINDOW = 30_000;
const LEAST_RATE = 256;
/** Bytes a second that a file has to come with on the whole, once it took twice a window. */
const WHOLE_RATE = 4096;

/** What may be different in a moment. */
class TransientError extends TransportError {
  constructor(message, pause) {
    super(message);
    this.pause = pause;
  }
}

/** A published file is not there. */
export class NotThereError extends TransportError {
  constructor(message) {
    super(message);
    this.name = "TransportError";
  }
}

/**
 * The address of a repository, as files are looked for below it.
 *
 * @param {string|URL} url absolute, or relative to the page
 * @returns {string} with a slash at its end
 * @throws {TransportError} not an http(s) address, or one with user, query or fragment
 */
export function baseOf(url) {
  let parsed;
  try {
    parsed = new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href);
  } catch {
    const given = String(url).slice(0, 200);
    throw new TransportError(`${given} is not an address: give one such as https://example.org/cats`);
  }
  if (!["http:", "https:"].includes(parsed.protocol) || parsed.username || parsed.search || parsed.hash) {
    throw new TransportError(
      `${String(url).slice(0, 200)}: the address of a repository is http or https, without user, query and fragment`,
    );
  }
  return parsed.pathname.endsWith("/") ? parsed.href : `${parsed.href}/`;
}

/** Fetches the files of one repository. */
export class Transport {
  /**
   * @param {string} base as `baseOf` makes it
   * @param {{fetch?: typeof fetch, pause?: (milliseconds: number) => Promise<void>, silence?: number, window?: number}}
   *   options for tests
   */
  constructor(base, { fetch, pause, silence = SILENCE, window = WINDOW } = {}) {
    this.silence = silence;
    this.window = window;
    this.base = base;
    this.fetch = fetch ?? ((...given) => globalThis.fetch(...given));
    this.pause = pause ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)));
    this.requests = 0;
    this.received = 0;
  }

  /**
   * The head.
   *
   * @param {string} etag of the one that is known; "" asks for it in any case
   * @param {AbortSignal} [signal]
   * @param {number} [tries] so often it is asked for
   * @returns {Promise<{data: Uint8Array, etag: string}|null>} null if it is still that one
   */
  head(etag, signal, tries = TRIES) {
    // A header that is asked of another origin needs its leave, which bare buckets do not give: there the browser
    // itself asks whether what it has is still right.
    const own = globalThis.location === undefined || new URL(this.base).origin === globalThis.location.origin;
    const asks = own && etag !== "";
    const options = asks ? { headers: { "If-None-Match": etag }, cache: "no-store" } : { cache: "no-cache" };
    const use = async (response) => {
      if (response.status === 304 && asks) return null;
      this.#require(response, 200);
      this.#checkLength(response, "head", REPOSITORY_LIMITS.head_bytes, false);
      const parts = [];
      let total = 0;
      for await (const block of this.#blocks(response, "head")) {
        total += block.length;
        if (total > REPOSITORY_LIMITS.head_bytes) {
          throw new MirrorError(`the head goes on after byte ${REPOSITORY_LIMITS.head_bytes}, where it must end`);
        }
        parts.push(block);
      }
      return { data: joined(parts, total), etag: response.headers.get("etag") ?? "" };
    };
    return this.#retried("head", options, signal, use, tries);
  }

  /**
   * A whole file.
   *
   * @param {string} path
   * @param {number} size bytes, as the head promises
   * @param {AbortSignal} [signal]
   * @returns {Promise<Uint8Array>}
   */
  file(path, size, signal) {
    return this.#retried(path, {}, signal, async (response) => {
      this.#require(response, 200);
      this.#checkLength(response, path, size, true);
      const data = new Uint8Array(size);
      let at = 0;
      for await (const block of this.#blocks(response, path)) {
        if (at + block.length > size) throw new MirrorError(this.#other(path, size, block, at));
        data.set(block, at);
        at += block.length;
      }
      if (at < size) throw new TransientError(`${this.base}${path} ended at byte ${at}, before byte ${size}`);
      return data;
    });
  }

  /**
   * A part of a file; of a server that knows no ranges all of it.
   *
   * @param {string} path
   * @param {number} size bytes of the whole file
   * @param {[number, number]} range first byte, and the one after the last
   * @param {(whole: boolean) => (at: number, block: Uint8Array) => boolean} begin called at the beginning of each
   *   answer; what it gives is called with each block and its place in the file, and says whether that was enough
   * @param {AbortSignal} [signal]
   */
  part(path, size, [start, stop], begin, signal) {
    const options = { headers: { Range: `bytes=${start}-${stop - 1}` } };
    return this.#retried(path, options, signal, async (response) => {
      const whole = response.status !== 206;
      if (whole) {
        this.#require(response, 200);
        this.#checkLength(response, path, size, true);
      } else this.#checkRange(response, start, stop);
      const take = begin(whole);
      let at = whole ? 0 : start;
      const end = whole ? size : stop;
      for await (const block of this.#blocks(response, path)) {
        if (at + block.length > end) throw new MirrorError(`${this.base}${path} goes on after byte ${end}`);
        // An answer that is read to its end leaves the connection for the next one.
        if (take(at, block) && whole) return;
        at += block.length;
      }
      if (at === end) return;
      throw new TransientError(`${this.base}${path} ended at byte ${at}, before byte ${end}`);
    });
  }

  async #retried(path, options, signal, use, most = TRIES) {
    for (let tries = 1; ; tries += 1) {
      signal?.throwIfAborted();
      try {
        return await this.#once(path, options, signal, use);
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        if (!(error instanceof TransientError)) throw error;
        if (tries === most || globalThis.navigator?.onLine === false) throw new TransportError(error.message);
        await this.pause(Math.min(Math.max(error.pause ?? 0, FIRST_PAUSE * 2 ** (tries - 1)), LONGEST_PAUSE));
      }
    }
  }

  async #once(path, options, signal, use) {
    const given = new AbortController();
    const abort = () => given.abort(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const silent = setTimeout(() => given.abort(new Error(`silent for ${this.silence / 1000} seconds`)), this.silence);
    this.requests += 1;
    try {
      let response;
      try {
        response = await this.fetch(`${this.base}${path}`, {
          redirect: "manual",
          credentials: "omit",
          signal: given.signal,
          ...options,
        });
      } catch (error) {
        throw new TransientError(`${this.base} cannot be reached (${reasonOf(error)})`);
      } finally {
        clearTimeout(silent);
      }
      return await use(response);
    } finally {
      signal?.removeEventListener("abort", abort);
      given.abort(); // lets go of a body that nobody reads to its end
    }
  }

  #require(response, status) {
    const url = response.url || this.base;
    const found = response.status;
    if (response.type === "opaqueredirect" || [301, 302, 303, 307, 308].includes(found)) {
      throw new TransportError(
        `${url} redirects, and haac follows no redirects: if you trust the other address, give it yourself`,
      );
    }
    if (found === status) {
      if ((response.headers.get("content-type") ?? "").toLowerCase().startsWith("text/html")) {
        throw new TransportError(
          `${url} is a web page, not a file of a repository: is the address right, and is there a log-in page between` +
            " you and the server?",
        );
      }
      return;
    }
    if (found === 404 || found === 410) throw new NotThereError(`${url} is not there (HTTP ${found})`);
    // Buckets that nobody may list say so of what is not there, too.
    if (found === 403) throw new NotThereError(`${url}: the server refuses access (HTTP 403), or it is not there`);
    if ([408, 416, 425, 429, 500, 502, 503, 504].includes(found)) {
      const pause = 1000 * Number.parseInt(response.headers.get("retry-after") ?? "", 10);
      throw new TransientError(`${url}: the server is busy or failing (HTTP ${found})`, pause || undefined);
    }
    throw new TransportError(`${url}: the server answered HTTP ${found}`);
  }

  #checkLength(response, path, most, exact) {
    // Of what a server calls encoded this is another length; the hash decides.
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    if (Number.isNaN(length) || response.headers.has("content-encoding")) return;
    if (exact ? length !== most : length > most) {
      throw new MirrorError(
        `${this.base}${path} has ${length} bytes; ${exact ? "the head promises" : "at most"} ${most}` +
          `${exact ? "" : " are allowed"}`,
      );
    }
  }

  #checkRange(response, start, stop) {
    const given = response.headers.get("content-range");
    if (given === null) return; // servers of another origin need not show it
    const found = /^bytes (\d+)-(\d+)\//.exec(given);
    if (!found || Number(found[1]) !== start || Number(found[2]) !== stop - 1) {
      throw new TransientError(
        `${response.url || this.base}: asked for bytes ${start} to ${stop - 1}, the server sends ${given.slice(0, 80)}`,
      );
    }
  }

  #other(path, size, block, at) {
    const inflated = path.endsWith(".gz") && at === 0 && !(block[0] === 0x1f && block[1] === 0x8b);
    const why = inflated
      ? ": the server calls the log's own compression a Content-Encoding, which browsers undo; switch that off there" +
        " (docs/hosting.md)"
      : "";
    return `${this.base}${path} goes on after byte ${size}, where it must end${why}`;
  }

  /** The blocks of a body, under the deadlines. */
  async *#blocks(response, path) {
    if (response.body === null) return;
    const reader = response.body.getReader();
    const pace = new Pace(`${this.base}${path}`, this.window);
    try {
      for (;;) {
        const { done, value } = await this.#read(reader, path);
        if (done) return;
        this.received += value.length;
        yield value;
        pace.take(value.length);
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  async #read(reader, path) {
    let timer;
    const silence = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`silent for ${this.silence / 1000} seconds`)), this.silence);
    });
    try {
      return await Promise.race([reader.read(), silence]);
    } catch (error) {
      throw new TransientError(`${this.base}${path}: the connection broke (${reasonOf(error)})`);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** How fast a body comes: a server that sends a byte now and then holds nobody for ever. */
class Pace {
  constructor(url, window) {
    this.url = url;
    this.window = window;
    this.start = Date.now();
    this.began = this.start;
    this.total = 0;
    this.received = 0;
  }

  take(length) {
    this.total += length;
    this.received += length;
    const now = Date.now();
    const [whole, part] = [now - this.start, now - this.began];
    if (whole >= 2 * this.window && this.total * 1000 < WHOLE_RATE * whole) {
      throw new TransportError(`${this.url}: the server sends fewer than ${WHOLE_RATE} bytes a second on the whole`);
    }
    if (part < this.window) return;
    if (this.received * 1000 < LEAST_RATE * part) {
      throw new TransientError(`${this.url}: the server sends fewer than ${LEAST_RATE} bytes a second`);
    }
    this.began = now;
    this.received = 0;
  }
}

function reasonOf(error) {
  return String(error?.cause?.code ?? error?.cause?.message ?? error?.message ?? error).slice(0, 120);
}

function joined(parts, total) {
  const data = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return data;
}
