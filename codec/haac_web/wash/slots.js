/**
 * Symbol-to-slot map of the wash's rANS tables, spread evenly as in tANS (docs/format.md, "Wash").
 *
 * Source: the even spread of tANS (J. Duda, arXiv:1311.2540), here for a state of any length.
 */

import tables from "./tables.js";

const TOTAL_BITS = 12;
const TOTAL = 1 << TOTAL_BITS;
/** How many tables the magnitudes have: 48 of the lowest band, 48 of all others. */
const CONTEXTS = tables.frequencies.length;

/** The map of one table, whose frequencies' sum is 4096. */
class Slots {
  /** @param {number[]} frequencies of 16 symbols at most */
  constructor(frequencies) {
    this.frequencies = frequencies;
    /** Bits that each symbol costs. */
    this.costs = frequencies.map((share) => TOTAL_BITS - Math.log2(share));
    /** Of each slot. */
    this.symbols = new Uint8Array(TOTAL);
    /** Of each slot: how many slots before it have the same symbol. */
    this.ranks = new Uint16Array(TOTAL);
    this._steps = null;
    const next = frequencies.map((share) => 1 / share);
    const ranks = frequencies.map(() => 0);
    for (let slot = 0; slot < TOTAL; slot++) {
      let symbol = 0;
      // Equal quotients are equal doubles: then the lower symbol's is first.
      for (let n = 1; n < next.length; n++) if (next[n] < next[symbol]) symbol = n;
      this.symbols[slot] = symbol;
      this.ranks[slot] = ranks[symbol]++;
      next[symbol] = (2 * ranks[symbol] + 1) / frequencies[symbol];
    }
  }

  /** The step of each symbol for an encoder: {total, count, owned}, `owned` being its slots. */
  get steps() {
    this._steps ??= this.frequencies.map((count, symbol) => {
      const owned = new Uint16Array(count);
      for (let slot = 0; slot < TOTAL; slot++) if (this.symbols[slot] === symbol) owned[this.ranks[slot]] = slot;
      return { total: TOTAL, count, owned };
    });
    return this._steps;
  }
}

/** Made when they are first used: each takes a tenth of a millisecond. */
const magnitudes = new Array(CONTEXTS);
const signs = new Map();

/**
 * Slots of the magnitudes in a context.
 * @param {number} context
 * @returns {Slots}
 */
export function magnitudeSlots(context) {
  return (magnitudes[context] ??= new Slots(tables.frequencies[context]));
}

/**
 * Slots of the signs (0 plus, 1 minus), where plus has so many of 4096.
 * @param {number} plus
 * @returns {Slots}
 */
export function signSlots(plus) {
  let found = signs.get(plus);
  if (!found) signs.set(plus, (found = new Slots([plus, TOTAL - plus])));
  return found;
}
