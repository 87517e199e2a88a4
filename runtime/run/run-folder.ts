import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { specHash } from '../../compiler/6-build/spec-hash.js';
import { fromFiles, type ImportedFile, load } from '../../compiler/index.js';
import type { Network } from '../../compiler/ir/graph.js';
import { type Recipe, recipeFromRecord } from '../../compiler/recipe.js';
import { UserError } from '../../compiler/user-error.js';
import type { Weights } from '../engines/engine.js';
import { writeAtomic } from '../support/files/atomic.js';
import { failedWith, fileFailure } from '../support/files/failure.js';
import { acquireLock, type Lock } from '../support/files/lock.js';
import { checked, Mismatch, parseJson } from '../support/schema.js';
import { loadCheckpoint, weightsOf } from './checkpoint.js';
import { importsSchema, recordFormat, recordSchema } from './record-schema.js';
import { type Task, taskFor } from './task.js';

/** What lies in a run's folder. */
export const runFiles = {
  /** The spec as it was trained, so that the folder needs nothing else. */
  spec: 'spec.unet',
  /** The files that the spec imports, where it imports any: a list of `ImportedFile`. */
  imports: 'imports.json',
  /** A `RunRecord`; its presence makes a folder a run. */
  record: 'run.json',
  /** Names of the images held out, as `formatNames` writes them. */
  split: 'split.txt',
  /** An `EpochLine` an epoch. */
  metrics: 'metrics.jsonl',
  /** Everything needed to go on. */
  last: 'last.safetensors',
  /** The weights of the best epoch. */
  best: 'best.safetensors',
  report: 'report.html',
  /** Who trains in the folder now; there only meanwhile. */
  lock: 'run.lock',
} as const;

/** What a run was started with: enough to know that a resumed one is the same. */
export interface RunRecord {
  /** Of the record itself: `recordFormat`. */
  readonly format: number;
  /** Version of this program. */
  readonly unetc: string;
  readonly network: string;
  /** `specHash` of the spec. */
  readonly spec: string;
  /** `--set` values. */
  readonly set: Readonly<Record<string, string>>;
  /** The effective value of each `param`. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly recipe: Recipe;
  readonly seed: number;
  /** Trained in last; a run may change its engine. */
  readonly engine: { readonly name: string; readonly device: string; readonly precision: 'fp32' | 'bf16' };
  readonly data: {
    readonly folder: string;
    readonly images: number;
    /** SHA-256 of the names, in order. */
    readonly names: string;
  };
  readonly heldOut: readonly string[];
  readonly task: Task;
  /** What chose the best epoch, where it is not the IoU of held-out images. */
  readonly best?: string;
}

/** A run that was opened again: its record, its network, and where it lies. */
export interface Run {
  readonly folder: string;
  readonly record: RunRecord;
  readonly specText: string;
  readonly imports: readonly ImportedFile[];
  readonly network: Network;
}

/**
 * Takes the lock of a run's folder: one process trains in it at a time. Reading needs none, since files change whole.
 * @throws LockHeld if another process trains in it
 */
export const lockRun = (folder: string): Promise<Lock> =>
  acquireLock(join(folder, runFiles.lock), {
    work: 'training',
    subject: folder,
    otherwise: 'train into another folder',
  });

export { specHash };

export const namesHash = (names: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(names)).digest('hex');

/** Whether the folder holds a run. */
export const holdsRun = (folder: string): Promise<boolean> => exists(join(folder, runFiles.record));

/**
 * Writes what a run consists of before its first step. The record comes last: a folder with one is a whole run.
 * @throws UserError if the folder holds another's files under the same names
 */
export async function createRun(
  folder: string,
  record: RunRecord,
  specText: string,
  imports: readonly ImportedFile[] = [],
): Promise<void> {
  const spec = join(folder, runFiles.spec);
  for (const name of [runFiles.metrics, runFiles.last, runFiles.best]) {
    if (await exists(join(folder, name))) throw inTheWay(folder, name);
  }
  if ((await exists(spec)) && (await readText(spec)) !== specText) throw inTheWay(folder, runFiles.spec);
  await writeAtomic(spec, specText);
  // A list of another spec's would be taken for this one's.
  if (imports.length === 0 && (await exists(join(folder, runFiles.imports)))) throw inTheWay(folder, runFiles.imports);
  if (imports.length > 0) await writeAtomic(join(folder, runFiles.imports), `${JSON.stringify(imports, null, 2)}\n`);
  // What knows the formats of images is loaded only where a run begins.
  const { formatNames } = await import('../data/names.js');
  await writeAtomic(join(folder, runFiles.split), formatNames(record.heldOut));
  await writeRecord(folder, record);
}

export const writeRecord = (folder: string, record: RunRecord): Promise<void> =>
  writeAtomic(join(folder, runFiles.record), `${JSON.stringify({ ...record, sha256: recordHash(record) }, null, 2)}\n`);

/** SHA-256 of a record as compact JSON, in the order of its fields: layout does not count. */
const recordHash = (record: object): string => createHash('sha256').update(JSON.stringify(record)).digest('hex');

/**
 * Reads a run's record. Nothing in it is believed: it may have been written by an older version, or by anybody.
 * @throws UserError if the folder holds no run, or if a field is wrong, which is named
 */
export async function readRecord(folder: string): Promise<RunRecord> {
  const file = join(folder, runFiles.record);
  if (!(await exists(file))) {
    throw new UserError(
      'run-missing',
      `${folder} holds no run (there is no ${runFiles.record} in it)`,
      "name the folder given to 'unetc train --out'",
    );
  }
  const text = await readText(file);
  return usable(file, () => {
    const value = parseJson(text);
    refuseNewer(file, value);
    const { sha256, ...record } = checked(recordSchema, value);
    // Older versions wrote none.
    if (sha256 !== undefined && sha256 !== recordHash(record)) {
      throw new Mismatch('it was changed after it was written: its fields are not those of its sha256');
    }
    // An optimizer's settings are checked as far as its own rule reads them.
    const whole = { format: recordFormat, unetc: 'of an unknown version', network: 'network', params: {}, ...record };
    const known = whole as typeof whole & RunRecord;
    return { ...known, recipe: recipeFromRecord(known.recipe) };
  });
}

/** @throws UserError for a record of a version to come, whatever else it holds */
function refuseNewer(file: string, value: unknown): void {
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  if (typeof format !== 'number' || !Number.isSafeInteger(format) || format <= recordFormat) return;
  throw new UserError(
    'run-newer',
    `${file} was written by a newer unetc (format ${format}; this one knows up to ${recordFormat})`,
    'install that version of unetc',
  );
}

/** What `read` returns; a mismatch it finds is the file's. */
function usable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    throw new UserError(
      'run-corrupt',
      `${file} is damaged: ${error.message}`,
      'put back an intact copy of it, or start a new run in another folder',
      { cause: error },
    );
  }
}

/**
 * Opens a trained run.
 * @throws UserError if there is none, or its spec no longer compiles
 */
export async function openRun(folder: string): Promise<Run> {
  const record = await readRecord(folder);
  const file = join(folder, runFiles.spec);
  const { specText, imports } = await readSpec(folder, record);
  const { network, diagnostics } = load(specText, { set: record.set, resolve: fromFiles(imports) });
  if (network) {
    const task = usable(join(folder, runFiles.record), () => taskFor(network, record.task));
    return { folder, record: { ...record, task }, specText, imports, network };
  }
  const first = diagnostics.find((d) => d.severity === 'error');
  const within = first?.span.file === undefined ? '' : ` ${first.span.file}`;
  const place = first ? `,${within} line ${first.span.start.line}: ${first.message}` : '';
  throw new UserError(
    'run-spec',
    `${file}${place}`,
    `this version of the compiler does not take it; it was trained with unetc ${record.unetc}`,
  );
}

/**
 * The spec a run was trained with, and what it imports.
 * @throws UserError if either is no longer what the record has: the weights would be taken for another network's
 */
export async function readSpec(
  folder: string,
  record: RunRecord,
): Promise<{ readonly specText: string; readonly imports: readonly ImportedFile[] }> {
  const specText = await readText(join(folder, runFiles.spec));
  const imports = await readImports(folder);
  if (specHash(specText, imports) === record.spec) return { specText, imports };
  const changed =
    imports.length === 0
      ? join(folder, runFiles.spec)
      : `${join(folder, runFiles.spec)} or ${runFiles.imports} beside it`;
  throw new UserError(
    'run-changed',
    `${changed} was changed after the training: it is not what ${runFiles.record} has the SHA-256 of`,
    'put back the text that was trained, or train the changed spec into another folder',
  );
}

/** The files that a run's spec imports; none where there is no list of them. */
async function readImports(folder: string): Promise<readonly ImportedFile[]> {
  const file = join(folder, runFiles.imports);
  if (!(await exists(file))) return [];
  const text = await readText(file);
  return usable(file, () => checked(importsSchema, parseJson(text)));
}

/** The weights of a run's best epoch, or of its last. */
export async function runWeights(folder: string, which: 'best' | 'last' = 'best'): Promise<Weights> {
  const file = join(folder, runFiles[which]);
  if (!(await exists(file))) {
    throw new UserError(
      'run-untrained',
      `${folder} has no ${runFiles[which]} yet`,
      'let training finish an epoch first',
    );
  }
  return weightsOf(await loadCheckpoint(file));
}

/** How two records differ in what makes a run's numbers; empty if one continues the other. */
export function differences(before: RunRecord, now: RunRecord): string[] {
  const found: string[] = [];
  if (before.spec !== now.spec) found.push('the spec');
  const compare = (what: string, a: object, b: object, leave: readonly string[] = []): void => {
    const left = new Map(Object.entries(a));
    const right = new Map(Object.entries(b));
    for (const key of new Set([...left.keys(), ...right.keys()])) {
      if (leave.includes(key) || inOrder(left.get(key)) === inOrder(right.get(key))) continue;
      found.push(
        `${what}${key} (${JSON.stringify(left.get(key)) ?? 'not set'}, now ${JSON.stringify(right.get(key)) ?? 'not set'})`,
      );
    }
  };
  compare('--set ', before.set, now.set);
  compare('', before.recipe, now.recipe, ['epochs', 'optimizer']);
  const [was, is] = [before.recipe.optimizer, now.recipe.optimizer];
  // What only one of them has is another optimizer's setting, which older versions wrote as well.
  const shared = (a: object, b: object): object => Object.fromEntries(Object.entries(a).filter(([key]) => key in b));
  compare('optimizer ', shared(was, is), shared(is, was));
  if (before.best !== now.best) {
    found.push(`what chooses the best epoch (${before.best ?? 'iou'}, now ${now.best ?? 'iou'})`);
  }
  if (before.data.names !== now.data.names) found.push(`the images (${before.data.images}, now ${now.data.images})`);
  const [masks, masksNow] = [before.task.masks, now.task.masks];
  // Runs of earlier versions do not say.
  if (masks && masksNow) compare('how masks are read: ', masks, masksNow);
  if (JSON.stringify(before.heldOut) !== JSON.stringify(now.heldOut)) found.push('the images held out');
  return found;
}

/** JSON in which the order of keys does not count. */
const inOrder = (value: unknown): string | undefined =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

const inTheWay = (folder: string, name: string): UserError =>
  new UserError('run-in-the-way', `${folder} has a file ${name} already, but it is no run`, 'choose another folder');

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (failedWith(error, 'ENOENT') || failedWith(error, 'ENOTDIR')) return false;
    throw fileFailure('read', file, error);
  }
}

/** More than a spec, a record of a million images held out, or all files that a spec may import. */
const largestText = 2 ** 27;

/** @throws UserError also for what is no file, such as a pipe, which may never end, and for one that is too large */
async function readText(file: string): Promise<string> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new UserError('run-corrupt', `${file} is no file`, 'start a new run in another folder');
    if (found.size > largestText) {
      throw new UserError(
        'run-corrupt',
        `${file} is damaged: it has ${found.size} bytes`,
        'put back an intact copy of it',
      );
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    throw fileFailure('read', file, error);
  }
}
