import type { Loaded } from '../index.js';
import { classCount, type Task, taskOf } from '../task.js';
import { version } from '../version.js';
import type { ChosenSelection } from './selection.js';
import { specHash } from './spec-hash.js';

/**
 * What a built model says of itself, in an ONNX file's `metadata_props` or beside it in `unetc.json`, so that the file alone is
 * enough to predict with. Every value is text: JSON where it is not a word.
 */
export const metadataKeys = {
  version: 'unetc.version',
  spec: 'unetc.spec',
  network: 'unetc.network',
  level: 'unetc.level',
  mode: 'unetc.mode',
  channels: 'unetc.channels',
  classes: 'unetc.classes',
  exclusive: 'unetc.exclusive',
  normalize: 'unetc.normalize',
  resize: 'unetc.resize',
  patch: 'unetc.patch',
  axes: 'unetc.axes',
  /** Of a file built for one number of images. */
  batch: 'unetc.batch',
  /** How masks of training were read. */
  masks: 'unetc.masks',
  /** Of a file in fp16 only. */
  precision: 'unetc.precision',
} as const;

export interface ModelIdentity {
  readonly version: string;
  /** SHA-256 of the spec's text, in hex. */
  readonly spec: string;
  readonly network: string;
  readonly level: number;
  readonly mode: string;
}

/** The `metadata_props` of a model, in a fixed order. */
export function modelMetadata(identity: ModelIdentity, task: Task): Record<string, string> {
  const k = metadataKeys;
  return {
    [k.version]: identity.version,
    [k.spec]: identity.spec,
    [k.network]: identity.network,
    [k.level]: String(identity.level),
    [k.mode]: identity.mode,
    [k.channels]: String(task.channels),
    [k.classes]: JSON.stringify(task.classes),
    [k.exclusive]: String(task.exclusive),
    [k.normalize]: task.normalize,
    ...(task.resize ? { [k.resize]: JSON.stringify(task.resize) } : {}),
    ...(task.patch ? { [k.patch]: JSON.stringify(task.patch) } : {}),
    [k.axes]: JSON.stringify(task.axes),
    ...(task.masks ? { [k.masks]: JSON.stringify(task.masks) } : {}),
  };
}

/** A spec whose network is right: what `load` returns without an error. */
export type GoodSpec = Loaded & { readonly network: NonNullable<Loaded['network']> };

/** The metadata of one level and mode of a spec. `task`: what the weights were trained for; absent: what the spec says. */
export const specMetadata = (
  spec: GoodSpec,
  { level, mode }: ChosenSelection,
  task: Task | undefined,
  bound?: Bound,
): Record<string, string> => ({
  ...modelMetadata(
    { version, spec: specHash(spec.text, spec.imports), network: spec.network.name, level, mode },
    {
      ...modelTask(spec, task),
      ...(bound ? { axes: bound.size.map((fixed) => ({ fixed })) } : {}),
    },
  ),
  ...(bound && bound.batch !== 1 ? { [metadataKeys.batch]: String(bound.batch) } : {}),
});

/** What a file that is built for one size takes: every axis is fixed then, and so is the batch. */
export interface Bound {
  readonly size: readonly number[];
  readonly batch: number;
}

/**
 * The inputs and outputs of a model: as its weights were trained, or as training by the spec would. Sizes are those of the network that is
 * built.
 */
export function modelTask({ network, recipe }: GoodSpec, trained?: Task): Task {
  const task = taskOf(network, recipe, trained?.classes ?? classNames(classCount(network)));
  return trained ? { ...trained, axes: task.axes } : task;
}

const classNames = (classes: number): string[] =>
  classes === 1 ? ['mask'] : Array.from({ length: classes }, (_, k) => String(k));
