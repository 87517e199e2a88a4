import { sameShape } from '../ir/dim.js';
import type { Value } from '../ir/graph.js';
import { affineOf } from './activations.js';
import { broadcastShapes, reduceTo } from './broadcast.js';
import type { GradientContext, Op } from './op.js';

type Tensors = 'pair' | 'many';

/**
 * An operator over tensors that broadcast to one shape. `slope(k)`: dL/d(input k) before the sum over what was
 * broadcast, null where it is zero everywhere.
 */
function broadcasting(
  name: string,
  doc: string,
  tensors: Tensors | null,
  slope: (k: number, dy: Value, context: GradientContext) => Value | null,
): Op {
  const op: Op = {
    doc,
    infer(_, inputs) {
      const shape = broadcastShapes(name, inputs);
      return 'code' in shape ? shape : { outputs: [{ dtype: inputs[0]!.dtype, shape }] };
    },
    gradient(context) {
      const { inputs, needed, outputGradients, build } = context;
      const dy = outputGradients[0];
      return inputs.map((input, k) => {
        const g = dy && needed[k] ? slope(k, dy, context) : null;
        return g && (sameShape(g.type.shape, input.type.shape) ? g : reduceTo(build, g, input));
      });
    },
  };
  return tensors === null ? op : { ...op, language: { tensors, args: [] } };
}

export const add = broadcasting('add', 'Sum of one or more tensors.', 'many', (_, dy) => dy);

export const sub = broadcasting('sub', 'Difference of two tensors.', 'pair', (k, dy, { build }) =>
  k === 0 ? dy : affineOf(build, dy, -1, 0),
);

export const mul = broadcasting('mul', 'Product of two tensors, elementwise.', 'pair', (k, dy, { inputs, build }) =>
  build.emit('mul', [dy, inputs[1 - k]!]),
);

export const div = broadcasting('div', 'Quotient of two tensors.', null, (k, dy, { inputs, outputs, build }) => {
  const share = build.emit('div', [dy, inputs[1]!]);
  return k === 0 ? share : affineOf(build, build.emit('mul', [share, outputs[0]!]), -1, 0);
});

export const mean = broadcasting('mean', 'Mean of one or more tensors, elementwise.', 'many', (_, dy, c) =>
  c.inputs.length === 1 ? dy : affineOf(c.build, dy, 1 / c.inputs.length, 0),
);

/** Where several inputs share the maximum they share its gradient evenly, as in PyTorch. */
export const max = broadcasting('max', 'Largest of one or more tensors, elementwise.', 'many', (k, dy, c) => {
  const { inputs, outputs, build } = c;
  if (inputs.length === 1) return dy;
  const wins = inputs.map((x) => build.emit('equal', [x, outputs[0]!]));
  return build.emit('mul', [dy, build.emit('div', [wins[k]!, build.emit('add', wins)])]);
});

export const greater = broadcasting('greater', '1 where a > b, else 0.', null, () => null);

export const equal = broadcasting('equal', '1 where a = b, else 0.', null, () => null);
