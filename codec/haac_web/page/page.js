/** The page that `haac serve` shows: what is published, its newest elements, recipes drawn, all of it kept for later. */

import { sharedPainter } from "../custom_elements.js";
import { HaacError } from "../errors.js";
import { caption } from "../forms/caption.js";
import { toBinary } from "../forms/binary/binary.js";
import { readRecipe } from "../forms/recipe.js";
import { makeLayer, makeScene } from "../forms/scene.js";
import { toText } from "../forms/text.js";
import { hashPixels } from "../haac.js";

/** How many elements are shown at first, and more each time. */
const NEWEST = 24;
/** Pixels of the sides of a thumbnail, and at most of an element that is drawn by itself. */
const THUMBNAIL = 128;
const LARGE = 1024;
/** Characters of a recipe that stands in the page's address. */
const LINKED = 4000;
const REPOSITORY = new URL("./", document.baseURI).href;

const at = (id) => document.getElementById(id);
const counted = new Intl.NumberFormat("en-GB");
let repository = null;

/** An element with text in it. */
function made(name, text, properties = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  return Object.assign(element, properties);
}

function tellTrouble(error) {
  at("trouble").hidden = error === null;
  at("trouble").textContent = error?.message ?? "";
  if (error !== null && !(error instanceof HaacError)) console.error(error);
}

function sizeText(bytes) {
  if (bytes < 1e3) return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

// What is published

async function showRepository() {
  ({ repository } = await sharedPainter(REPOSITORY));
  showSummary(repository.answered ? "" : "; its server cannot be reached now, this is what was kept here");
  showNewest();
  at("keep").disabled = false;
  await showKept();
}

function showSummary(more) {
  const elements = counted.format(repository.size);
  const told = `${elements} elements, published ${repository.time.replace("T", " ").replace("Z", " UTC")}${more}. Id `;
  at("summary").replaceChildren(told, made("code", repository.id));
}

function showNewest() {
  const shown = at("newest").childElementCount;
  const newest = repository.numbers().reverse();
  const tiles = newest.slice(shown, shown + NEWEST).map((number) => {
    const info = repository.info(number);
    const tile = made("button", "", { type: "button", className: "tile" });
    const picture = document.createElement("haac-picture");
    picture.setAttribute("recipe", recipeOf(info, THUMBNAIL, THUMBNAIL));
    picture.setAttribute("repository", REPOSITORY);
    picture.setAttribute("alt", "");
    tile.append(picture, made("span", info.name || "without a name", { title: info.name }), made("code", info.id));
    tile.addEventListener("click", () => draw(recipeOf(info, LARGE, null)));
    const item = document.createElement("li");
    item.append(tile);
    return item;
  });
  at("newest").append(...tiles);
  if (newest.length === 0) at("newest").append(made("li", "There are none yet."));
  at("more").hidden = shown + NEWEST >= newest.length;
  return tiles;
}

/** A recipe of one element: in the middle of a square of `side` pixels, or, if that is null, by itself. */
function recipeOf({ number, width, height }, most, side) {
  const factor = Math.min(1, most / Math.max(width, height));
  const [across, down] = [width, height].map((length) => Math.max(1, Math.round(length * factor)));
  const scene = makeScene(side ?? across, side ?? down);
  const place = (length) => (side === null ? 0 : Math.round((side - length) / 2));
  const size = factor < 1 ? { width: across, height: down } : {};
  scene.fingerprint = repository.fingerprint;
  scene.layers = [makeLayer({ element: number, ...size, x: place(across), y: place(down) })];
  return toText(scene);
}

// Recipes

/** Draw a recipe (text, or bytes of a file), and say what it is. */
function draw(recipe) {
  const facts = at("facts");
  at("result").hidden = false;
  at("frame").replaceChildren();
  facts.replaceChildren();
  const fact = (name, text, code = false) => {
    const told = document.createElement("dd");
    told.append(code ? made("code", text) : text);
    facts.append(made("dt", name), told);
  };
  let scene;
  let text;
  try {
    scene = readRecipe(recipe);
    text = toText(scene);
    at("recipe").value = text;
    const [bytes, characters] = [toBinary(scene).length, text.length].map(counted.format);
    fact("Recipe", `${bytes} bytes; as text ${characters} characters`);
    fact("Picture", `${scene.width} × ${scene.height} pixels`);
  } catch (error) {
    facts.append(made("dd", error.message, { className: "wrong" }));
    return;
  }
  if (text.length <= LINKED) history.replaceState(null, "", `#${text}`);
  const picture = document.createElement("haac-picture");
  picture.setAttribute("loading", "eager");
  picture.setAttribute("repository", REPOSITORY);
  picture.setAttribute("recipe", text);
  picture.addEventListener("load", async () => {
    fact("Shows", caption(scene, (number) => repository?.info(number) ?? ""));
    fact("SHA-256 of the pixels", await hashPixels(picture.picture), true);
    picture.dataset.drawn = "";
  });
  at("frame").append(picture);
  at("draw").scrollIntoView({ block: "nearest" });
}

async function drawFile(file) {
  if (file === undefined) return;
  // No recipe is so long; what it is then, its first bytes say.
  draw(new Uint8Array(await file.slice(0, 2 ** 20 + 1).arrayBuffer()));
}

function listen() {
  at("form").addEventListener("submit", (event) => {
    event.preventDefault();
    draw(at("recipe").value.trim());
  });
  at("recipe").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("form").requestSubmit();
  });
  at("file").addEventListener("change", () => {
    drawFile(at("file").files[0]);
    at("file").value = "";
  });
  const zone = at("draw");
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const { files } = event.dataTransfer;
    if (files.length > 0) drawFile(files[0]);
    else draw(event.dataTransfer.getData("text/plain").trim());
  });
  addEventListener("hashchange", drawLinked);
  at("keep").addEventListener("click", keep);
  at("more").addEventListener("click", () => showNewest()[0].firstElementChild.focus());
}

function drawLinked() {
  const text = decodeURIComponent(location.hash.slice(1));
  if (text.startsWith("haac1:") && text !== at("recipe").value) draw(text);
}

// Without network

async function showKept() {
  const held = (await repository.held()).size;
  const all = held === repository.size;
  const words = all ? "All elements are" : `${counted.format(held)} of ${counted.format(repository.size)} elements are`;
  const page = (await navigator.serviceWorker?.getRegistration()) ? ", and this page" : "";
  const told = `${words} kept in this browser${all ? page : ""}.`;
  at("kept").textContent = repository.keeps ? told : "This browser lets this page keep nothing: look at its settings.";
  at("kept").dataset.all = String(all && repository.keeps);
}

async function keep() {
  const [button, bar] = [at("keep"), at("progress")];
  button.disabled = true;
  bar.hidden = false;
  tellTrouble(null);
  try {
    await navigator.storage?.persist?.();
    if (navigator.serviceWorker !== undefined) {
      await navigator.serviceWorker.register("service_worker.js");
      await navigator.serviceWorker.ready;
    }
    const onProgress = ({ stage, done, total }) => {
      if (stage !== "elements") return;
      bar.max = Math.max(1, total);
      bar.value = total === 0 ? 1 : done;
      at("kept").textContent = `${sizeText(done)} of ${sizeText(total)}`;
    };
    await repository.sync({ packs: true, onProgress });
    await showKept();
  } catch (error) {
    tellTrouble(error);
  } finally {
    bar.hidden = true;
    button.disabled = false;
  }
}

at("example").textContent = `<script type="module" src="${REPOSITORY}web/custom_elements.js"></script>
<haac-picture src="picture.haac"
  repository="${REPOSITORY}"></haac-picture>`;
listen();
try {
  await showRepository();
} catch (error) {
  at("summary").textContent = "";
  tellTrouble(error);
}
drawLinked();
