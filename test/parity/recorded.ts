import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ArenaSlot } from '../../compiler/3-transform/training-plan.js';
import type { Tensor } from '../../runtime/engines/engine.js';
import { decodeSafetensors } from '../../runtime/run/safetensors.js';

/** What record.py wrote of one UNet++; its header says what each part is. */
export interface RecordedNetwork {
  /** In the order of definition, by names that begin with the cell's: `X[0,1].conv1.weight`. */
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly gradients: ReadonlyMap<string, Tensor>;
  readonly statistics: ReadonlyMap<string, Tensor>;
  readonly evalMean: Tensor;
  readonly loss: number;
  readonly headLosses: readonly number[];
  /** Twenty steps in single precision, the loss before each. */
  readonly adamLosses: readonly number[];
  /** The same in double precision. */
  readonly adamLosses64: readonly number[];
}

const file = (name: string): Buffer => readFileSync(fileURLToPath(new URL(`recorded/${name}`, import.meta.url)));

export const recordedJson = <T>(name: string): T => JSON.parse(file(name).toString('utf8')) as T;

export function recordedBatch(): { readonly image: Tensor; readonly target: Tensor } {
  const { tensors } = decodeSafetensors(file('batch.safetensors'), 'batch.safetensors');
  return { image: tensors.get('image')!, target: tensors.get('target')! };
}

export function recordedNetwork(name: string): RecordedNetwork {
  const { tensors, metadata } = decodeSafetensors(file(`${name}.safetensors`), name);
  const part = (prefix: string): Map<string, Tensor> =>
    new Map(
      [...tensors].flatMap(([key, value]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [])),
    );
  return {
    weights: new Map([...tensors].filter(([key]) => !key.includes(':'))),
    gradients: part('grad:'),
    statistics: part('stat:'),
    evalMean: tensors.get('eval:mean')!,
    loss: JSON.parse(metadata.loss!) as number,
    headLosses: JSON.parse(metadata.head_losses!) as number[],
    adamLosses: JSON.parse(metadata.adam_losses!) as number[],
    adamLosses64: JSON.parse(metadata.adam_losses_float64!) as number[],
  };
}

const cellOf = (path: string): string => path.split('.')[0] ?? path;

/**
 * Recorded tensors in the order of an arena's slots. The one place where PyTorch's names meet ours: both are grouped by
 * cell (`X[0,1]`), and those of one shape in a cell come in the order of definition.
 */
export function inSlots(
  slots: readonly Pick<ArenaSlot, 'path' | 'shape'>[],
  recorded: ReadonlyMap<string, Tensor>,
): Tensor[] {
  const left = new Map<string, [string, Tensor][]>();
  for (const entry of recorded) left.set(cellOf(entry[0]), [...(left.get(cellOf(entry[0])) ?? []), entry]);
  const ordered = slots.map((slot) => {
    const here = left.get(cellOf(slot.path)) ?? [];
    const at = here.findIndex(([, t]) => t.shape.join() === slot.shape.join());
    const [found] = at < 0 ? [] : here.splice(at, 1);
    if (!found) throw new Error(`nothing of [${slot.shape.join(', ')}] was recorded for ${slot.path}`);
    return found[1];
  });
  const unused = [...left.values()].flat().map(([name]) => name);
  if (unused.length > 0) throw new Error(`recorded but not in the network: ${unused.join(', ')}`);
  return ordered;
}

/** One vector, as an arena is. */
export function flat(tensors: readonly Tensor[]): Float32Array {
  const whole = new Float32Array(tensors.reduce((n, t) => n + t.data.length, 0));
  let offset = 0;
  for (const t of tensors) {
    whole.set(t.data, offset);
    offset += t.data.length;
  }
  return whole;
}
