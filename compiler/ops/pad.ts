import { say } from '../../grammar/say.js';
import type { Attrs, TensorType } from '../ir/graph.js';
import type { ArgSpec, Inferred, Op, Refusal } from './op.js';
import { imageInput, refuse } from './refusal.js';
import { grow, windowSides } from './spatial.js';

const amount = (doc: string): readonly ArgSpec[] => [{ name: 'amount', type: 'ints', least: 0, doc }];

/** The elements `pad` adds, or `crop` takes, before and after each of `rank` spatial dimensions. */
export function resolveSides(attrs: Attrs, rank: number): { begin: readonly number[]; end: readonly number[] } {
  const around = windowSides('pad', attrs, rank);
  if ('code' in around) throw new Error(around.message);
  return around;
}

function infer(op: 'pad' | 'crop', attrs: Attrs, inputs: readonly TensorType[]): Inferred | Refusal {
  const image = imageInput(op, inputs[0]);
  if ('code' in image) return image;
  const around = windowSides(op, attrs, image.rank);
  if ('code' in around) return around;
  if ([...around.begin, ...around.end].some((n) => !Number.isInteger(n) || n < 0)) {
    return refuse(say.badArgument.amount({ op }));
  }
  const sign = op === 'pad' ? 1 : -1;
  const [n, c, ...space] = inputs[0]!.shape;
  const signed = (side: readonly number[]) => side.map((k) => sign * k);
  const out = grow(op, space, signed(around.begin), signed(around.end));
  if ('code' in out) return out;
  return { outputs: [{ dtype: inputs[0]!.dtype, shape: [n!, c!, ...out.dims] }], constraints: out.constraints };
}

export const pad: Op = {
  doc: 'Zeros around the spatial dimensions.',
  language: { tensors: 'one', args: amount('Elements added on each side.') },
  infer: (attrs, inputs) => infer('pad', attrs, inputs),
  gradient: ({ attrs, outputGradients: [dy], build }) => [dy ? build.emit('crop', [dy], attrs) : null],
};

export const crop: Op = {
  doc: 'Cuts the edges of the spatial dimensions off.',
  language: { tensors: 'one', args: amount('Elements cut from each side.') },
  infer: (attrs, inputs) => infer('crop', attrs, inputs),
  gradient: ({ attrs, outputGradients: [dy], build }) => [dy ? build.emit('pad', [dy], attrs) : null],
};
