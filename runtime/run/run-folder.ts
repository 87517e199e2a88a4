import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fromFiles, type ImportedFile, load } from '../../compiler/index.js';
import type { Network } from '../../compiler/ir/graph.js';
import type { Recipe } from '../../compiler/recipe.js';
import type { Weights } from '../engines/engine.js';
import { writeAtomic } from '../support/files/atomic.js';
import { failedWith, fileFailure } from '../support/files/failure.js';
import { UserError } from '../support/user-error.js';
import { loadCheckpoint, weightsOf } from './checkpoint.js';
import type { Task } from './task.js';

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
} as const;

/** What a run was started with: enough to know that a resumed one is the same. */
export interface RunRecord {
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
}

/** A run that was opened again: its record, its network, and where it lies. */
export interface Run {
  readonly folder: string;
  readonly record: RunRecord;
  readonly specText: string;
  readonly imports: readonly ImportedFile[];
  readonly network: Network;
}

/** SHA-256 of a spec's text and of all it imports (`load().imports`), in hex; line ends do not count. */
export function specHash(text: string, imports: readonly ImportedFile[] = []): string {
  const lines = (s: string): string => s.replaceAll('\r\n', '\n');
  const hash = createHash('sha256').update(lines(text));
  for (const file of imports) hash.update(`\0${file.path}\0${lines(file.text)}`);
  return hash.digest('hex');
}

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
  if (imports.length > 0) await writeAtomic(join(folder, runFiles.imports), `${JSON.stringify(imports, null, 2)}\n`);
  // What knows the formats of images is loaded only where a run begins.
  const { formatNames } = await import('../data/names.js');
  await writeAtomic(join(folder, runFiles.split), formatNames(record.heldOut));
  await writeRecord(folder, record);
}

export const writeRecord = (folder: string, record: RunRecord): Promise<void> =>
  writeAtomic(join(folder, runFiles.record), `${JSON.stringify(record, null, 2)}\n`);

/** @throws UserError if the folder holds no run, or a damaged one */
export async function readRecord(folder: string): Promise<RunRecord> {
  const file = join(folder, runFiles.record);
  if (!(await exists(file))) {
    throw new UserError(
      'run-missing',
      `${folder} holds no run (there is no ${runFiles.record} in it)`,
      "name the folder given to 'unetc train --out'",
    );
  }
  try {
    const record: unknown = JSON.parse(await readText(file));
    if (isRecord(record)) return record;
  } catch (error) {
    if (error instanceof UserError) throw error;
  }
  throw new UserError('run-corrupt', `${file} is damaged`, 'start a new run in another folder');
}

/**
 * Opens a trained run.
 * @throws UserError if there is none, or its spec no longer compiles
 */
export async function openRun(folder: string): Promise<Run> {
  const record = await readRecord(folder);
  const file = join(folder, runFiles.spec);
  const specText = await readText(file);
  const imports = await readImports(folder);
  const { network, diagnostics } = load(specText, { set: record.set, resolve: fromFiles(imports) });
  if (network) return { folder, record, specText, imports, network };
  const first = diagnostics.find((d) => d.severity === 'error');
  const within = first?.span.file === undefined ? '' : ` ${first.span.file}`;
  const place = first ? `,${within} line ${first.span.start.line}: ${first.message}` : '';
  throw new UserError(
    'run-spec',
    `${file}${place}`,
    `this version of the compiler does not take it; it was trained with unetc ${record.unetc}`,
  );
}

/** The files that a run's spec imports; none where there is no list of them. */
async function readImports(folder: string): Promise<ImportedFile[]> {
  const file = join(folder, runFiles.imports);
  if (!(await exists(file))) return [];
  const text = await readText(file);
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every((f) => typeof f?.path === 'string' && typeof f?.text === 'string'))
      return list;
  } catch {
    // Not JSON: damaged as well.
  }
  throw new UserError('run-corrupt', `${file} is damaged`, 'start a new run in another folder');
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
      if (leave.includes(key) || JSON.stringify(left.get(key)) === JSON.stringify(right.get(key))) continue;
      found.push(
        `${what}${key} (${JSON.stringify(left.get(key)) ?? 'not set'}, now ${JSON.stringify(right.get(key)) ?? 'not set'})`,
      );
    }
  };
  compare('--set ', before.set, now.set);
  compare('', before.recipe, now.recipe, ['epochs']);
  if (before.data.names !== now.data.names) found.push(`the images (${before.data.images}, now ${now.data.images})`);
  const [masks, masksNow] = [before.task.masks, now.task.masks];
  // Runs of earlier versions do not say.
  if (masks && masksNow) compare('how masks are read: ', masks, masksNow);
  if (JSON.stringify(before.heldOut) !== JSON.stringify(now.heldOut)) found.push('the images held out');
  return found;
}

function isRecord(value: unknown): value is RunRecord {
  const has = (v: unknown, ...keys: readonly string[]): boolean =>
    typeof v === 'object' && v !== null && keys.every((key) => key in v);
  return (
    has(value, 'spec', 'set', 'recipe', 'data', 'heldOut', 'task') &&
    has((value as RunRecord).task, 'channels', 'classes', 'normalize', 'axes') &&
    Array.isArray((value as RunRecord).heldOut)
  );
}

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

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw fileFailure('read', file, error);
  }
}
