import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { someOf, UserError } from '../../compiler/user-error.js';
import { fileFailure } from '../support/files/failure.js';
import type { Dataset } from './dataset.js';
import { extensionOf, stemOf } from './layouts/sample.js';

/** A line of a list of names. */
export interface ListedName {
  /** Unicode composed, as names of samples are. */
  readonly text: string;
  /** Written in quotes, as `formatNames` writes what could be mistaken: a sample's very name, and no file's. */
  readonly exact: boolean;
}

/**
 * A list of names, one a line. A name that a line can't hold as it is, or that reads as the name of a file, is a JSON string:
 * `"#1 cell"`, `"c1.tif"`. `parseNames` reads back every name.
 */
export const formatNames = (names: readonly string[]): string =>
  names.map((name) => `${isPlain(name) ? name : JSON.stringify(name)}\n`).join('');

const isPlain = (name: string): boolean =>
  name !== '' &&
  name === name.trim() &&
  !/^["#\uFEFF]/.test(name) &&
  // Line and paragraph separators, and other controls, are lost on the way through editors.
  !/[\p{Cc}\u2028\u2029]/u.test(name) &&
  extensionOf(name) === '';

/**
 * The names of a list: one a line; blank lines and lines that begin with # are left out. A line in quotes is a JSON string; one
 * that only looks like it, from a list of an earlier version, is the name as it stands.
 */
export function parseNames(text: string): ListedName[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const quoted = unquoted(line);
      return { text: (quoted ?? line).normalize('NFC'), exact: quoted !== undefined };
    });
}

function unquoted(line: string): string | undefined {
  if (!line.startsWith('"')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @throws UserError when the file can't be read */
export async function readList(file: string): Promise<ListedName[]> {
  try {
    return parseNames(await readFile(file, 'utf8'));
  } catch (error) {
    throw fileFailure('read', file, error);
  }
}

/** The names of a list as they are written there; `resolveNames` says which samples they mean. */
export const readNames = async (file: string): Promise<string[]> => (await readList(file)).map(({ text }) => text);

/**
 * The names of the samples that a list means. A line names a sample (`c1`), its file (`c1.tif.png`) or its path
 * (`images/c1.tif.png`); an extension may be another than the file's.
 *
 * @throws UserError when a line means no sample, or more than one
 */
export function resolveNames(dataset: Dataset, listed: readonly ListedName[]): string[] {
  const index = indexOf(dataset);
  const unknown: string[] = [];
  const found = new Set<string>();
  for (const { text, exact } of listed) {
    const meant = new Set(exact ? index.names.get(text) : [...lookUp(index, text)]);
    const [first, second] = meant;
    if (first === undefined) unknown.push(text);
    else if (second !== undefined) throw ambiguous(dataset, text, [...meant]);
    else found.add(dataset.names[first] as string);
  }
  if (unknown.length > 0) {
    throw new UserError(
      'split-unknown',
      `the split names ${unknown.length === 1 ? 'an image' : `${unknown.length} images`} that ${dataset.folder} does not have: ${someOf(unknown)}`,
      'one name a line, as in images/, with or without extension',
    );
  }
  return [...found];
}

/** Positions of samples by what a line may call them. */
interface NameIndex {
  readonly names: ReadonlyMap<string, readonly number[]>;
  /** By path, whole or in part: `images/p1/c1.png`, `p1/c1.png`, `c1.png`. */
  readonly files: ReadonlyMap<string, readonly number[]>;
  /** By the same without extension. */
  readonly stems: ReadonlyMap<string, readonly number[]>;
}

function indexOf({ names, ids }: Dataset): NameIndex {
  const add = (map: Map<string, number[]>, key: string, position: number): void => {
    const known = map.get(key);
    if (known) known.push(position);
    else map.set(key, [position]);
  };
  const index = {
    names: new Map<string, number[]>(),
    files: new Map<string, number[]>(),
    stems: new Map<string, number[]>(),
  };
  for (const [position, name] of names.entries()) {
    add(index.names, name, position);
    for (let path = ids[position] as string; ; path = path.slice(path.indexOf('/') + 1)) {
      add(index.files, path, position);
      add(index.stems, posix.join(posix.dirname(path), stemOf(posix.basename(path))), position);
      if (!path.includes('/')) break;
    }
  }
  return index;
}

function lookUp({ names, files, stems }: NameIndex, text: string): readonly number[] {
  const exactly = [...(names.get(text) ?? []), ...(files.get(text) ?? [])];
  if (exactly.length > 0) return exactly;
  const stem = posix.join(posix.dirname(text), stemOf(posix.basename(text)));
  return [...(names.get(stem) ?? []), ...(stems.get(stem) ?? [])];
}

function ambiguous({ folder, ids, names }: Dataset, text: string, meant: readonly number[]): UserError {
  const files = meant.map((position) => ids[position] as string);
  return new UserError(
    'split-ambiguous',
    `the split names ${text}, which in ${folder} may be ${files.slice(0, 3).join(' or ')}`,
    `write its path (${files[0]}), or its name in quotes (${JSON.stringify(names[meant[0] as number])})`,
  );
}
