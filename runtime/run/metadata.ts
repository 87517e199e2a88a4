import { Reader } from 'protobufjs/minimal.js';
import { metadataKeys } from '../../compiler/6-build/metadata.js';
import type { MaskReading } from '../../compiler/recipe.js';
import { UserError } from '../../compiler/user-error.js';
import { MetadataFields } from './metadata-fields.js';
import type { Task } from './task.js';

export { type ModelIdentity, metadataKeys, modelMetadata } from '../../compiler/6-build/metadata.js';

/**
 * The task a model file was built for.
 * @param file its name, for messages
 * @throws UserError if the file is not an ONNX model, not one that unetc wrote, or says what no network is trained for
 */
export const taskOfModel = (file: string, bytes: Uint8Array): Task =>
  taskOfMetadata(file, readMetadataProps(file, bytes));

/** The same of metadata read before. */
export function taskOfMetadata(file: string, props: ReadonlyMap<string, string>): Task {
  const fields = new MetadataFields(file, props);
  const k = metadataKeys;
  return {
    channels: fields.channels(k.channels),
    classes: fields.classes(k.classes),
    exclusive: fields.oneOf(k.exclusive, ['true', 'false']) === 'true',
    normalize: fields.oneOf(k.normalize, ['unit', 'image']),
    ...(fields.has(k.resize) ? { resize: fields.sizes(k.resize) } : {}),
    ...(fields.has(k.patch) ? { patch: fields.sizes(k.patch) } : {}),
    axes: fields.axes(k.axes),
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

/** The level and mode a model file was built for. @throws UserError as `taskOfModel` */
export function selectionOfMetadata(
  file: string,
  props: ReadonlyMap<string, string>,
): { readonly level: number; readonly mode: string } {
  const fields = new MetadataFields(file, props);
  return { level: fields.whole(metadataKeys.level, 0, 1000), mode: fields.word(metadataKeys.mode) };
}

/** Images that a file takes at once; 1 also where it takes any number. @throws UserError as `taskOfModel` */
export function batchOfMetadata(file: string, props: ReadonlyMap<string, string>): number {
  const fields = new MetadataFields(file, props);
  return fields.has(metadataKeys.batch) ? fields.whole(metadataKeys.batch, 1, 65_536) : 1;
}

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
