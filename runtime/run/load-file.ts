import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { GoodSpec } from '../../compiler/6-build/metadata.js';
import { requireNetwork } from '../../compiler/6-build/require-network.js';
import { load } from '../../compiler/index.js';
import { UserError } from '../../compiler/user-error.js';
import { failedWith, fileFailure } from '../support/files/failure.js';
import { importsOf, largestSpec } from '../support/files/imported.js';

export interface LoadFileOptions {
  /** Values for `param`s, as text: `{ width: '[16, 32]' }`. */
  readonly set?: Readonly<Record<string, string>>;
  /** Folders beside the spec's own that it may import files from. */
  readonly importRoots?: readonly string[];
}

/**
 * Reads and compiles a spec, with the files it imports from its own folder.
 * @throws RefusedError with the diagnostics if the spec has a mistake; UserError if the file can't be read
 */
export async function loadFile(file: string, { set = {}, importRoots }: LoadFileOptions = {}): Promise<GoodSpec> {
  const text = await readSpec(file);
  return requireNetwork(load(text, { set, file, resolve: importsOf(file, { roots: importRoots }) }));
}

/** The text of a spec. @throws UserError if the file can't be read, or can't be a spec */
export async function readSpec(file: string): Promise<string> {
  try {
    const info = await stat(file);
    if (info.isDirectory())
      throw new UserError('not-a-spec', `${file} is a folder, not a .unet file`, 'name the file itself');
    const text = (await readWhole(file))?.toString('utf8');
    if (text === undefined) {
      throw new UserError('not-a-spec', `${file} is larger than ${largestSpec} bytes`, 'name a .unet file');
    }
    if (text.includes('\0')) throw new UserError('not-a-spec', `${file} is not a text file`, 'name a .unet file');
    return text;
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (failedWith(error, 'ENOENT')) {
      throw new UserError('no-file', `there is no file ${file}`, "'unetc init' writes a spec to start from");
    }
    throw fileFailure('read', file, error);
  }
}

/** Null beyond a spec's size. A device or a pipe is read too, since the user named it, but no further than that. */
async function readWhole(file: string): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  for await (const part of createReadStream(file, { end: largestSpec })) parts.push(part);
  const bytes = Buffer.concat(parts);
  return bytes.length > largestSpec ? null : bytes;
}
