import { readFile } from 'node:fs/promises';
import { UserError } from '../../../compiler/user-error.js';
import { writeAtomic } from './atomic.js';
import { open } from './disk.js';
import { failedWith, fileFailure } from './failure.js';

/** A record of a run's history, one JSON object a line. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Appends one line and syncs it to the disk before answering. */
export async function appendRecord(file: string, record: JsonRecord): Promise<void> {
  try {
    const output = await open(file, 'a');
    try {
      await output.write(`${JSON.stringify(record)}\n`);
      await output.sync();
    } finally {
      await output.close();
    }
  } catch (error) {
    throw fileFailure('write', file, error);
  }
}

/**
 * The records of a file, in order; none if there is no such file. A last line without its line break was cut off by a
 * kill and is left out; any other line that is not a JSON object is an error.
 */
export async function readRecords(file: string): Promise<JsonRecord[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return [];
    throw fileFailure('read', file, error);
  }
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line, index) => (line.trim() === '' ? [] : [parse(file, index + 1, line)]));
}

/**
 * Keeps the records `keep` accepts and drops the rest, a cut-off last line too. A run that resumes from the checkpoint
 * of epoch e keeps epochs up to e: the later ones are about to be trained, and written, again.
 */
export async function keepRecords(file: string, keep: (record: JsonRecord) => boolean): Promise<JsonRecord[]> {
  const kept = (await readRecords(file)).filter(keep);
  await writeAtomic(file, kept.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return kept;
}

/** `keepRecords` for lines that say their `epoch`. */
export const keepEpochs = (file: string, last: number): Promise<JsonRecord[]> =>
  keepRecords(file, (record) => typeof record.epoch === 'number' && record.epoch <= last);

function parse(file: string, line: number, text: string): JsonRecord {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonRecord;
  } catch {
    // Reported below.
  }
  throw new UserError(
    'records-corrupt',
    `${file}, line ${line}, is not a JSON object`,
    'remove the line, or start a new run in another folder',
  );
}
