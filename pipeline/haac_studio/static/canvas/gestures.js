/**
 * Gestures: what happens between pressing and releasing the pointer. Each has `move(event, point)`, `end()` and
 * `cancel()`; points are canvas pixels. A gesture is one undo step; cancelled, it never was.
 */

import { bounds, frameBounds, frameOf, overlap, toFrame, union } from "./geometry.js";
import { linesOf, snap } from "./snapping.js";
import {
  cropped, moved, rotated, rotatedAbout, scaled, scaledAbout, toElement,
} from "./transforms.js";

/** How near something has to come to a line to snap, screen pixels. */
const REACH = 6;

let count = 0;

/** A gesture that changes layers: keeps their state at its start. */
class Change {
  /**
   * @param {import("./stage.js").Stage} stage
   * @param {string} label
   * @param {string[]} keys of the layers
   */
  constructor(stage, label, keys) {
    this.stage = stage;
    this.label = label;
    this.merge = `gesture ${++count}`;
    this.start = new Map();
    for (const key of keys) {
      const layer = stage.document.layer(key);
      const own = layer && stage.picture.size(layer.element);
      if (own && !layer.locked) this.start.set(key, { layer, own });
    }
    this.changed = false;
  }

  /** @param {(layer: object, own: [number, number]) => object} change from the state at the start */
  set(change) {
    this.changed = true;
    this.stage.document.change(this.label, this.start.keys(), (layer) => {
      const { layer: before, own } = this.start.get(layer.key);
      return change(before, own);
    }, { merge: this.merge, gesture: true });
  }

  end() {
    this.stage.show({ guides: [], note: null });
    if (this.changed) this.stage.document.endGesture();
  }

  cancel() {
    this.stage.show({ guides: [], note: null });
    this.stage.document.cancelGesture(this.merge);
  }
}

/** Move the selected layers. */
export class Move extends Change {
  constructor(stage, point) {
    const keys = [...stage.document.selection];
    super(stage, keys.length > 1 ? `Move ${keys.length} layers` : "Move", keys);
    this.from = point;
    const frames = [...this.start.values()].map(({ layer, own }) => frameOf(layer, own));
    this.box = union(frames.map(frameBounds));
    this.lines = linesOf([stage.document.scene.width, stage.document.scene.height], stage.otherBoxes(this.start));
  }

  move(event, point) {
    if (!this.box) return;
    let [dx, dy] = [Math.round(point[0] - this.from[0]), Math.round(point[1] - this.from[1])];
    if (event.shiftKey) Math.abs(dx) < Math.abs(dy) ? (dx = 0) : (dy = 0);
    let guides = [];
    if (!event.altKey) {
      const [left, top, right, bottom] = this.box;
      const found = snap([left + dx, top + dy, right + dx, bottom + dy], this.lines, REACH / this.stage.view.zoom);
      if (!event.shiftKey || dx) dx += found.dx;
      if (!event.shiftKey || dy) dy += found.dy;
      guides = event.shiftKey ? [] : found.guides;
    }
    this.set((layer) => moved(layer, dx, dy));
    const first = this.stage.document.layer([...this.start.keys()][0]);
    this.stage.show({ guides, note: this.start.size === 1 ? `${first.x}, ${first.y}` : `${dx}, ${dy}` });
  }
}

/** Drag a handle of one layer. */
export class Scale extends Change {
  constructor(stage, point, handle) {
    super(stage, "Scale", [...stage.document.selection]);
    this.from = point;
    this.handle = handle;
    [this.only] = this.start.values();
    this.lines = linesOf([stage.document.scene.width, stage.document.scene.height], stage.otherBoxes(this.start));
  }

  move(event, point) {
    if (!this.only) return;
    const how = { free: event.altKey, centred: event.ctrlKey || event.metaKey };
    let delta = [point[0] - this.from[0], point[1] - this.from[1]];
    let guides = [];
    if (this.only.layer.rotation === 0 && !event.altKey) {
      [delta, guides] = this.#snapped(delta);
    }
    this.set((layer, own) => scaled(layer, own, this.handle, delta, how));
    const layer = this.stage.document.layer(this.only.layer.key);
    const frame = frameOf(layer, this.only.own);
    this.stage.show({ guides, note: `${frame.width} × ${frame.height}` });
  }

  /** The dragged edge goes to a line; of a corner, one of its edges does, and the other one follows. */
  #snapped([dx, dy]) {
    const [left, top, right, bottom] = frameBounds(frameOf(this.only.layer, this.only.own));
    const [h, v] = this.handle;
    const x = h ? [(h < 0 ? left : right) + dx] : [];
    const y = v ? [(v < 0 ? top : bottom) + dy] : [];
    const box = [left + (h < 0 ? dx : 0), top + (v < 0 ? dy : 0), right + (h > 0 ? dx : 0), bottom + (v > 0 ? dy : 0)];
    const found = snap(box, this.lines, REACH / this.stage.view.zoom, { x, y });
    if (!h || !v) return [[dx + found.dx, dy + found.dy], found.guides];
    const [guide] = found.guides;
    if (!guide) return [[dx, dy], []];
    const shape = (right - left) / (bottom - top);
    const delta = guide.axis === "x"
      ? [dx + found.dx, ((dx + found.dx) * h * v) / shape]
      : [(dy + found.dy) * h * v * shape, dy + found.dy];
    return [delta, [guide]];
  }
}

/** Turn one layer about its centre, or several about the middle of all. */
export class Rotate extends Change {
  constructor(stage, point, frame) {
    super(stage, "Rotate", [...stage.document.selection]);
    this.frame = frame;
    this.from = this.#angle(point);
    this.single = this.start.size === 1;
  }

  #angle([x, y]) {
    return (Math.atan2(this.frame.cy - y, x - this.frame.cx) * 1440) / (2 * Math.PI);
  }

  move(event, point) {
    const by = this.#angle(point) - this.from;
    if (this.single) {
      this.set((layer, own) => rotated(layer, own, by, event.shiftKey));
    } else {
      const whole = event.shiftKey ? Math.round(by / 60) * 60 : Math.round(by);
      const centre = [this.frame.cx, this.frame.cy];
      this.set((layer, own) => rotatedAbout(layer, own, centre, whole));
    }
    const first = this.stage.document.layer([...this.start.keys()][0]);
    const shown = this.single && first ? first.rotation : Math.round(by);
    this.stage.show({ note: `${(shown / 4).toFixed(2).replace(/\.?0+$/, "")}°` });
  }
}

/** Drag a corner of the box around several layers. */
export class ScaleGroup extends Change {
  constructor(stage, point, handle, frame) {
    super(stage, `Scale ${stage.document.selection.size} layers`, [...stage.document.selection]);
    this.from = point;
    this.handle = handle;
    this.frame = frame;
  }

  move(event, point) {
    const { frame, handle } = this;
    const size = [frame.width, frame.height];
    const wanted = size.map((side, i) => side + handle[i] * (point[i] - this.from[i]));
    const factor = Math.max(0.01, (wanted[0] * size[0] + wanted[1] * size[1]) / (size[0] ** 2 + size[1] ** 2));
    const anchor = [frame.cx - (handle[0] * size[0]) / 2, frame.cy - (handle[1] * size[1]) / 2];
    this.set((layer, own) => scaledAbout(layer, own, anchor, factor));
    this.stage.show({ note: `${Math.round(factor * 100)} %` });
  }
}

/** Drag an edge or corner of the crop, or the crop over the element. */
export class Crop extends Change {
  /** @param {[number, number]|null} handle null: the crop as it is, to another place of the element */
  constructor(stage, point, handle) {
    super(stage, "Crop", [stage.cropping]);
    this.handle = handle;
    [this.only] = this.start.values();
    if (this.only) this.from = toElement(this.only.layer, this.only.own, point);
  }

  move(event, point) {
    if (!this.only) return;
    const { layer, own } = this.only;
    const to = toElement(layer, own, point);
    const by = [Math.round(to[0] - this.from[0]), Math.round(to[1] - this.from[1])];
    const box = [...(layer.crop ?? [0, 0, ...own])];
    for (const axis of [0, 1]) {
      const mirror = layer.flip.includes(axis ? "v" : "h") ? -1 : 1;
      const side = this.handle ? this.handle[axis] * mirror : 0;
      if (!this.handle) {
        const shift = Math.max(-box[axis], Math.min(own[axis] - box[axis + 2], by[axis]));
        box[axis] += shift;
        box[axis + 2] += shift;
      } else if (side < 0) box[axis] = Math.min(box[axis] + by[axis], box[axis + 2] - 1);
      else if (side > 0) box[axis + 2] = Math.max(box[axis + 2] + by[axis], box[axis] + 1);
    }
    this.set(() => cropped(layer, own, box));
    const crop = this.stage.document.layer(layer.key).crop ?? [0, 0, ...own];
    this.stage.show({ note: `${crop[2] - crop[0]} × ${crop[3] - crop[1]}` });
  }
}

/** Draw a box that selects the layers it touches. */
export class Marquee {
  constructor(stage, point, adds) {
    this.stage = stage;
    this.from = point;
    this.before = adds ? new Set(stage.document.selection) : new Set();
  }

  move(event, point) {
    const box = bounds([this.from, point]);
    // A box within the transparent middle of a layer does not mean that layer.
    const meant = (bounds) => overlap(bounds, box) && !around(bounds, box);
    const touched = this.stage.layers()
      .filter(({ layer, frame }) => !layer.locked && meant(frameBounds(frame)))
      .map(({ layer }) => layer.key);
    this.stage.document.select([...this.before, ...touched]);
    this.stage.show({ marquee: box });
  }

  end() {
    this.stage.show({ marquee: null });
  }

  cancel() {
    this.end();
    this.stage.document.select(this.before);
  }
}

/** Draw a box for somebody who asked for one (`Stage.pickBox`). */
export class Pick {
  constructor(stage, point, done) {
    Object.assign(this, { stage, from: point, done, box: null });
  }

  move(event, point) {
    const { width, height } = this.stage.document.scene;
    const inside = ([x, y]) => [Math.max(0, Math.min(width, x)), Math.max(0, Math.min(height, y))];
    const [left, top, right, bottom] = bounds([inside(this.from), inside(point)]);
    this.box = [Math.floor(left), Math.floor(top), Math.ceil(right), Math.ceil(bottom)];
    this.stage.show({ marquee: this.box, note: `${this.box[2] - this.box[0]} × ${this.box[3] - this.box[1]}` });
  }

  end() {
    this.stage.show({ marquee: null, note: null });
    this.done(this.box && this.box[2] > this.box[0] && this.box[3] > this.box[1] ? this.box : null);
  }

  cancel() {
    this.box = null;
    this.end();
  }
}

/** Move the view. Takes screen pixels from the event. */
export class Pan {
  constructor(stage, event) {
    this.stage = stage;
    this.last = [event.clientX, event.clientY];
  }

  move(event) {
    this.stage.view.pan(event.clientX - this.last[0], event.clientY - this.last[1]);
    this.last = [event.clientX, event.clientY];
  }

  end() {}

  cancel() {}
}

/** Whether a box has another one wholly in it. */
function around([left, top, right, bottom], box) {
  return left < box[0] && top < box[1] && right > box[2] && bottom > box[3];
}

/** Whether a point is inside a frame. */
export function inside(frame, point) {
  const [x, y] = toFrame(frame, point);
  return Math.abs(x) <= frame.width / 2 && Math.abs(y) <= frame.height / 2;
}
