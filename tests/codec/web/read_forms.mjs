/** Reads the recipes of a JSON file and writes what came of each as JSON: node read_forms.mjs CASES RESULTS */

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, cases, results] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${folder}/${name}`));
const { readRecipe } = await load("forms/recipe.js");
const { toText } = await load("forms/text.js");
const { toBinary } = await load("forms/binary/binary.js");
const { readBlur } = await load("forms/blur.js");

const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
const base64 = (data) => Buffer.from(data).toString("base64");

/** Each gives what is compared with Python. */
const READ = {
  recipe: ({ bytes: data }) => toText(readRecipe(bytes(data))),
  text: ({ text }) => toText(readRecipe(text)),
  both: ({ bytes: data }) => {
    const scene = readRecipe(bytes(data));
    return [toText(scene), base64(toBinary(scene))];
  },
  wash: ({ bytes: data }) => {
    const { width, height, step, channels } = readRecipe(bytes(data)).background.wash;
    return [width, height, step, channels.map((channel) => base64(channel.buffer))];
  },
  blur: ({ text }) => {
    const { width, height, wash } = readBlur(text);
    return [width, height, wash.step, wash.channels.map((channel) => base64(channel.buffer))];
  },
};

let slowest = [0, -1];
const found = JSON.parse(readFileSync(cases, "utf8")).map((each, n) => {
  const began = performance.now();
  try {
    return { value: READ[each.kind](each) };
  } catch (error) {
    return { error: error.name, message: error.message };
  } finally {
    const took = performance.now() - began;
    if (took > slowest[0]) slowest = [took, n];
  }
});
console.log(`slowest: ${slowest[0].toFixed(1)} ms, case ${slowest[1]} of ${found.length}`);
writeFileSync(results, JSON.stringify(found));
