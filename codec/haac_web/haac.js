/**
 * haac for the web: recipes to the same pixels as Python makes, in browsers and in Node.
 *
 *     import { draw, Repository } from "haac";
 *     const repository = await Repository.open("https://example.org/pictures/");
 *     const { width, height, data } = await draw(recipe, { repository });
 */

export { LIMITS } from "./constants.js";
export { draw, hashPixels } from "./draw.js";
export { render } from "./drawing/render.js";
export { Renderer } from "./drawing/renderer.js";
export * from "./errors.js";
export { caption } from "./forms/caption.js";
export { elementsOf, inlinesOf, readRecipe } from "./forms/recipe.js";
export { formatId, parseId, toText } from "./forms/text.js";
export { Repository } from "./mirror/repository.js";
export { Painter } from "./painter.js";
export { Sources } from "./sources.js";
export { decodeBlur } from "./wash/picture.js";
export { decodeInline, decodeWebp, webpSize } from "./webp/decode.js";
