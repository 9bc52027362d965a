/** Worker that compares the canvas with the reference picture, so that dragging stays smooth. */

import { compare, differenceMap } from "./compare.js";

let reference = null;

self.addEventListener("message", ({ data }) => {
  if (data.reference) reference = data.reference;
  if (!data.made || !reference || reference.length !== data.made.length) return;
  const answer = { number: data.number, ...compare(data.made, reference) };
  if (data.boundary) answer.map = differenceMap(data.made, reference, data.boundary);
  self.postMessage(answer, answer.map ? [answer.map.buffer] : []);
});
