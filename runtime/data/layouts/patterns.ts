import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { someOf, UserError } from '../../../compiler/user-error.js';
import { listEntries, requireFolder } from './listing.js';
import { type DataFiles, named } from './sample.js';

/** Where images lie, and where the mask of each: `img/*.png` and `gt/{}_seg.png`. */
export interface Patterns {
  /** A path with `*` (any text within a name), `?` (one character) and `**` (any folders). */
  readonly images: string;
  /** A path with a `{}` for each `*` of the images' pattern, in order; or with one, for the last. */
  readonly masks: string;
}

/**
 * Finds images by a pattern and their masks by another.
 *
 * @throws UserError when nothing matches, a mask is not there, or the patterns do not belong together
 */
export async function listPatterns({ images, masks }: Patterns): Promise<DataFiles> {
  const stars = images.match(/\*+/g)?.length ?? 0;
  const holes = masks.match(/\{\}/g)?.length ?? 0;
  if (/(^|[\\/])\*\*$/.test(images)) {
    throw new UserError('pattern', `the pattern ${images} ends with folders, not with files`, `as in ${images}/*.png`);
  }
  if (stars === 0) throw new UserError('pattern', `the pattern ${images} has no *`, 'as in img/*.png');
  if (holes === 0 || (holes !== 1 && holes !== stars)) {
    const hint = 'put {} where the text that * stands for belongs, as in gt/{}_seg.png';
    throw new UserError('pattern', `the pattern ${masks} has ${holes} {}, but ${images} has ${stars} *`, hint);
  }
  const found = await match(images);
  if (found.length === 0) throw new UserError('images-empty', `no file matches ${images}`, 'check the pattern');
  const missing: string[] = [];
  const samples = await Promise.all(
    found.map(async ({ path, texts }) => {
      let hole = holes === 1 ? stars - 1 : 0;
      const mask = masks.replace(/\{\}/g, () => texts[hole++] ?? '');
      try {
        await access(mask);
      } catch {
        missing.push(`${mask} of ${path}`);
      }
      return { id: path.replaceAll('\\', '/').normalize('NFC'), images: [path], masks: [mask] };
    }),
  );
  if (missing.length > 0) {
    throw new UserError(
      'mask-missing',
      `${missing.length === 1 ? '1 mask is' : `${missing.length} of ${found.length} masks are`} not there: ${someOf(missing.sort())}`,
      `check the pattern ${masks}`,
    );
  }
  return { layout: `${images} with ${masks}`, samples: named(samples), classFolders: [], unusedMasks: [] };
}

interface Matched {
  readonly path: string;
  /** What each star stands for. */
  readonly texts: readonly string[];
}

async function match(pattern: string): Promise<Matched[]> {
  const parts = pattern.split(/[\\/]/);
  const start = parts[0] === '' ? '/' : '';
  if (start) parts.shift();
  const fixed = parts.findIndex((part) => /[*?]/.test(part));
  const root = join(start, ...parts.slice(0, fixed));
  await requireFolder(root, 'images-missing', `check the pattern ${pattern}`);
  const found: Matched[] = [];
  await walk(root, parts.slice(fixed), []);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));

  async function walk(folder: string, rest: readonly string[], texts: readonly string[]): Promise<void> {
    const [part, ...more] = rest as [string, ...string[]];
    const entries = await listEntries(folder);
    if (part === '**') {
      await walk(folder, more, [...texts, '']);
      for (const { name, isFolder } of entries) if (isFolder) await deeper(folder, name, more, texts, name);
      return;
    }
    const test = regexOf(part);
    for (const { name, isFolder } of entries) {
      const hit = test.exec(name);
      if (!hit || isFolder === (more.length === 0)) continue;
      const all = [...texts, ...hit.slice(1)];
      if (more.length === 0) found.push({ path: join(folder, name), texts: all });
      else await walk(join(folder, name), more, all);
    }
  }

  /** `**` that stands for one folder or more. */
  async function deeper(
    folder: string,
    name: string,
    more: readonly string[],
    texts: readonly string[],
    below: string,
  ): Promise<void> {
    const place = join(folder, name);
    await walk(place, more, [...texts, below]);
    for (const entry of await listEntries(place)) {
      if (entry.isFolder) await deeper(place, entry.name, more, texts, `${below}/${entry.name}`);
    }
  }
}

const regexOf = (part: string): RegExp =>
  new RegExp(
    `^${part
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, '(.*)')
      .replace(/\?/g, '.')}$`,
    's',
  );
