/** What a person should know of a recipe before sharing it. */

import { counted } from "../shared/dom.js";

/**
 * @param {object} document the editor's: scene, forms, formsError
 * @param {{repository: {fingerprint: number|null}, others: boolean}} state of /api/state
 * @returns {string[]} one sentence each; empty if there is nothing to say
 */
export function warningsOf({ scene, forms, formsError }, { repository, others }) {
  const found = [];
  if (formsError) found.push(formsError);
  if (others) found.push("Another studio has this document open, too: each keeps a draft of its own");
  const unknown = forms?.unknown ?? [];
  if (unknown.length) {
    const count = counted(unknown.length, "element is", "elements are");
    found.push(`${count} not in this repository: ${unknown.join(", ")}`);
  }
  if (scene.fingerprint !== null && repository.fingerprint !== null && scene.fingerprint !== repository.fingerprint) {
    found.push("The recipe was made with another repository: its ids may show other elements here");
  }
  if (scene.similar) found.push("Its elements are similar to what the picture shows, not the same, and it says so");
  const hidden = scene.layers.filter((layer) => layer.hidden).length;
  if (hidden) found.push(`${counted(hidden, "hidden layer is", "hidden layers are")} not part of the recipe`);
  const outside = scene.layers.filter((layer) => !layer.hidden && isOutside(layer, scene)).length;
  if (outside) found.push(`${counted(outside, "layer lies", "layers lie")} outside the canvas and only cost bytes`);
  return [...found, ...(forms?.warnings ?? [])];
}

/** Whether a layer certainly shows nothing: to the right or below; left and above would need its element's size. */
function isOutside(layer, { width, height }) {
  return layer.rotation === 0 && layer.blur === 0 && (layer.x >= width || layer.y >= height);
}
