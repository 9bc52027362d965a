// Draws what test_drawing.py asks for: node drawing_run.mjs REQUEST.json > ANSWER.json
// Hashes are of width and height as big-endian 32-bit integers, and the RGBA bytes.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { Renderer } from "../../../codec/haac_web/drawing/renderer.js";
import { render } from "../../../codec/haac_web/drawing/render.js";
import { checkWork, layerWork } from "../../../codec/haac_web/drawing/work.js";
import { HaacError } from "../../../codec/haac_web/errors.js";
import { decodeBlur, washPicture } from "../../../codec/haac_web/wash/picture.js";
import { cosines } from "../../../codec/haac_web/wash/synthesis.js";

const folder = dirname(process.argv[2]);
const request = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const pictures = new Map();

function washOf({ width, height, step, channels }) {
  const values = channels.map((text) => {
    const bytes = Uint8Array.from(Buffer.from(text, "base64"));
    return new Int16Array(bytes.buffer);
  });
  return { width, height, step, channels: values };
}

function sceneOf(plain) {
  const scene = structuredClone(plain);
  if (scene.background?.kind === "wash") scene.background.wash = washOf(scene.background.wash);
  const inlines = new Map();
  for (const layer of scene.layers) {
    if (typeof layer.element === "number") continue;
    const { key } = layer.element;
    if (!inlines.has(key)) inlines.set(key, layer.element);
    layer.element = inlines.get(key);
  }
  return scene;
}

function named(ref) {
  return typeof ref === "number" ? `${ref}` : ref.key;
}

const source = {
  size: (ref) => request.sizes[named(ref)] ?? request.size,
  image: (ref) => {
    const name = named(ref);
    if (!pictures.has(name)) {
      const [width, height] = request.sizes[name];
      pictures.set(name, { width, height, data: new Uint8Array(readFileSync(join(folder, `${name}.rgba`))) });
    }
    return pictures.get(name);
  },
};

function hashOf({ width, height, data }) {
  const size = Buffer.alloc(8);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  return createHash("sha256").update(size).update(data).digest("hex");
}

function attempt(run) {
  try {
    return run();
  } catch (error) {
    if (error instanceof HaacError) return { error: `${error.name}: ${error.message}` };
    throw error;
  }
}

const answers = {
  render: (scene) => hashOf(render(sceneOf(scene), source)),
  check: (plain) => {
    const scene = sceneOf(plain);
    checkWork(scene, source.size);
    return scene.layers.map((layer) => layerWork(layer, source.size(layer.element), [scene.width, scene.height]));
  },
  wash: ({ wash, size }) => hashOf(washPicture(washOf(wash), size)),
  blur: ({ text, size }) => hashOf(decodeBlur(text, size)),
  cosines: (size) => cosines(size),
  // A sequence of scenes through one Renderer; what changed between two of them must be within what it says.
  edits: (scenes) => {
    const renderer = new Renderer(source, { cacheBytes: request.cacheBytes });
    let before = null;
    return scenes.map((scene) => {
      const { width, height, data } = renderer.render(sceneOf(scene));
      const picture = { width, height, data: data.slice() };
      if (before?.width === width && before.height === height) checkChanged(before, picture, renderer.changed);
      before = picture;
      return hashOf(picture);
    });
  },
};

function checkChanged(before, after, changed) {
  const [left, top, right, bottom] = changed ?? [0, 0, 0, 0];
  for (let at = 0; at < after.data.length; at++) {
    const x = (at >> 2) % after.width;
    const y = Math.floor((at >> 2) / after.width);
    const within = x >= left && x < right && y >= top && y < bottom;
    if (!within && before.data[at] !== after.data[at]) throw new Error(`${x},${y} changed beside ${changed}`);
  }
}

const found = request.cases.map(({ kind, value }) => attempt(() => answers[kind](value)));
process.stdout.write(JSON.stringify(found));
