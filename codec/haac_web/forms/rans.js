/**
 * rANS entropy coder whose state is one integer of any length (BigInt): many symbols to one number, and back.
 *
 * Source: Jarek Duda, "Asymmetric numeral systems", arXiv:1311.2540 (2013), the rANS variant; docs/format.md, "From the
 * number to values". A format is a function of a `Coder`, which codes in either direction, as in haac/_rans.py.
 */

import { GROWTH } from "../constants.js";
import { RecipeError } from "../errors.js";

/**
 * Length in bits of a whole number from 0 to 2^53.
 * @param {number} value
 * @returns {number}
 */
export function bitLength(value) {
  return value < 2 ** 32 ? 32 - Math.clz32(value) : 32 + bitLength(Math.floor(value / 2 ** 32));
}

/** Uniform distribution of the symbols 0 ... total - 1; total is at most 2^53. */
export class Uniform {
  constructor(total) {
    this.total = total;
  }

  /** [first slot, slots] of a symbol. */
  slots(value) {
    return [value, 1];
  }

  /** [symbol, its first slot, its slots] of a slot. */
  find(slot) {
    return [slot, slot, 1];
  }
}

/** Static distribution of the symbols 0, 1, ... by integer frequencies; slots are given out in this order. */
export class Table {
  constructor(frequencies) {
    this.frequencies = frequencies;
    this.total = frequencies.reduce((sum, each) => sum + each, 0);
  }

  slots(value) {
    let start = 0;
    for (let n = 0; n < value; n++) start += this.frequencies[n];
    return [start, this.frequencies[value]];
  }

  find(slot) {
    let start = 0;
    for (let value = 0; ; value++) {
      const count = this.frequencies[value];
      if (slot < start + count) return [value, start, count];
      start += count;
    }
  }
}

/** Adaptive distribution: the frequency of a symbol grows each time it is coded. */
export class Adaptive extends Table {
  constructor(frequencies) {
    super([...frequencies]);
  }

  /** Updates the frequencies: a symbol was coded. */
  count(value) {
    this.frequencies[value] += GROWTH;
    this.total += GROWTH;
  }
}

/** Binomial distribution, p = 1/2: symbol k of 0 ... count owns as many slots as there are subsets of k. In BigInt. */
export class Binomial {
  constructor(count) {
    this._count = count;
    this.bits = count;
    this.total = 1n << BigInt(count);
  }

  slots(value) {
    let [start, ways] = [0n, 1n];
    for (let k = 0; k < value; k++) {
      start += ways;
      ways = (ways * BigInt(this._count - k)) / BigInt(k + 1);
    }
    return [start, ways];
  }

  find(slot) {
    let [value, start, ways] = [0, 0n, 1n];
    while (slot >= start + ways) {
      start += ways;
      ways = (ways * BigInt(this._count - value)) / BigInt(value + 1);
      value++;
    }
    return [value, start, ways];
  }
}

/**
 * Base of encoder and decoder: a format is written against it once, for both directions. Each method takes the wanted
 * value as a function, which only an encoder calls, and returns the value.
 */
export class Coder {
  /** All symbols in order, but for a wash's coefficients. Coders that took the same symbols have the same number. */
  picks = [];
  /** Whether it decodes: then what is wanted is not looked at. */
  decodes = false;

  /**
   * Tells a decoder which tables come next, so that it may take from a long number at once what they need. Nothing
   * depends on it but the time.
   * @param {Table[]} tables each as often as it is used
   * @param {number[]} totals of uniform ones
   */
  expect() {}

  /** Codes one symbol of a table. */
  pick(table, wanted) {
    const value = this._transfer(table, wanted);
    this.picks.push(value);
    if (table instanceof Adaptive) table.count(value);
    return value;
  }

  /** Codes an integer from 0 on (Elias gamma): its length in bits from a table, then the bits below its leading one. */
  number(lengths, wanted) {
    const length = this.pick(lengths, () => bitLength(wanted()));
    if (length < 2) return length;
    const below = 2 ** (length - 1);
    return below + this.pick(new Uniform(below), () => wanted() - below);
  }
}

/** Notes the symbols and nothing else: whether a recipe is the one that an encoder writes. */
export class Checker extends Coder {
  _transfer(table, wanted) {
    return Number(wanted());
  }
}

/** Collects symbols; `result()` is their number. */
export class Encoder extends Coder {
  /** Of each symbol in order: {total, count, start}, or {total, count, owned}: the slots that it owns. */
  steps = [];

  _transfer(table, wanted) {
    const value = Number(wanted());
    const [start, count] = table.slots(value);
    if (!count) throw new RecipeError("the scene has a value that a recipe cannot say");
    this.steps.push({ total: table.total, count, start });
    return value;
  }

  /**
   * The number that decodes to the values in the order in which they were given.
   * @returns {bigint}
   */
  result() {
    let state = 0n;
    for (let n = this.steps.length - 1; n >= 0; n--) {
      if (this.steps[n].owned) {
        const first = Math.max(0, n - GROUP + 1);
        let from = n;
        while (from > first && this.steps[from - 1].owned) from--;
        state = this._group(state, from, n);
        n = from;
        continue;
      }
      const [total, count, start] = ["total", "count", "start"].map((name) => BigInt(this.steps[n][name]));
      state = count > 1n ? (state / count) * total + start + (state % count) : state * total + start;
    }
    return state;
  }

  /** Some steps of 12 bits, whose counts' product is at most 2^48: only what the large state is divided by changes. */
  _group(state, from, to) {
    let divisor = 1;
    for (let n = from; n <= to; n++) divisor *= this.steps[n].count;
    let low = Number(state % BigInt(divisor));
    for (let n = to; n >= from; n--) {
      const { count, owned } = this.steps[n];
      const above = Math.floor(low / count);
      low = above * 4096 + owned[low - above * count];
    }
    return ((state / BigInt(divisor)) << BigInt(12 * (to - from + 1))) + BigInt(low);
  }
}

const GROUP = 4;

/** Bits from which on a number is long: then each of its divisions takes longer than all that a window does. */
const LONG = 8192;
/** What the part above a window waits to be multiplied by, at most, or a little more. */
const WAITING = 1n << 2048n;

/**
 * Takes symbols out of a number.
 *
 * A step divides the number by the total of a table, and multiplies it by the slots of a symbol. Of a long number only
 * a window takes part: it is `above * waiting * modulus + state`, and a step whose total divides the modulus divides
 * that instead, since then its remainder depends on `state` alone. So the long part is divided once for some tables
 * that are known to come next.
 */
export class Decoder extends Coder {
  decodes = true;

  /** @param {bigint} number from 0 on */
  constructor(number) {
    super();
    this._state = number;
    this._above = 0n;
    this._waiting = 1n;
    this._modulus = 0n; // without a window
    /** Length of the number in bits. */
    this.length = bigLength(number);
    /** What the symbols cost, bits: log2(total / slots) of each. */
    this.bits = 0;
  }

  /** What is left of the number. */
  get state() {
    this._close();
    return this._state;
  }

  set state(number) {
    this._close();
    this._state = number;
  }

  expect(tables, totals) {
    if (this.length < LONG) return;
    if (this._waiting > WAITING) this._close();
    if (!this._modulus) {
      this._above = this._state;
      this._state = 0n;
      this._modulus = 1n;
    }
    const uses = new Map();
    let product = totals.reduce((made, total) => made * BigInt(total), 1n);
    for (const table of tables) {
      const used = uses.get(table) ?? 0;
      uses.set(table, used + 1);
      product *= BigInt(table.total + used * GROWTH);
    }
    const above = this._above / product;
    const slot = remainder(this._above, above, product);
    this._state += slot * this._waiting * this._modulus;
    this._above = above;
    this._modulus *= product;
  }

  _close() {
    if (!this._modulus) return;
    this._state += this._above * (this._waiting * this._modulus);
    this._above = this._modulus = 0n;
    this._waiting = 1n;
  }

  _transfer(table) {
    const { total } = table;
    if (this._modulus) {
      const divisor = BigInt(total);
      if (this._modulus % divisor) this._close();
      else this._modulus /= divisor;
    }
    const state = this._state;
    if (typeof total === "bigint") {
      const [value, start, count] = table.find(BigInt.asUintN(table.bits, state));
      this._state = (state >> BigInt(table.bits)) * count + BigInt.asUintN(table.bits, state) - start;
      if (this._modulus) this._waiting *= count;
      this.bits += table.bits - bigLog2(count);
      return value;
    }
    const bits = bitLength(total) - 1;
    let rest, slot;
    if (2 ** bits === total) {
      rest = state >> BigInt(bits);
      slot = Number(BigInt.asUintN(bits, state));
    } else {
      const divisor = BigInt(total);
      rest = state / divisor;
      slot = Number(remainder(state, rest, divisor));
    }
    const [value, start, count] = table.find(slot);
    this._state = count > 1 ? rest * BigInt(count) + BigInt(slot - start) : rest;
    if (this._modulus && count > 1) this._waiting *= BigInt(count);
    this.bits += Math.log2(total) - Math.log2(count);
    return value;
  }

  /**
   * Checks that nothing is left.
   * @throws {RecipeError} the number holds more than was taken out
   */
  finish() {
    if (this.state) throw new RecipeError("the recipe is damaged: something is left over after its last layer");
  }
}

/**
 * What a division leaves, of which the quotient is known, by its lowest bits: a second division would take as long
 * again.
 */
function remainder(number, quotient, divisor) {
  const bits = bigLength(divisor);
  return BigInt.asUintN(bits, BigInt.asUintN(bits, number) - BigInt.asUintN(bits, quotient) * divisor);
}

/** Length in bits of a number from 0 on. */
function bigLength(number) {
  if (number === 0n) return 0;
  const digits = number.toString(16);
  return 4 * (digits.length - 1) + bitLength(parseInt(digits[0], 16));
}

function bigLog2(number) {
  const bits = bigLength(number);
  return bits < 53 ? Math.log2(Number(number)) : bits - 53 + Math.log2(Number(number >> BigInt(bits - 53)));
}
