import { readFile } from 'node:fs/promises';
import type { Arena, TrainingPlan } from '../../compiler/3-transform/training-plan.js';
import { UserError } from '../../compiler/user-error.js';
import type { Tensor, TrainingState, Weights } from '../engines/engine.js';
import { writeAtomic } from '../support/files/atomic.js';
import { fileFailure } from '../support/files/failure.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';

/** The parts of a training plan that say where each path lies in the arenas. */
export type Layout = Pick<TrainingPlan, 'parameters' | 'statistics' | 'slots'>;

/** What a checkpoint says of the run it belongs to. */
export interface CheckpointMeta {
  /** Hash of the spec's text. */
  readonly spec: string;
  /** The compile options, as JSON: `--set` values, level, mode. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Epochs finished. */
  readonly epoch: number;
  /** Steps finished. */
  readonly step: number;
  readonly seed: number;
  /** Anything else worth keeping, such as the best score so far. */
  readonly notes?: Readonly<Record<string, string>>;
}

/** A checkpoint, or a plain weights file (any safetensors: then `meta` is absent). */
export interface Checkpoint {
  /** Where it was read, for messages. */
  readonly file: string;
  readonly meta?: CheckpointMeta;
  /** Weights and statistics by path; optimizer slots as `optimizer.m/<path>`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

const format = 'unetc-checkpoint-1';
const optimizerPrefix = 'optimizer.';
const slotName = (slot: string, path: string): string => `${optimizerPrefix}${slot}/${path}`;

/**
 * Writes everything a run needs to go on exactly where it was: atomically, so that a kill leaves the last one whole.
 * Arenas are written from where they lie, without a copy: don't change them before this is done.
 *
 * @throws UserError when the file can't be written, or a weight is not finite
 */
export async function saveCheckpoint(
  file: string,
  content: { readonly layout: Layout; readonly state: TrainingState; readonly meta: CheckpointMeta },
): Promise<void> {
  const { layout, state, meta } = content;
  const tensors = new Map(weightsOfState(layout, state));
  for (const slot of layout.slots) {
    for (const [path, tensor] of views(layout.parameters, slotArena(state, slot))) {
      tensors.set(slotName(slot, path), tensor);
    }
  }
  assertFinite(tensors, file);
  await writeAtomic(file, encodeSafetensors({ tensors, metadata: encodeMeta(meta) }));
}

/** Writes weights alone, for inference. @throws UserError as `saveCheckpoint` */
export async function saveWeights(
  file: string,
  weights: Weights,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  assertFinite(weights, file);
  await writeAtomic(file, encodeSafetensors({ tensors: weights, metadata }));
}

/**
 * Reads a checkpoint or a weights file.
 *
 * @throws UserError when the file can't be read, is damaged, or holds a number that is not finite
 */
export async function loadCheckpoint(file: string): Promise<Checkpoint> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw fileFailure('read', file, error);
  }
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  assertFinite(tensors, file);
  const meta = metadata.format === format ? decodeMeta(metadata, file) : undefined;
  return { file, tensors, ...(meta === undefined ? {} : { meta }) };
}

/** The weights and statistics of a checkpoint, without the optimizer's. */
export const weightsOf = (checkpoint: Checkpoint): Weights =>
  new Map([...checkpoint.tensors].filter(([path]) => !path.startsWith(optimizerPrefix)));

/** The weights and statistics of a state by path, as views of its arenas. */
export const weightsOfState = (layout: Pick<Layout, 'parameters' | 'statistics'>, state: TrainingState): Weights =>
  new Map([...views(layout.parameters, state.parameters), ...views(layout.statistics, state.statistics)]);

/**
 * The whole state of a checkpoint in a plan's arenas, to go on training.
 *
 * @throws UserError when the checkpoint lacks a path, or holds it in another shape: it is of another spec
 */
export function stateOf(checkpoint: Checkpoint, layout: Layout): TrainingState {
  const weights = stateOfWeights(checkpoint, layout);
  const slots = layout.slots.map((slot) => [
    slot,
    gather(
      checkpoint,
      layout.parameters,
      (path) => slotName(slot, path),
      'resume with the optimizer it was saved with',
    ),
  ]);
  return { ...weights, slots: Object.fromEntries(slots) };
}

/**
 * Only the weights and statistics of a checkpoint in a plan's arenas, for a fresh optimizer (its slots are zeros).
 *
 * @throws UserError as `stateOf`
 */
export function stateOfWeights(checkpoint: Checkpoint, layout: Layout): TrainingState {
  const hint = 'use the spec, and the --set values, it was trained with';
  const same = (path: string): string => path;
  return {
    parameters: gather(checkpoint, layout.parameters, same, hint),
    statistics: gather(checkpoint, layout.statistics, same, hint),
    slots: Object.fromEntries(layout.slots.map((slot) => [slot, new Float32Array(layout.parameters.length)])),
  };
}

/**
 * Looks for the first number that is NaN or infinite.
 *
 * @throws UserError naming its path
 */
export function assertFinite(tensors: Weights, file: string): void {
  for (const [path, { data }] of tensors) {
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      if (Number.isFinite(value)) continue;
      throw new UserError(
        'weights-not-finite',
        `${file}: ${path} holds ${value} (element ${i} of ${data.length})`,
        'training has diverged: lower lr, or set clip, and go on from an earlier checkpoint',
      );
    }
  }
}

function* views(arena: Arena, data: Float32Array): Generator<[string, Tensor], void, undefined> {
  for (const { path, offset, length, shape } of arena.slots) {
    yield [path, { data: data.subarray(offset, offset + length), shape }];
  }
}

function slotArena(state: TrainingState, slot: string): Float32Array {
  const arena = state.slots[slot];
  if (arena === undefined) throw new Error(`the state has no optimizer slot ${slot}`);
  return arena;
}

function gather(checkpoint: Checkpoint, arena: Arena, nameOf: (path: string) => string, hint: string): Float32Array {
  const out = new Float32Array(arena.length);
  for (const { path, offset, shape } of arena.slots) {
    const name = nameOf(path);
    const found = checkpoint.tensors.get(name);
    const wanted = `[${shape.join(', ')}]`;
    if (found === undefined) {
      throw new UserError(
        'weights-missing',
        `${checkpoint.file} has no ${name} ${wanted}, which this network needs`,
        hint,
      );
    }
    if (found.shape.length !== shape.length || found.shape.some((size, i) => size !== shape[i])) {
      throw new UserError(
        'weights-shape',
        `${checkpoint.file}: ${name} is [${found.shape.join(', ')}], but this network needs ${wanted}`,
        hint,
      );
    }
    out.set(found.data, offset);
  }
  return out;
}

const notePrefix = 'note.';

function encodeMeta(meta: CheckpointMeta): Record<string, string> {
  const notes = Object.entries(meta.notes ?? {}).map(([key, value]) => [notePrefix + key, value] as const);
  return {
    format,
    spec: meta.spec,
    options: JSON.stringify(meta.options),
    epoch: String(meta.epoch),
    step: String(meta.step),
    seed: String(meta.seed),
    ...Object.fromEntries(notes),
  };
}

function decodeMeta(metadata: Readonly<Record<string, string>>, file: string): CheckpointMeta {
  const damaged = (key: string): UserError =>
    new UserError('checkpoint-corrupt', `${file}: its metadata has no usable "${key}"`, 'use an earlier checkpoint');
  const integer = (key: string, least: number): number => {
    const value = Number(metadata[key] ?? Number.NaN);
    if (!Number.isSafeInteger(value) || value < least) throw damaged(key);
    return value;
  };
  let options: unknown;
  try {
    options = JSON.parse(metadata.options ?? '');
  } catch {
    throw damaged('options');
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw damaged('options');
  if (metadata.spec === undefined) throw damaged('spec');
  const notes = Object.entries(metadata).filter(([key]) => key.startsWith(notePrefix));
  return {
    spec: metadata.spec,
    options: options as Readonly<Record<string, unknown>>,
    epoch: integer('epoch', 0),
    step: integer('step', 0),
    seed: integer('seed', Number.MIN_SAFE_INTEGER),
    notes: Object.fromEntries(notes.map(([key, value]) => [key.slice(notePrefix.length), value])),
  };
}
