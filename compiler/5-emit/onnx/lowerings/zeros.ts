import { bytesOf } from '../../shared.js';
import type { ModelBuilder } from '../model-builder.js';

/** A tensor with one value everywhere, filled by the engine when it loads the file, so that the file does not hold it. */
export function filled(model: ModelBuilder, shape: readonly number[], value: number): string {
  const tensor = { name: 'value', type: 'float', dims: [1], raw: bytesOf(Float32Array.of(value)) } as const;
  return model.node('ConstantOfShape', [model.ints(shape)], { value: { tensor } });
}

export const zeros = (model: ModelBuilder, shape: readonly number[]): string => filled(model, shape, 0);
