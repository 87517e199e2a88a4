import type { GraphBuilder } from '../../ir/builder.js';
import type { Origin, Value } from '../../ir/graph.js';

/** What the ends of all steps are made of. */

/** A scalar that a step is fed. */
export const scalarInput = (path: string, origin: Origin, build: GraphBuilder): Value =>
  build.value({ dtype: 'f32', shape: [] }, { ...origin, path });

/** The norm of all vectors together. */
export function normOf(vectors: readonly Value[], build: GraphBuilder): Value {
  const sums = vectors.map((v) =>
    build.emit('reduce_sum', [build.emit('mul', [v, v])], { axes: [0], keepdims: false }),
  );
  return build.emit('sqrt', [sums.length === 1 ? (sums[0] as Value) : build.emit('add', sums)]);
}

/** What a gradient is multiplied by, as in PyTorch's clip_grad_norm_: min(1, limit / (norm + 1e-6)). */
export function clipFactor(norm: Value, limit: number, build: GraphBuilder): Value {
  const bounded = build.emit('affine', [norm], { scale: 1 / limit, shift: 1e-6 / limit });
  return build.emit('div', [
    build.emit('constant', [], { value: 1, shape: [] }),
    build.emit('clip', [bounded], { min: 1, max: 3e38 }),
  ]);
}
