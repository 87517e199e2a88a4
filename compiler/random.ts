/**
 * Seeded randomness without shared state: every place that needs chance derives its own stream from the run's seed and
 * from what it is for, `stream(seed, 'augment', epoch, position)`. So a resumed run, or one that decodes in another
 * order, draws the same numbers as one that was never interrupted.
 */

/** xoshiro128** (Blackman & Vigna, "Scrambled linear pseudorandom number generators", 2018): 32-bit outputs, period 2^128 - 1. */
export class Random {
  private spare = Number.NaN;

  constructor(
    private a: number,
    private b: number,
    private c: number,
    private d: number,
  ) {
    // The all-zero state is the one fixed point of the generator.
    if ((a | b | c | d) === 0) this.a = 1;
  }

  /** An integer in 0 .. 2^32 - 1. */
  uint32(): number {
    const product = Math.imul(this.b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result >>> 0;
  }

  /** A number in [low, high), in steps of (high - low) / 2^32. */
  uniform(low = 0, high = 1): number {
    return low + this.uint32() * 2 ** -32 * (high - low);
  }

  /** An integer in 0 .. n - 1, each equally likely; n in 1 .. 2^32. */
  int(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) throw new RangeError(`int(${n}): 1 to 2^32 expected`);
    const fair = 2 ** 32 - (2 ** 32 % n);
    let draw = this.uint32();
    while (draw >= fair) draw = this.uint32();
    return draw % n;
  }

  boolean(): boolean {
    return this.uint32() >= 2 ** 31;
  }

  /** N(mean, deviation^2) by Marsaglia's polar method, which makes two at a time. */
  normal(mean = 0, deviation = 1): number {
    if (!Number.isNaN(this.spare)) {
      const value = this.spare;
      this.spare = Number.NaN;
      return mean + deviation * value;
    }
    for (;;) {
      const u = this.uint32() * 2 ** -31 - 1;
      const v = this.uint32() * 2 ** -31 - 1;
      const square = u * u + v * v;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.spare = v * factor;
      return mean + deviation * u * factor;
    }
  }

  /** N(0, 1) redrawn until it lies within `limit` deviations. */
  truncatedNormal(limit = 2): number {
    for (;;) {
      const value = this.normal();
      if (Math.abs(value) <= limit) return value;
    }
  }

  /** Fisher-Yates, in place; returns its argument. */
  shuffle<T extends { length: number; [index: number]: number } | unknown[]>(items: T): T {
    const list = items as unknown[];
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const held = list[i];
      list[i] = list[j];
      list[j] = held;
    }
    return items;
  }
}

/** The finalizer of MurmurHash3: every input bit reaches every output bit. */
function mix(h: number): number {
  let x = h ^ (h >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/**
 * The stream that belongs to this seed and these labels: the same arguments give the same numbers, any difference gives
 * unrelated ones (`'a', 'b'` is not `'ab'`, `1` is not `'1'`). Numbers are safe integers, of either sign.
 */
export function stream(seed: number, ...labels: readonly (string | number)[]): Random {
  let low = 0x9e3779b9;
  let high = 0x243f6a88;
  const absorb = (word: number): void => {
    low = mix(low ^ word);
    high = mix((high + Math.imul(word, 0x9e3779b1) + low) | 0);
  };
  for (const label of [seed, ...labels]) {
    if (typeof label === 'number') {
      if (!Number.isSafeInteger(label)) throw new RangeError(`stream label ${label} is not a safe integer`);
      absorb(1);
      absorb(label | 0);
      absorb(Math.floor(label / 2 ** 32) | 0);
    } else {
      absorb(2);
      absorb(label.length);
      for (let i = 0; i < label.length; i++) absorb(label.charCodeAt(i));
    }
  }
  const word = (k: number): number => mix(low ^ mix((high + Math.imul(k, 0x9e3779b9)) | 0));
  return new Random(word(1), word(2), word(3), word(4));
}
