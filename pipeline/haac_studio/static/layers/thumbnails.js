/** Small pictures of elements. */

import { el } from "../shell/dom.js";

/** Addresses of pictures, each made once. */
export class Thumbnails {
  #inline = new Map();

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  /**
   * @param {HTMLElement} place
   * @param {string|{inline: string}} element
   */
  show(place, element) {
    const src = typeof element === "string" ? this.app.api.thumbnailUrl(element, 96) : this.#urlOf(element.inline);
    place.replaceChildren(el("img", { src, alt: "", draggable: "false", loading: "lazy" }));
  }

  /** @param {string|{inline: string}} element @returns {string} address of its whole picture */
  fileUrl(element) {
    return typeof element === "string"
      ? `/api/elements/${encodeURIComponent(element)}/file`
      : this.#urlOf(element.inline);
  }

  /** An inline element's file: the 12 bytes that are not sent, and what was. */
  #urlOf(text) {
    if (!this.#inline.has(text)) this.#inline.set(text, inlineUrl(text));
    return this.#inline.get(text);
  }
}

/** @param {string} text base64 of an inline element @returns {string} address of its picture */
function inlineUrl(text) {
  const body = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, body.length + 4, true);
  return URL.createObjectURL(new Blob(["RIFF", length, "WEBP", body], { type: "image/webp" }));
}
