import { known } from '../ir/dim.js';
import type { Attrs, TensorType, Value } from '../ir/graph.js';
import { boolAttr } from './attrs.js';
import type { GradientBuilder, OwnedParam } from './op.js';

/** The scale and shift of a normalization that keeps no statistics, where `affine` asks for them: one of each a channel. */
export function affineParameters(attrs: Attrs, tensors: readonly TensorType[]): readonly OwnedParam[] {
  if (!boolAttr(attrs, 'affine')) return [];
  const shape = [known(tensors[0]!.shape[1]!)];
  return [
    { name: 'weight', shape, role: 'weight', init: { kind: 'constant', value: 1 } },
    { name: 'bias', shape, role: 'weight', init: { kind: 'constant', value: 0 } },
  ];
}

/** A vector [C], or [1], as something that broadcasts over the channels of `like`, [N, C, ...spatial]. */
export function overChannels(build: GradientBuilder, vector: Value, like: Value): Value {
  const shape = like.type.shape.map((_, i) => (i === 1 ? known(vector.type.shape[0]!) : 1));
  return build.emit('reshape', [vector], { shape });
}
