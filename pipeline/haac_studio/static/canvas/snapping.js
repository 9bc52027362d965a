/** Snapping to edges and centres of the canvas and of other layers, as drawing programs have it. Pure functions. */

/**
 * A line that something snapped to.
 *
 * @typedef {object} Guide
 * @property {"x"|"y"} axis "x": a vertical line at x = at
 * @property {number} at canvas pixels
 * @property {number} from where the line begins, in the other axis
 * @property {number} to where it ends
 */

/**
 * Lines to snap to: edges and centres of boxes.
 *
 * @param {[number, number]} canvas width and height
 * @param {[number, number, number, number][]} boxes bounding boxes of the layers that stay
 * @returns {{x: object[], y: object[]}} lines {at, from, to}
 */
export function linesOf(canvas, boxes) {
  const lines = { x: [], y: [] };
  for (const [left, top, right, bottom] of [[0, 0, ...canvas], ...boxes]) {
    for (const at of [left, (left + right) / 2, right]) lines.x.push({ at, from: top, to: bottom });
    for (const at of [top, (top + bottom) / 2, bottom]) lines.y.push({ at, from: left, to: right });
  }
  return lines;
}

/** The line nearest to one of some values, within reach. */
function nearest(values, lines, reach) {
  let best = null;
  for (const value of values) {
    for (const line of lines) {
      // What snaps stays on whole pixels.
      const by = Math.round(line.at - value);
      const distance = Math.abs(line.at - value);
      if (distance <= reach && (!best || distance < best.distance - 1e-9)) best = { by, distance, value, line };
    }
  }
  return best;
}

/**
 * How far a moved box has to go on so that an edge or its centre is on a line.
 *
 * @param {[number, number, number, number]} box where it was moved to
 * @param {{x: object[], y: object[]}} lines of `linesOf`
 * @param {number} reach canvas pixels
 * @param {{x?: number[], y?: number[]}} [which] values of the box that may snap; all three of each axis if not said
 * @returns {{dx: number, dy: number, guides: Guide[]}}
 */
export function snap(box, lines, reach, which) {
  const [left, top, right, bottom] = box;
  const x = nearest(which?.x ?? [left, (left + right) / 2, right], lines.x, reach);
  const y = nearest(which?.y ?? [top, (top + bottom) / 2, bottom], lines.y, reach);
  const [dx, dy] = [x?.by ?? 0, y?.by ?? 0];
  const guides = [];
  if (x) {
    guides.push({
      axis: "x",
      at: x.line.at,
      from: Math.min(x.line.from, top + dy),
      to: Math.max(x.line.to, bottom + dy),
    });
  }
  if (y) {
    guides.push({
      axis: "y",
      at: y.line.at,
      from: Math.min(y.line.from, left + dx),
      to: Math.max(y.line.to, right + dx),
    });
  }
  return { dx, dy, guides };
}
