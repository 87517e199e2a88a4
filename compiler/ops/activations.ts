import type { Value } from '../ir/graph.js';
import { numberAttr } from './attrs.js';
import type { ArgSpec, GradientBuilder, GradientContext, Op } from './op.js';

/** A unary elementwise operator with a gradient; also used for those that only passes write. */
export function unary(
  doc: string,
  args: readonly ArgSpec[] | null,
  gradient: (dy: Value, x: Value, y: Value, context: GradientContext) => Value,
  traits: Pick<Op, 'range'> = {},
): Op {
  const op: Op = {
    doc,
    ...traits,
    infer: (_, inputs) => ({ outputs: [inputs[0]!] }),
    gradient: (context) => {
      const dy = context.outputGradients[0];
      return [dy ? gradient(dy, context.inputs[0]!, context.outputs[0]!, context) : null];
    },
  };
  return args === null ? op : { ...op, language: { tensors: 'one', args } };
}

export const scalar = (build: GradientBuilder, value: number): Value =>
  build.emit('constant', [], { value, shape: [] });

export const affineOf = (build: GradientBuilder, x: Value, scale: number, shift: number): Value =>
  build.emit('affine', [x], { scale, shift });

export const relu = unary('max(x, 0).', [], (dy, _, y, { build }) => build.emit('relu_grad', [dy, y]), {
  range: [0, Number.POSITIVE_INFINITY],
});

export const reluGrad: Op = {
  doc: 'Gradient of relu: (dy, y) -> dy where y > 0, else 0.',
  infer: (_, inputs) => ({ outputs: [inputs[0]!] }),
};

export const leakyRelu = unary(
  'x where x > 0, else slope * x.',
  [{ name: 'slope', type: 'float', default: 0.01, least: 0, doc: 'Slope below 0.' }],
  (dy, _, y, { attrs, build }) => {
    const slope = numberAttr(attrs, 'slope');
    // y > 0 where x > 0, since no slope is negative; and y is kept anyway, for what reads it.
    const above = build.emit('greater', [y, scalar(build, 0)]);
    return build.emit('mul', [dy, affineOf(build, above, 1 - slope, slope)]);
  },
);

/** Clevert et al., 2016. */
export const elu = unary(
  'x where x > 0, else alpha * (exp(x) - 1).',
  [{ name: 'alpha', type: 'float', default: 1, least: 0, doc: 'The limit below is -alpha.' }],
  (dy, _, y, { attrs, build }) => {
    const alpha = numberAttr(attrs, 'alpha');
    // The slope is y + alpha below 0 (that is, alpha * exp(x)) and 1 above.
    const below = affineOf(build, build.emit('clip', [y], { min: -alpha, max: 0 }), 1, alpha);
    if (alpha === 1) return build.emit('mul', [dy, below]);
    const above = affineOf(build, build.emit('greater', [y, scalar(build, 0)]), 1 - alpha, 0);
    return build.emit('mul', [dy, build.emit('add', [below, above])]);
  },
);

/** Hendrycks and Gimpel, 2016; the exact form x * Phi(x), not the tanh approximation. */
export const gelu = unary('x * Phi(x), Phi the normal distribution function (exact, by erf).', [], (dy, x, _, c) =>
  c.build.emit('gelu_grad', [dy, x]),
);

export const geluGrad: Op = {
  doc: 'Gradient of gelu: (dy, x) -> dy * (Phi(x) + x * phi(x)).',
  infer: (_, inputs) => ({ outputs: [inputs[0]!] }),
};

export const silu = unary('x * sigmoid(x), also called swish.', [], (dy, x, y, { build }) => {
  // y' = s + y (1 - s), s = sigmoid(x)
  const s = build.emit('sigmoid', [x]);
  const rest = build.emit('mul', [y, affineOf(build, s, -1, 1)]);
  return build.emit('mul', [dy, build.emit('add', [s, rest])]);
});

export const sigmoid = unary(
  '1 / (1 + exp(-x)).',
  [],
  (dy, _, y, { build }) => build.emit('mul', [dy, build.emit('mul', [y, affineOf(build, y, -1, 1)])]),
  { range: [0, 1] },
);

export const tanh = unary(
  'Hyperbolic tangent.',
  [],
  (dy, _, y, { build }) => build.emit('mul', [dy, affineOf(build, build.emit('mul', [y, y]), -1, 1)]),
  { range: [-1, 1] },
);
