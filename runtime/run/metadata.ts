import { Reader } from 'protobufjs/minimal.js';
import { metadataKeys } from '../../compiler/6-build/metadata.js';
import { UserError } from '../support/user-error.js';
import type { AxisRule, Task } from './task.js';

export { type ModelIdentity, metadataKeys, modelMetadata } from '../../compiler/6-build/metadata.js';

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
  };
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
