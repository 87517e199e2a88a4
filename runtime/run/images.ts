import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { someOf, UserError } from '../../compiler/user-error.js';
import { mapEach } from '../data/index.js';
import { writeAtomic } from '../support/files/atomic.js';
import { failedWith, fileFailure } from '../support/files/failure.js';

/** The images of a run by content, so that they are known again under any name: `contentHash` by name. */
export interface RunImages {
  readonly trained: Readonly<Record<string, string>>;
  readonly heldOut: Readonly<Record<string, string>>;
}

/** In the run's folder. Runs of older versions have none. */
export const imagesFile = 'images.json';

/** The first 128 bits of a file's SHA-256, in hex. */
export async function contentHash(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  } catch (error) {
    throw fileFailure('read', file, error);
  }
  return hash.digest('hex').slice(0, 32);
}

/** `contentHash` of each file, in order. */
export const contentHashes = (files: readonly string[]): Promise<string[]> => mapEach(files, contentHash, 8);

interface Named {
  readonly names: readonly string[];
  readonly imageFiles: readonly string[];
}

/**
 * Says in a run's folder which images it is trained on, and which it holds out.
 * @throws UserError if the folder says so already, and the images have changed since
 */
export async function recordImages(folder: string, trained: Named, heldOut: Named): Promise<void> {
  const byName = async ({ names, imageFiles }: Named): Promise<Record<string, string>> => {
    const hashes = await contentHashes(imageFiles);
    return Object.fromEntries(names.map((name, k) => [name, hashes[k] as string]));
  };
  const images: RunImages = { trained: await byName(trained), heldOut: await byName(heldOut) };
  const before = await readRunImages(folder);
  if (before) return checkUnchanged(folder, before, images);
  await writeAtomic(join(folder, imagesFile), `${JSON.stringify(images, null, 2)}\n`);
}

function checkUnchanged(folder: string, before: RunImages, now: RunImages): void {
  const changed = (['trained', 'heldOut'] as const).flatMap((part) =>
    Object.entries(now[part])
      .filter(([name, hash]) => before[part][name] !== hash)
      .map(([name]) => name),
  );
  if (changed.length === 0) return;
  throw new UserError(
    'run-differs',
    `${folder} was trained on other images under the same names: ${someOf(changed)}`,
    'resume with the images it was started with, or start a new run in another folder',
  );
}

/** What `recordImages` wrote; null for a run of an older version. @throws UserError if it is damaged */
export async function readRunImages(folder: string): Promise<RunImages | null> {
  const file = join(folder, imagesFile);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return null;
    throw fileFailure('read', file, error);
  }
  try {
    const images: unknown = JSON.parse(text);
    if (isHashes(images, 'trained') && isHashes(images, 'heldOut')) return images as unknown as RunImages;
  } catch {
    // Not JSON: damaged as well.
  }
  throw new UserError(
    'run-corrupt',
    `${file} is damaged`,
    'delete it: images are then told by their folder and their names',
  );
}

function isHashes(value: unknown, key: string): boolean {
  const hashes = (value as Record<string, unknown> | null)?.[key];
  return typeof hashes === 'object' && hashes !== null && Object.values(hashes).every((h) => typeof h === 'string');
}
