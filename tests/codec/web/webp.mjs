/** WebP files decoded: `test_webp.py` compares. */

import { HaacError } from "../../../codec/haac_web/errors.js";
import { decodeInline, decodeWebp, webpSize } from "../../../codec/haac_web/webp/decode.js";

/** What a slow engine may take for one damaged file before it is named, milliseconds. */
const SLOW = 5000;

/**
 * Each file of `files.bin`, which are told apart by `lengths.json`.
 *
 * Returns of each its size and the hash of its pixels, or the message of its error; and what is wrong with the decoder.
 */
export async function run(load) {
  const { lengths, maxPixels } = JSON.parse(new TextDecoder().decode(await load("lengths.json")));
  const all = await load("files.bin");
  const found = [];
  const wrong = [];
  let at = 0;
  for (const [n, length] of lengths.entries()) {
    const file = all.slice(at, at + length);
    at += length;
    const started = performance.now();
    try {
      found.push(await told(file, maxPixels));
    } catch (error) {
      if (error instanceof HaacError && error.message.length < 500) found.push(`${error.name}: ${error.message}`);
      else wrong.push(`${n}: ${error.stack}`);
    }
    if (performance.now() - started > SLOW) wrong.push(`${n} is slow`);
  }
  return { found, wrong };
}

async function told(file, maxPixels) {
  const { width, height, data } = decodeWebp(file, { maxPixels });
  const size = webpSize(file);
  if (size.width !== width || size.height !== height || data.length !== 4 * width * height) throw new Error("size");
  const end = 8 + new DataView(file.buffer).getUint32(4, true); // what follows the file is not sent inline
  const inline = decodeInline({ data: file.subarray(12, end), width, height });
  if (inline.data.some((byte, n) => byte !== data[n])) throw new Error("inline");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return `${width}x${height} ${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
