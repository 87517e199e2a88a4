import { UserError } from '../../compiler/user-error.js';
import type { AxisRule } from './task.js';

/** Bounds of what a model file may say: far above what there is, far below what takes long or much memory. */
const most = {
  channels: 4096,
  classes: 1024,
  name: 256,
  size: 65_536,
  modulus: 2 ** 24,
  steps: 2 ** 31,
  json: 2 ** 22,
} as const;

/** The metadata of a model file as a schema has it; every error names the file, the key and what it says. */
export class MetadataFields {
  readonly #file: string;
  readonly #props: ReadonlyMap<string, string>;

  constructor(file: string, props: ReadonlyMap<string, string>) {
    this.#file = file;
    this.#props = props;
  }

  has(key: string): boolean {
    return this.#props.has(key);
  }

  text(key: string): string {
    const value = this.#props.get(key);
    if (value !== undefined) return value;
    throw new UserError(
      'model-foreign',
      `${this.#file} does not say how images are prepared for it`,
      "build it with 'unetc build', or predict with a run's folder",
    );
  }

  oneOf<T extends string>(key: string, words: readonly T[]): T {
    const value = this.text(key);
    const found = words.find((word) => word === value);
    if (found === undefined) throw this.#wrong(key, words.join(' or '));
    return found;
  }

  /** A short text without control characters. */
  word(key: string): string {
    const value = this.text(key);
    if (!isName(value)) throw this.#wrong(key, 'a short text');
    return value;
  }

  whole(key: string, least: number, atMost: number): number {
    const value = this.text(key);
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > atMost)
      throw this.#wrong(key, `a whole number from ${least} to ${atMost}`);
    return number;
  }

  channels(key: string): number {
    return this.whole(key, 1, most.channels);
  }

  classes(key: string): string[] {
    const found = this.#list(key);
    if (!found.every(isName) || found.length < 1 || found.length > most.classes || new Set(found).size < found.length) {
      throw this.#wrong(key, `a list of 1 to ${most.classes} different names`);
    }
    return found;
  }

  /** A size for each axis of space. */
  sizes(key: string): number[] {
    const found = this.#list(key);
    if (!found.every(isSize) || found.length < 1 || found.length > 3)
      throw this.#wrong(key, `a list of 1 to 3 sizes, each at most ${most.size}`);
    return found;
  }

  axes(key: string): AxisRule[] {
    const found = this.#list(key);
    if (!found.every(isAxisRule) || found.length < 1 || found.length > 3)
      throw this.#wrong(key, 'a rule of sizes for each of 1 to 3 axes');
    return found;
  }

  #list(key: string): unknown[] {
    const value = this.text(key);
    let found: unknown;
    try {
      found = value.length <= most.json ? JSON.parse(value) : undefined;
    } catch {
      // No JSON is no list.
    }
    if (!Array.isArray(found)) throw this.#wrong(key, 'a list');
    return found;
  }

  #wrong(key: string, due: string): UserError {
    const value = JSON.stringify(this.text(key));
    const shown = value.length <= 60 ? value : `${value.slice(0, 56)}..."`;
    return new UserError(
      'model-metadata',
      `${this.#file}: its metadata has ${shown} for ${key}, where ${due} is due`,
      "use an intact copy of it, or build it again with 'unetc build'",
    );
  }
}

const isName = (v: unknown): v is string =>
  typeof v === 'string' && v !== '' && v.length <= most.name && !/\p{Cc}|\p{Cs}/u.test(v);

const isSize = (v: unknown): v is number => typeof v === 'number' && Number.isInteger(v) && v > 0 && v <= most.size;

const isAxisRule = (v: unknown): v is AxisRule => {
  if (typeof v !== 'object' || v === null) return false;
  if ('fixed' in v) return isSize(v.fixed) && !('symbol' in v);
  if (!('symbol' in v && 'modulus' in v && 'least' in v && 'residues' in v)) return false;
  const { symbol, modulus, least, residues } = v;
  if (!isName(symbol) || !isSize(least) || !Array.isArray(residues)) return false;
  if (typeof modulus !== 'number' || !Number.isInteger(modulus) || modulus < 1 || modulus > most.modulus) return false;
  // The next size that a rule allows is looked for one by one, among the residues each time.
  if (modulus * residues.length > most.steps) return false;
  return residues.every(
    (r: unknown, k) =>
      Number.isInteger(r) &&
      (r as number) < modulus &&
      (r as number) >= 0 &&
      (k === 0 || (r as number) > residues[k - 1]),
  );
};
