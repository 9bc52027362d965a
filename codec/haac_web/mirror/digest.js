/** SHA-256 by WebCrypto. */

import { MirrorError } from "../errors.js";

/**
 * SHA-256 of bytes, in hex.
 *
 * @param {Uint8Array} data
 * @returns {Promise<string>}
 * @throws {MirrorError} this page has no WebCrypto
 */
export async function sha256(data) {
  requireCrypto();
  const digest = new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", data));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @throws {MirrorError} this page has no WebCrypto */
export function requireCrypto() {
  if (!globalThis.crypto?.subtle) {
    throw new MirrorError(
      "this page was loaded by plain http, where browsers have no WebCrypto (crypto.subtle), without which" +
        " nothing that is fetched can be checked: serve the page by https (or from localhost)",
    );
  }
}
