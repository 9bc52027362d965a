/** A scene as sentences in plain English, one a line: as the first HAAC's describers typed it. */

import { formatId } from "./digits.js";
import { inlinesOf, isInline } from "./scene.js";

const DIRECTIONS = { 0: "left to right", 360: "bottom to top", 720: "right to left", 1080: "top to bottom" };
const FLIPPED = { h: "mirror it", v: "turn it upside down by mirroring", hv: "mirror it both ways" };

/**
 * Describes a scene in plain English.
 * @param {object} scene
 * @param {(number: number) => string} nameOf name of an element of the repository, by its number; empty if it has none
 * @returns {string} a line for the canvas, and one for each layer
 */
export function explain(scene, nameOf) {
  const inlines = new Map(inlinesOf(scene).map((inline, n) => [inline.key, n + 1]));
  const called = (element) => {
    if (isInline(element)) return `inline element ${inlines.get(element.key)}`;
    const name = nameOf(element);
    return name ? `${name} (${formatId(element)})` : `element ${formatId(element)}`;
  };
  const background = filled(scene.background, called);
  const canvas = `Take a canvas ${scene.width} pixels wide and ${scene.height} high${background}.`;
  const last = scene.layers.length - 1;
  const layers = scene.layers.map((layer, n) => {
    const start = n === 0 ? "First," : n === last ? "On top of it all," : "Then";
    return `${start} ${sentence(layer, called(layer.element))}.`;
  });
  return [canvas, ...layers].join("\n");
}

/**
 * Formats a colour as '#rrggbb', or '#rrggbbaa' where it is not opaque.
 * @param {number} rgba 0xRRGGBBAA
 * @returns {string}
 */
export function formatColour(rgba) {
  const text = `#${rgba.toString(16).padStart(8, "0")}`;
  return text.endsWith("ff") ? text.slice(0, -2) : text;
}

function filled(background, called) {
  switch (background?.kind) {
    case "colour":
      return `, and fill it with ${formatColour(background.rgba)}`;
    case "gradient": {
      const { start, end, angle } = background;
      const way = DIRECTIONS[angle] ?? `${angle / 4} degrees counter-clockwise from rightwards`;
      return `, and let it run from ${formatColour(start)} to ${formatColour(end)}, ${way}`;
    }
    case "plate":
      return `, and stretch ${called(background.element)} over it`;
    case "wash": {
      const { width, height } = background.wash;
      return `, and fill it with a wash, a rough picture drawn on ${width}x${height} places`;
    }
  }
  return ", transparent";
}

function sentence(layer, name) {
  const steps = [];
  if (layer.crop !== null) {
    const [left, top, right, bottom] = layer.crop;
    steps.push(`keep only the part from ${left},${top} to ${right},${bottom}`);
  }
  if (layer.flip) steps.push(FLIPPED[layer.flip]);
  for (const [what, value] of [
    ["bright", layer.brightness],
    ["rich in contrast", layer.contrast],
    ["saturated", layer.saturation],
  ]) {
    if (value !== 100) steps.push(`make it ${value} % as ${what}`);
  }
  const { width, height, scale, rotation } = layer;
  if (scale !== null) steps.push(`make it ${scale / 1000} times its size`);
  else if (width !== null && height !== null) steps.push(`make it ${width} pixels wide and ${height} high`);
  else if (width !== null) steps.push(`make it ${width} pixels wide`);
  else if (height !== null) steps.push(`make it ${height} pixels high`);
  if (rotation) {
    const [way, turn] = rotation <= 720 ? ["left", rotation] : ["right", 1440 - rotation];
    steps.push(`turn it ${turn / 4} degrees to the ${way}`);
  }
  if (layer.blur) steps.push(`blur it by ${layer.blur / 4} pixels`);
  if (layer.opacity !== 100) steps.push(`let it be ${layer.opacity} % opaque`);
  const place = `${from(layer.x, "left")} and ${from(layer.y, "top")}`;
  return `take ${name}, ${steps.map((step) => `${step}, `).join("")}and put it ${place}`;
}

function from(distance, edge) {
  if (distance === 0) return `at the ${edge} edge`;
  return `${Math.abs(distance)} pixels ${distance > 0 ? "from" : "beyond"} the ${edge} edge`;
}
