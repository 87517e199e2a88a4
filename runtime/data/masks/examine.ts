import { stat } from 'node:fs/promises';
import { mapEach } from '../each.js';
import type { ReadOptions } from '../formats/index.js';
import type { SampleArray } from '../image.js';
import { colorAt, readStoredMask, type StoredMask } from './stored.js';

/** Where one number, entry or color occurs in the masks of a data set. */
export interface Occurrence {
  readonly pixels: number;
  /** Of these, pixels of an image's outermost rows and columns. */
  readonly border: number;
  /** Of these, pixels without a higher one among their eight neighbours: of a soft edge few, of a region of its own most. */
  readonly tops: number;
  /** Of these, pixels all of whose neighbours are the same: of edges and noise none. */
  readonly inside: number;
  readonly files: number;
  /** The first file that has it. */
  readonly file: string;
}

export type Occurrences = ReadonlyMap<number, Occurrence>;

/** A count of files, and the first of them. */
export interface Files {
  readonly count: number;
  readonly first: string;
}

/** What all mask files of a data set hold, as far as rules ask. Its size does not grow with the number of pixels. */
export interface Examination {
  readonly files: number;
  readonly pixels: number;
  readonly border: number;
  /** By number: grey, or the largest of red, green and blue. */
  readonly values: Occurrences;
  /** By palette entry, of palette files alone. */
  readonly entries: Occurrences;
  /** By color `0xrrggbb`, grey ones included; more than `mostColors` are counted in `moreColors` alone. */
  readonly colors: Occurrences;
  readonly moreColors: boolean;
  /** By opacity, of files with alpha alone. */
  readonly alpha: Occurrences;
  /** Colors of opaque and of transparent pixels, at most two of each. */
  readonly opaqueColors: ReadonlySet<number>;
  readonly transparentColors: ReadonlySet<number>;
  /** Pixels whose alpha and value differ in whether they are more than nothing, or at least half of the most. */
  readonly alphaDisagrees: { readonly nonzero: number; readonly half: number };
  /** The color of each palette entry that is used; null where files differ in it. */
  readonly palette: ReadonlyMap<number, number | null>;
  /** The largest number of each file. */
  readonly highest: ReadonlyMap<number, Files>;
  /** Files that have their type's largest number, and 1, and no other but 0. */
  readonly voidBesideOne: number;
  /** The largest number that each file's type can hold. */
  readonly peaks: ReadonlyMap<number, Files>;
  readonly lossy: Files;
  readonly withPalette: Files;
  readonly withoutPalette: Files;
  readonly colored: Files;
  readonly withAlpha: Files;
  readonly withoutAlpha: Files;
  readonly whiteIsZero: Files;
  /** Files that hold nothing but 0. */
  readonly empty: Files;
}

/** More colors than these are no table of classes. */
export const mostColors = 4096;

/**
 * Looks at every mask file once, a few at a time. What was found of the same files, unchanged since, is remembered for the next
 * time this process asks.
 *
 * @throws UserError as `readStoredMask`
 */
export async function examineMasks(
  files: readonly string[],
  read: ReadOptions = {},
  onProgress?: (done: number, total: number) => void,
): Promise<Examination> {
  const states = await mapEach(files, async (file) => {
    const { size, mtimeMs } = await stat(file);
    return `${file}\0${size}\0${mtimeMs}`;
  }, 16); // biome-ignore format: short
  const key = [JSON.stringify(read), ...states].join('\n');
  const known = remembered.get(key);
  if (known) return known;
  const tally = new Tally();
  let done = 0;
  await mapEach(files, async (file) => {
    tally.add(await readStoredMask(file, read));
    onProgress?.(++done, files.length);
  });
  const found = tally.found();
  if (remembered.size >= 8) remembered.delete(remembered.keys().next().value as string);
  remembered.set(key, found);
  return found;
}

const remembered = new Map<string, Examination>();

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

class Tally {
  private readonly values = new Table();
  private readonly entries = new Table();
  private readonly colors = new Table();
  private readonly alpha = new Table();
  private readonly opaqueColors = new Set<number>();
  private readonly transparentColors = new Set<number>();
  private readonly palette = new Map<number, number | null>();
  private readonly highest = new Map<number, Mutable<Files>>();
  private readonly peaks = new Map<number, Mutable<Files>>();
  private readonly disagrees = { nonzero: 0, half: 0 };
  private readonly sets = {
    lossy: none(),
    withPalette: none(),
    withoutPalette: none(),
    colored: none(),
    withAlpha: none(),
    withoutAlpha: none(),
    whiteIsZero: none(),
    empty: none(),
  };
  private files = 0;
  private pixels = 0;
  private border = 0;
  private voidBesideOne = 0;
  private moreColors = false;

  add(mask: StoredMask): void {
    const { file, header, height, width, values, entries, alpha, peak } = mask;
    const { slices } = mask;
    this.files++;
    this.pixels += values.length;
    this.border += slices * borderOf(height, width);
    const found = this.values.add(file, steps(values), height, width);
    if (entries) this.entries.add(file, entries, height, width);
    if (alpha) this.alpha.add(file, alpha, height, width);
    this.addColors(mask, found);
    if (alpha) this.compareAlpha(mask, alpha);
    let top = Number.NEGATIVE_INFINITY;
    for (const value of found.keys()) top = Math.max(top, value);
    count(this.highest, top, file);
    count(this.peaks, peak, file);
    if (top === peak && found.has(1) && [...found.keys()].every((v) => v === 0 || v === 1 || v === peak)) {
      this.voidBesideOne++;
    }
    const { sets } = this;
    if (header.lossy) note(sets.lossy, file);
    note(entries ? sets.withPalette : sets.withoutPalette, file);
    if (mask.colors && !entries) note(sets.colored, file);
    note(alpha ? sets.withAlpha : sets.withoutAlpha, file);
    if (header.photometric === 'white-is-zero') note(sets.whiteIsZero, file);
    if (found.size === 1 && found.has(0)) note(sets.empty, file);
  }

  found(): Examination {
    return {
      files: this.files,
      pixels: this.pixels,
      border: this.border,
      values: this.values.sorted(),
      entries: this.entries.sorted(),
      colors: this.colors.sorted(),
      moreColors: this.moreColors,
      alpha: this.alpha.sorted(),
      opaqueColors: this.opaqueColors,
      transparentColors: this.transparentColors,
      alphaDisagrees: this.disagrees,
      palette: this.palette,
      highest: this.highest,
      voidBesideOne: this.voidBesideOne,
      peaks: this.peaks,
      ...this.sets,
    };
  }

  private addColors(mask: StoredMask, values: ReadonlyMap<number, Occurrence>): void {
    const { file, height, width, entries } = mask;
    if (entries) {
      for (let p = 0; p < entries.length; p++) {
        const entry = entries[p]!;
        const color = colorAt(mask, p);
        const known = this.palette.get(entry);
        if (known === undefined) this.palette.set(entry, color);
        else if (known !== null && known !== color) this.palette.set(entry, null);
      }
    }
    if (mask.colors) {
      if (!this.moreColors) this.colors.add(file, mask.colors, height, width);
    } else if (mask.peak <= 255) {
      // Of grey files the table of numbers is the table of colors already.
      this.colors.merge([...values].map(([value, found]) => [Math.round((value * 255) / mask.peak) * 0x010101, found]));
    }
    if (this.colors.size > mostColors) {
      this.moreColors = true;
      this.colors.clear();
    }
  }

  private compareAlpha(mask: StoredMask, alpha: Uint8Array): void {
    const { values, peak } = mask;
    for (let p = 0; p < alpha.length; p++) {
      const opaque = alpha[p]! >= 128;
      const kinds = opaque ? this.opaqueColors : this.transparentColors;
      if (kinds.size < 2) kinds.add(colorAt(mask, p));
      if (alpha[p]! > 0 !== values[p]! > 0) this.disagrees.nonzero++;
      if (opaque !== values[p]! * 2 >= peak) this.disagrees.half++;
    }
  }
}

/** Fractions in steps of 1/4096, so that a table of them stays small. */
const steps = (values: SampleArray): SampleArray =>
  values instanceof Float32Array && values.some((value) => !Number.isInteger(value))
    ? values.map((value) => Math.round(value * 4096) / 4096)
    : values;

const none = (): Mutable<Files> => ({ count: 0, first: '' });

/** The first file by name, whichever is decoded first. */
function note(files: Mutable<Files>, file: string): void {
  if (files.count++ === 0 || file < files.first) files.first = file;
}

function count(table: Map<number, Mutable<Files>>, key: number, file: string): void {
  const found = table.get(key);
  if (found) note(found, file);
  else table.set(key, { count: 1, first: file });
}

const borderOf = (height: number, width: number): number =>
  height < 3 || width < 3 ? height * width : 2 * (height + width) - 4;

/** Occurrences of numbers, over all files. */
class Table {
  private readonly all = new Map<number, Mutable<Occurrence>>();

  get size(): number {
    return this.all.size;
  }

  clear(): void {
    this.all.clear();
  }

  /** Counts one file's plane; returns what it holds. */
  add(file: string, plane: ArrayLike<number>, height: number, width: number): ReadonlyMap<number, Occurrence> {
    const found = new Map<number, Mutable<Occurrence>>();
    const area = height * width;
    for (let from = 0; from < plane.length; from += area) this.addSlice(found, file, plane, from, height, width);
    this.merge([...found]);
    return found;
  }

  private addSlice(
    found: Map<number, Mutable<Occurrence>>,
    file: string,
    plane: ArrayLike<number>,
    from: number,
    height: number,
    width: number,
  ): void {
    let last = Number.NaN;
    let current: Mutable<Occurrence> = { pixels: 0, border: 0, tops: 0, inside: 0, files: 1, file };
    for (let y = 0, p = from; y < height; y++) {
      const edge = y === 0 || y === height - 1;
      for (let x = 0; x < width; x++, p++) {
        const value = plane[p]!;
        // Runs of one number are the rule: the table is asked where they end.
        if (value !== last) {
          last = value;
          current = found.get(value) ?? { pixels: 0, border: 0, tops: 0, inside: 0, files: 1, file };
          if (current.pixels === 0) found.set(value, current);
        }
        current.pixels++;
        if (edge || x === 0 || x === width - 1) current.border++;
        if (value !== 0) {
          const around = surroundings(plane, from, height, width, y, x, value);
          if (around !== higher) current.tops++;
          if (around === same) current.inside++;
        }
      }
    }
  }

  merge(found: readonly (readonly [number, Occurrence])[]): void {
    for (const [value, more] of found) {
      const known = this.all.get(value);
      if (!known) {
        this.all.set(value, { ...more });
        continue;
      }
      known.pixels += more.pixels;
      known.border += more.border;
      known.tops += more.tops;
      known.inside += more.inside;
      known.files += more.files;
      if (more.file < known.file) known.file = more.file;
    }
  }

  sorted(): Occurrences {
    return new Map([...this.all].sort(([a], [b]) => a - b));
  }
}

const higher = 2;
const lower = 1;
const same = 0;

/** Whether any of the up to eight neighbours is higher; else whether any is lower. */
function surroundings(
  plane: ArrayLike<number>,
  from: number,
  height: number,
  width: number,
  y: number,
  x: number,
  value: number,
): number {
  let found = same;
  const [top, bottom] = [y === 0 ? 0 : y - 1, y === height - 1 ? y : y + 1];
  const [left, right] = [x === 0 ? 0 : x - 1, x === width - 1 ? x : x + 1];
  for (let v = top; v <= bottom; v++) {
    for (let u = left; u <= right; u++) {
      const other = plane[from + v * width + u]!;
      if (other > value) return higher;
      if (other < value) found = lower;
    }
  }
  return found;
}
