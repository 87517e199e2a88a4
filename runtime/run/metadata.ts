import { Reader } from 'protobufjs/minimal.js';
import type { MaskReading } from '../data/index.js';
import { UserError } from '../support/user-error.js';
import type { AxisRule, Task } from './task.js';

/**
 * What a built ONNX model says of itself in its `metadata_props`, so that the file alone is enough to predict with.
 * Every value is text: JSON where it is not a word.
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

/**
 * The task a model file was built for.
 * @param file its name, for messages
 * @throws UserError if the file is not an ONNX model, or not one that unetc wrote
 */
export function taskOfModel(file: string, bytes: Uint8Array): Task {
  const props = readMetadataProps(file, bytes);
  const k = metadataKeys;
  const foreign = (): UserError =>
    new UserError(
      'model-foreign',
      `${file} does not say how images are prepared for it`,
      "build it with 'unetc build', or predict with a run's folder",
    );
  const text = (key: string): string => {
    const value = props.get(key);
    if (value === undefined) throw foreign();
    return value;
  };
  const json = (key: string): unknown => {
    try {
      return JSON.parse(text(key)) as unknown;
    } catch {
      throw foreign();
    }
  };
  const list = <T>(key: string, is: (v: unknown) => v is T): T[] => {
    const value = json(key);
    if (!Array.isArray(value) || !value.every(is)) throw foreign();
    return value;
  };
  const normalize = text(k.normalize);
  if (normalize !== 'unit' && normalize !== 'image') throw foreign();
  return {
    channels: Number(text(k.channels)),
    classes: list(k.classes, (v) => typeof v === 'string'),
    exclusive: text(k.exclusive) === 'true',
    normalize,
    ...(props.has(k.resize) ? { resize: list(k.resize, isSize) } : {}),
    ...(props.has(k.patch) ? { patch: list(k.patch, isSize) } : {}),
    axes: list(k.axes, isAxisRule),
    ...masksOf(props.get(k.masks)),
  };
}

/** How masks were read, if the file says so in a way that is understood: a later version may know more rules. */
function masksOf(text: string | undefined): { masks?: MaskReading } {
  try {
    const masks = JSON.parse(text ?? 'null') as MaskReading | null;
    return isReading(masks) ? { masks } : {};
  } catch {
    return {};
  }
}

function isReading(value: MaskReading | null): value is MaskReading {
  const rule = value?.rule;
  if (typeof rule !== 'object' || rule === null) return false;
  const lists = (classes: unknown, type: string): boolean =>
    Array.isArray(classes) && classes.every((c) => Array.isArray(c) && c.every((v) => typeof v === type));
  switch (rule.kind) {
    case 'nonzero':
      return typeof rule.invert === 'boolean';
    case 'threshold':
    case 'alpha':
      return typeof rule.invert === 'boolean' && typeof rule.least === 'number';
    case 'values':
    case 'entries':
      return rule.classes === undefined || lists(rule.classes, 'number');
    case 'colors':
      return lists(rule.classes, 'string');
    default:
      return false;
  }
}

/**
 * The level and mode a model file was built for. @throws UserError as `taskOfModel`
 */
export function selectionOfModel(file: string, bytes: Uint8Array): { readonly level: number; readonly mode: string } {
  const props = readMetadataProps(file, bytes);
  return { level: Number(props.get(metadataKeys.level)), mode: props.get(metadataKeys.mode) ?? '' };
}

const isSize = (v: unknown): v is number => typeof v === 'number' && Number.isInteger(v) && v > 0;

const isAxisRule = (v: unknown): v is AxisRule => {
  if (typeof v !== 'object' || v === null) return false;
  if ('fixed' in v) return isSize(v.fixed);
  return (
    'symbol' in v &&
    typeof v.symbol === 'string' &&
    'modulus' in v &&
    isSize(v.modulus) &&
    'least' in v &&
    isSize(v.least) &&
    'residues' in v &&
    Array.isArray(v.residues) &&
    v.residues.every((r) => Number.isInteger(r))
  );
};

/**
 * Field 14 of ONNX's ModelProto: `repeated StringStringEntryProto { key = 1; value = 2 }`. Everything else, weights
 * above all, is skipped without being decoded.
 */
export function readMetadataProps(file: string, bytes: Uint8Array): Map<string, string> {
  const props = new Map<string, string>();
  try {
    const reader = Reader.create(bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag >>> 3 !== 14 || (tag & 7) !== 2) {
        reader.skipType(tag & 7);
        continue;
      }
      const end = reader.uint32() + reader.pos;
      let key = '';
      let value = '';
      while (reader.pos < end) {
        const inner = reader.uint32();
        if (inner >>> 3 === 1) key = reader.string();
        else if (inner >>> 3 === 2) value = reader.string();
        else reader.skipType(inner & 7);
      }
      props.set(key, value);
    }
  } catch (error) {
    throw new UserError('model-corrupt', `${file} is not an ONNX model`, 'name a file that unetc build wrote', {
      cause: error,
    });
  }
  return props;
}
