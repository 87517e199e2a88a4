import { posix } from 'node:path';
import { UserError } from '../../../compiler/user-error.js';
import { imageExtensions } from '../formats/index.js';

/** What belongs together: an image's files and those of its mask, found but not opened. */
export interface SampleFiles {
  /**
   * Where the image lies in its data, `/` between folders, Unicode composed: `images/c1.tif`. No two samples share one.
   * This is what a sample is known by; its name is only for people.
   */
  readonly id: string;
  /** As short as it can be without two samples sharing one: `c1`; `c1.tif` beside `c1.png`; `p1/c1` beside `p2/c1`. */
  readonly name: string;
  /** One file, or one for each channel. */
  readonly images: readonly string[];
  /** One file, or one for each of `classFolders`; none where there are no masks. */
  readonly masks: readonly string[];
  /** What a list says of it: `train`, `val`, `test`. */
  readonly split?: string;
  /** What a list says: samples of one group (a patient, a slide) belong on one side of a split. */
  readonly group?: string;
}

/** Everything that was found in a data folder, a list or by patterns, before anything is decoded. */
export interface DataFiles {
  /** Which layout it was recognized as, in words: `images/ and masks/`. */
  readonly layout: string;
  /** Ascending by name, in code units, so that no listing order or locale shows. */
  readonly samples: readonly SampleFiles[];
  /** The folders of `masks/<class>/`, sorted; empty if a mask is one file. */
  readonly classFolders: readonly string[];
  /** Names of the classes by number, where a `dataset.json` gives them. */
  readonly classNames?: readonly string[];
  /** Masks that belong to no image. */
  readonly unusedMasks: readonly string[];
}

export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Longest first, so that `.nii.gz` goes as a whole. */
const endings = [...imageExtensions].sort((a, b) => b.length - a.length || byCodeUnit(a, b));

/** `.nii.gz` of `a.nii.gz`, as it is written; empty if the name is no image's. */
export function extensionOf(file: string): string {
  const lower = file.toLowerCase();
  const found = endings.find((ending) => lower.endsWith(ending) && lower.length > ending.length);
  return found === undefined ? '' : file.slice(-found.length);
}

/** `a` of `a.png`. Unicode is composed: a file copied from a Mac still finds its partner. */
export const stemOf = (file: string): string => file.slice(0, file.length - extensionOf(file).length).normalize('NFC');

type Unnamed = Omit<SampleFiles, 'name'>;

/**
 * Gives samples their names and their order.
 *
 * @throws UserError when two have one path but for case or Unicode's forms: on many disks they would be one file
 */
export function named(samples: readonly Unnamed[]): SampleFiles[] {
  const paths = new Map<string, Unnamed>();
  for (const sample of samples) {
    const key = sample.id.toLowerCase();
    const other = paths.get(key);
    if (other !== undefined) {
      const same = other.id === sample.id;
      throw new UserError(
        'name-twice',
        same
          ? `${other.images[0]} and ${sample.images[0]} have the same name`
          : `${other.images[0]} and ${sample.images[0]} differ only in upper and lower case`,
        'rename one of them: on many disks they would be the same file',
      );
    }
    paths.set(key, sample);
  }
  const shared = sharedFolder(samples.map(({ id }) => id));
  const candidates: ((id: string) => string)[] = [
    (id) => stemOf(posix.basename(id)),
    (id) => posix.basename(id),
    (id) => stemOf(id.slice(shared)),
    (id) => id.slice(shared),
  ];
  let open = [...samples];
  const names = new Map<Unnamed, string>();
  const ambiguous = new Set<string>();
  for (const candidate of candidates) {
    const count = new Map<string, number>();
    // A name that some sample has already is taken, and one that several might have had stays nobody's.
    for (const name of [...names.values(), ...ambiguous]) count.set(name, 1);
    for (const { id } of open) count.set(candidate(id), (count.get(candidate(id)) ?? 0) + 1);
    for (const { id } of open) if (count.get(candidate(id))! > 1) ambiguous.add(candidate(id));
    for (const sample of open) if (count.get(candidate(sample.id)) === 1) names.set(sample, candidate(sample.id));
    open = open.filter((sample) => !names.has(sample));
  }
  return samples
    .map((sample) => ({ ...sample, name: names.get(sample) ?? sample.id }))
    .sort((a, b) => byCodeUnit(a.name, b.name) || byCodeUnit(a.id, b.id));
}

/** Length of the folders that all paths begin with: `images/`. */
function sharedFolder(ids: readonly string[]): number {
  let shared = posix.dirname(ids[0] ?? '');
  while (shared !== '.' && shared !== '/' && !ids.every((id) => id.startsWith(`${shared}/`))) {
    shared = posix.dirname(shared);
  }
  return shared === '.' || shared === '/' ? 0 : shared.length + 1;
}
