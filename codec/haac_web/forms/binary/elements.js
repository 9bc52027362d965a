/**
 * Element ids in the binary form: coded as a set, then the order of the layers (docs/format.md, "The values, in order"
 * and "Elements of the layers").
 */

import { TABLES } from "../../constants.js";
import { RecipeError } from "../../errors.js";
import { Adaptive, Binomial, bitLength, Uniform } from "../rans.js";
import { elementKey } from "../scene.js";

/** Multiset of the elements that are not yet given to a layer. */
export class Elements {
  /**
   * @param {(number|object)[]} items the different elements: inline ones in the order of their first use, then the
   *   others in ascending order
   * @param {number[]} left of each layer the index of its element, ascending
   */
  constructor(items, left) {
    this._items = items;
    this._left = left;
    this._indices = new Map(items.map((item, n) => [elementKey(item), n]));
    this.next = new Adaptive(TABLES.NEXT);
    this._at = 0; // place in `left` of the one after the last
  }

  /** How many are left but for one, or 1. */
  get others() {
    return Math.max(1, this._left.length - 1);
  }

  /** Codes the element of the next layer. */
  take(io, wanted) {
    this._at = this._place(io, wanted);
    return this._items[this._left.splice(this._at, 1)[0]];
  }

  /** In `left`: that of the next one, or any other. */
  _place(io, wanted) {
    const left = this._left;
    const following = this._at % left.length;
    if (left.length === 1) return 0;
    const index = () => this._indices.get(elementKey(wanted()));
    if (io.pick(this.next, () => left[following] === index())) return following;
    const skipping = (place) => place - (place > following ? 1 : 0);
    const place = io.pick(new Uniform(left.length - 1), () => skipping(left.indexOf(index())));
    return place + (place >= following ? 1 : 0);
  }
}

/**
 * Codes the multiset of the layers' elements, without their order.
 * @param {Coder} io either direction
 * @param {number} fresh how many different elements of the repository there are
 * @param {number} again how many layers show an element that another layer shows, too
 * @param {number} bits of the largest number of an element
 * @param {object[]} inlines in the order of their first use
 * @param {(number|object)[]} wanted while encoding, the element of each layer
 * @returns {Elements}
 * @throws {RecipeError} no encoder writes this
 */
export function codeElements(io, fresh, again, bits, inlines, wanted) {
  const numbers = [...new Set(wanted.filter((element) => typeof element === "number"))].sort((a, b) => a - b);
  const items = [...inlines, ...picks(io, fresh, bits, numbers)];
  const indices = new Map(items.map((item, n) => [elementKey(item), n]));
  if (indices.size < items.length) {
    throw new RecipeError("the recipe is damaged: two of its different elements are the same");
  }
  const order = wanted.map((element) => indices.get(elementKey(element))).sort((a, b) => a - b);
  let repeats = order.filter((index, n) => n > 0 && order[n - 1] === index);
  if (again) {
    repeats = picks(io, again, bitLength(items.length - 1), repeats);
    if (repeats.at(-1) >= items.length) {
      throw new RecipeError("the recipe is damaged: it repeats an element that it does not have");
    }
  }
  return new Elements(items, [...items.keys(), ...repeats].sort((a, b) => a - b));
}

/**
 * Codes an ascending list of numbers below 2^bits by halving: how many are in the lower half, then each half in the
 * same way.
 */
function picks(io, count, bits, wanted) {
  if (count === 0 || bits === 0) return Array(count).fill(0);
  if (count === 1) return [io.pick(new Uniform(2 ** bits), () => wanted[0])];
  const half = 2 ** (bits - 1);
  const lower = io.pick(new Binomial(count), () => wanted.filter((number) => number < half).length);
  const below = picks(io, lower, bits - 1, wanted.slice(0, lower));
  const above = picks(
    io,
    count - lower,
    bits - 1,
    wanted.slice(lower).map((number) => number - half),
  );
  return [...below, ...above.map((number) => half + number)];
}
