import { readFile, stat } from 'node:fs/promises';
import { UserError } from '../../compiler/user-error.js';
import { checkModel } from '../models/check.js';
import { checkSeal } from '../models/seal.js';
import { fileFailure } from '../support/files/failure.js';
import { batchOfMetadata, selectionOfMetadata, taskOfMetadata } from './metadata.js';
import type { Task } from './task.js';

/** A built `.onnx` file, read and checked. */
export interface ModelFile {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly metadata: ReadonlyMap<string, string>;
  readonly task: Task;
  readonly selection: { readonly level: number; readonly mode: string };
  /** Images that it takes at once; 1 also where it takes any number. */
  readonly batch: number;
  /** Whether whoever runs it vouches for it (`CheckOptions.trust`). */
  readonly trust: boolean;
}

/** What protobuf can describe. */
const largest = 2 ** 31 - 1;

/**
 * Reads a model file of anyone: whole as its checksum says, if it has one, an ONNX model that no engine is harmed by, and with the
 * metadata that `build` writes.
 * @throws UserError that names the file
 */
export async function readModelFile(
  file: string,
  { trust = false }: { readonly trust?: boolean } = {},
): Promise<ModelFile> {
  const bytes = await readRegular(file);
  const { metadata } = checkModel(bytes, { name: file, trust });
  checkSeal(bytes, metadata, file);
  return {
    file,
    bytes,
    metadata,
    task: taskOfMetadata(file, metadata),
    selection: selectionOfMetadata(file, metadata),
    batch: batchOfMetadata(file, metadata),
    trust,
  };
}

async function readRegular(file: string): Promise<Uint8Array> {
  try {
    // A pipe or a device may have no end.
    const found = await stat(file);
    if (!found.isFile() || found.size > largest) {
      const why = found.isFile()
        ? `it takes ${found.size} bytes, an ONNX file at most ${largest}`
        : 'it is no regular file';
      throw new UserError('file-read', `can't read ${file}: ${why}`, 'name an .onnx file that unetc build wrote');
    }
    return await readFile(file);
  } catch (error) {
    throw fileFailure('read', file, error);
  }
}
