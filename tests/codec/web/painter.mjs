/** The painter: what it draws, when it says so, and how it is given up; `test_painter.py` compares. */

import {
  decodeWebp, draw, ElementError, HaacError, hashPixels, Painter, readRecipe,
} from "../../../codec/haac_web/haac.js";

const ALL = [1, 2, 3, 4, 5];
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export async function run(load) {
  const { sizes, ...recipes } = JSON.parse(new TextDecoder().decode(await load("recipes.json")));
  const elements = new Map();
  for (const number of ALL) elements.set(number, await load(`${number}.webp`));
  const painter = new Painter();
  const given = { ...recipes, elements, painter, repository: (gates) => repositoryOf(elements, sizes, gates) };
  const told = {};
  for (const [name, scenario] of Object.entries(SCENARIOS)) told[name] = await scenario(given);
  painter.close();
  return told;
}

/** A repository whose elements come when they are let through. */
function repositoryOf(elements, sizes, gates = {}) {
  return {
    asked: 0,
    checkFingerprint() {},
    info(number) {
      const [width, height] = sizes[number];
      return { number, width, height };
    },
    async elements(numbers, { signal, onElement }) {
      this.asked++;
      const found = new Map();
      await Promise.all(
        [...numbers].map(async (number) => {
          await gates[number];
          signal?.throwIfAborted();
          found.set(number, elements.get(number));
          onElement?.(number, elements.get(number));
        }),
      );
      return found;
    },
  };
}

/** What an error says, and of which kind it is. */
async function errorOf(promise) {
  try {
    await promise;
    return "no error";
  } catch (error) {
    return `${error instanceof ElementError ? "ElementError" : error.name}: ${error.message}`;
  }
}

const SCENARIOS = {
  async drawn({ recipe, elements, painter }) {
    return [
      await hashPixels(await draw(recipe, { elements })),
      await hashPixels(await draw(readRecipe(recipe), { elements })),
      await hashPixels(await painter.draw(recipe, { elements })),
      await hashPixels(await painter.draw(readRecipe(recipe), { elements, onProgress() {} })),
    ];
  },

  /** Step by step, a paraphrase is a scene without elements first. */
  async similar({ similar, elements, painter }) {
    return hashPixels(await painter.draw(similar, { elements, onProgress() {} }));
  },

  /** Buffers as `fetch` gives them, and pixels. */
  async otherKinds({ recipe, elements, painter }) {
    const buffers = new Map([...elements].map(([number, bytes]) => [number, bytes.slice().buffer]));
    const pixels = new Map([...elements].map(([number, bytes]) => [number, decodeWebp(bytes)]));
    const clamped = new Map([...pixels].map(([number, { width, height, data }]) => [
      number,
      { width, height, data: new Uint8ClampedArray(data) },
    ]));
    const hashes = [];
    for (const kind of [buffers, pixels, clamped]) {
      hashes.push(await hashPixels(await draw(recipe, { elements: kind })));
      hashes.push(await hashPixels(await painter.draw(recipe, { elements: kind })));
    }
    const short = new Map(elements).set(1, { width: 9, height: 9, data: new Uint8Array(9) });
    return { hashes, error: await errorOf(painter.draw(recipe, { elements: short })) };
  },

  async fromRepository({ recipe, elements, painter, repository }) {
    const some = new Map([...elements].slice(0, 2));
    const asked = repository();
    const other = new Painter({ repository: asked });
    const hashes = [
      await hashPixels(await draw(recipe, { repository: repository() })),
      await hashPixels(await draw(recipe, { repository: repository(), elements: some })),
      await hashPixels(await other.draw(recipe)),
      await hashPixels(await other.draw(recipe, { elements: some })),
      await hashPixels(await other.draw(recipe, { elements })),
    ];
    other.close();
    return { hashes, asked: asked.asked };
  },

  /** The background, then what has come, then everything. */
  async stepByStep({ recipe, repository }) {
    const open = {};
    const gates = Object.fromEntries(ALL.map((number) => [number, new Promise((resolve) => (open[number] = resolve))]));
    const painter = new Painter({ repository: repository(gates) });
    const steps = [];
    let next;
    const drawing = painter.draw(recipe, {
      onProgress(picture, stage) {
        steps.push({ stage, picture });
        next?.();
      },
    });
    for (const number of [3, 1]) {
      const step = new Promise((resolve) => (next = resolve));
      if (steps.length) open[number]();
      await step;
      open[number]();
    }
    ALL.forEach((number) => open[number]());
    const last = await hashPixels(await drawing);
    painter.close();
    const [first] = steps;
    return {
      stages: [...new Set(steps.map(({ stage }) => stage))],
      background: await hashPixels(first.picture),
      different: new Set(await Promise.all(steps.map(({ picture }) => hashPixels(picture)))).size === steps.length,
      last,
    };
  },

  /** A plate is the first thing that is drawn, once it is here. */
  async plate({ plate, repository }) {
    const painter = new Painter({ repository: repository() });
    const stages = [];
    const picture = await painter.draw(plate, { onProgress: (_, stage) => stages.push(stage) });
    painter.close();
    return { first: stages[0], hash: await hashPixels(picture) };
  },

  async errors({ recipe, elements, painter, repository }) {
    const damaged = new Map(elements).set(1, elements.get(1).subarray(0, 60));
    const throwing = () => {
      throw new TypeError("mine");
    };
    return [
      await errorOf(painter.draw("haac1:zz")),
      await errorOf(painter.draw(recipe, { elements: new Map() })),
      await errorOf(draw(recipe, { elements: new Map() })),
      await errorOf(painter.draw(recipe, { elements: damaged })),
      await errorOf(painter.draw(recipe, { elements, onProgress: throwing })),
      await errorOf(new Painter({ repository: failing(repository()) }).draw(recipe)),
      await errorOf(new Painter({ repository: lying(repository()) }).draw(recipe)),
    ];
  },

  /** Given up before, while elements come, and while it is drawn; the painter goes on. */
  async givenUp({ recipe, slow, elements, painter, repository }) {
    const never = { 1: new Promise(() => {}) };
    const waiting = new Painter({ repository: repository(never) });
    const reasons = [await errorOf(painter.draw(recipe, { elements, signal: AbortSignal.abort(new Error("before")) }))];
    const giveUp = new AbortController();
    const drawing = waiting.draw(recipe, { signal: giveUp.signal });
    await wait(50);
    giveUp.abort(new Error("while elements come"));
    reasons.push(await errorOf(drawing));
    waiting.close();
    await painter.draw(recipe, { elements });
    const other = new AbortController();
    const witness = new Painter();
    const long = painter.draw(slow, { elements, signal: other.signal });
    const asLong = witness.draw(slow, { elements }).then(() => "as long", () => "closed");
    await wait(100);
    const after = painter.draw(recipe, { elements });
    other.abort(new Error("while it is drawn"));
    reasons.push(await errorOf(long));
    const first = await Promise.race([asLong, after.then(() => "after")]);
    witness.close();
    return { reasons, hash: await hashPixels(await after), first };
  },

  /** What takes long is shown layer by layer, though all elements are there. */
  async layerByLayer({ slow, elements, painter }) {
    const giveUp = new AbortController();
    const stages = [];
    const onProgress = (_, stage) => {
      stages.push(stage);
      if (stage === "layers") giveUp.abort(new Error("seen"));
    };
    const reason = await errorOf(painter.draw(slow, { elements, onProgress, signal: giveUp.signal }));
    return { stages, reason };
  },

  async closed({ recipe, slow, elements }) {
    const painter = new Painter();
    const drawing = painter.draw(slow, { elements });
    await wait(20);
    painter.close();
    return [await errorOf(drawing), await errorOf(painter.draw(recipe, { elements }))];
  },

  /** A page may forbid workers, at once or when they start. */
  async withoutWorkers({ recipe, elements }) {
    const { Worker } = globalThis;
    const forbidden = () => {
      throw new Error("forbidden");
    };
    const broken = class extends EventTarget {
      constructor() {
        super();
        setTimeout(() => this.dispatchEvent(new Event("error")), 10);
      }

      postMessage() {}
      terminate() {}
    };
    const hashes = [];
    for (const kind of [forbidden, broken]) {
      globalThis.Worker = kind;
      const painter = new Painter();
      hashes.push(await hashPixels(await painter.draw(recipe, { elements, onProgress() {} })));
      painter.close();
    }
    globalThis.Worker = Worker;
    return hashes;
  },

  async manyAtOnce({ recipe, elements, painter }) {
    const hashes = await Promise.all(
      Array.from({ length: 8 }, async () => hashPixels(await painter.draw(recipe, { elements }))),
    );
    return [...new Set(hashes)];
  },
};

function failing(repository) {
  return { ...repository, elements: () => Promise.reject(new HaacError("the network is away")) };
}

/** Its record says another size. */
function lying(repository) {
  return { ...repository, info: (number) => ({ number, width: 7, height: 7 }) };
}
