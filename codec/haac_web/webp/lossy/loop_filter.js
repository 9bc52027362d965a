/**
 * The loop filter (RFC 6386, section 15), which smooths the edges of blocks when the whole frame is there.
 *
 * @param {{y: Plane, u: Plane, v: Plane}} planes Changed in place.
 * @param {number} columns Macroblocks.
 * @param {number} rows Macroblocks.
 * @param {import("./header.js").FrameHeader["filter"]} filter
 * @param {Uint8Array} kinds Of each macroblock: twice the number of its strength, plus one if edges inside are
 *   filtered.
 */
export function filterFrame({ y, u, v }, columns, rows, { simple, strengths }, kinds) {
  const filterPlane = simple ? filterSimple : filterNormal;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const kind = kinds[row * columns + column];
      const strength = strengths[kind >> 1];
      if (!strength.limit) {
        continue;
      }
      const place = { left: column > 0, above: row > 0, inside: (kind & 1) === 1 };
      filterPlane(y, y.origin + (row * y.stride + column) * 16, 16, strength, place);
      if (!simple) {
        filterPlane(u, u.origin + (row * u.stride + column) * 8, 8, strength, place);
        filterPlane(v, v.origin + (row * v.stride + column) * 8, 8, strength, place);
      }
    }
  }
}

function filterSimple({ data, stride }, at, size, { limit }, { left, above, inside }) {
  if (left) {
    simpleEdge(data, at, 1, stride, size, 2 * limit + 9);
  }
  for (let offset = 4; inside && offset < size; offset += 4) {
    simpleEdge(data, at + offset, 1, stride, size, 2 * limit + 1);
  }
  if (above) {
    simpleEdge(data, at, stride, 1, size, 2 * limit + 9);
  }
  for (let offset = 4; inside && offset < size; offset += 4) {
    simpleEdge(data, at + offset * stride, stride, 1, size, 2 * limit + 1);
  }
}

function filterNormal({ data, stride }, at, size, strength, { left, above, inside }) {
  const { limit, inner, variance } = strength;
  if (left) {
    outerEdge(data, at, 1, stride, size, 2 * limit + 9, inner, variance);
  }
  for (let offset = 4; inside && offset < size; offset += 4) {
    innerEdge(data, at + offset, 1, stride, size, 2 * limit + 1, inner, variance);
  }
  if (above) {
    outerEdge(data, at, stride, 1, size, 2 * limit + 9, inner, variance);
  }
  for (let offset = 4; inside && offset < size; offset += 4) {
    innerEdge(data, at + offset * stride, stride, 1, size, 2 * limit + 1, inner, variance);
  }
}

/** Filter an edge that `at` is the first pixel behind, `step` the way across it, `along` the way to the next pixel. */
function simpleEdge(data, at, step, along, size, edgeLimit) {
  for (const end = at + size * along; at < end; at += along) {
    const p1 = data[at - 2 * step];
    const p0 = data[at - step];
    const q0 = data[at];
    const q1 = data[at + step];
    if (4 * Math.abs(p0 - q0) + Math.abs(p1 - q1) <= edgeLimit) {
      const change = 3 * (q0 - p0) + clip(p1 - q1);
      data[at - step] = p0 + (clip(change + 3) >> 3);
      data[at] = q0 - (clip(change + 4) >> 3);
    }
  }
}

/** The edge between two macroblocks, as `simpleEdge`. */
function outerEdge(data, at, step, along, size, edgeLimit, inner, variance) {
  for (const end = at + size * along; at < end; at += along) {
    const p2 = data[at - 3 * step];
    const p1 = data[at - 2 * step];
    const p0 = data[at - step];
    const q0 = data[at];
    const q1 = data[at + step];
    const q2 = data[at + 2 * step];
    if (
      4 * Math.abs(p0 - q0) + Math.abs(p1 - q1) > edgeLimit ||
      Math.abs(data[at - 4 * step] - p2) > inner ||
      Math.abs(p2 - p1) > inner ||
      Math.abs(p1 - p0) > inner ||
      Math.abs(q1 - q0) > inner ||
      Math.abs(q2 - q1) > inner ||
      Math.abs(data[at + 3 * step] - q2) > inner
    ) {
      continue;
    }
    const change = clip(3 * (q0 - p0) + clip(p1 - q1));
    if (Math.abs(p1 - p0) > variance || Math.abs(q1 - q0) > variance) {
      data[at - step] = p0 + (clip(change + 3) >> 3);
      data[at] = q0 - (clip(change + 4) >> 3);
      continue;
    }
    const near = (27 * change + 63) >> 7;
    const middle = (18 * change + 63) >> 7;
    const far = (9 * change + 63) >> 7;
    data[at - 3 * step] = p2 + far;
    data[at - 2 * step] = p1 + middle;
    data[at - step] = p0 + near;
    data[at] = q0 - near;
    data[at + step] = q1 - middle;
    data[at + 2 * step] = q2 - far;
  }
}

/** The edge between two subblocks, as `simpleEdge`. */
function innerEdge(data, at, step, along, size, edgeLimit, inner, variance) {
  for (const end = at + size * along; at < end; at += along) {
    const p2 = data[at - 3 * step];
    const p1 = data[at - 2 * step];
    const p0 = data[at - step];
    const q0 = data[at];
    const q1 = data[at + step];
    const q2 = data[at + 2 * step];
    if (
      4 * Math.abs(p0 - q0) + Math.abs(p1 - q1) > edgeLimit ||
      Math.abs(data[at - 4 * step] - p2) > inner ||
      Math.abs(p2 - p1) > inner ||
      Math.abs(p1 - p0) > inner ||
      Math.abs(q1 - q0) > inner ||
      Math.abs(q2 - q1) > inner ||
      Math.abs(data[at + 3 * step] - q2) > inner
    ) {
      continue;
    }
    const steep = Math.abs(p1 - p0) > variance || Math.abs(q1 - q0) > variance;
    const change = 3 * (q0 - p0) + (steep ? clip(p1 - q1) : 0);
    const behind = clip(change + 4) >> 3;
    data[at - step] = p0 + (clip(change + 3) >> 3);
    data[at] = q0 - behind;
    if (!steep) {
      data[at - 2 * step] = p1 + ((behind + 1) >> 1);
      data[at + step] = q1 - ((behind + 1) >> 1);
    }
  }
}

/** To the range of a signed byte. */
function clip(value) {
  return value < -128 ? -128 : value > 127 ? 127 : value;
}
