import type { GraphBuilder } from '../ir/builder.js';
import { type Dim, known } from '../ir/dim.js';
import type { Graph, Value } from '../ir/graph.js';

/** What a head's probabilities are: of each channel by itself, or of one channel out of all. */
export type Probabilities = 'sigmoid' | 'softmax';

/** What these make of probabilities are probabilities. */
const keeping: ReadonlySet<string> = new Set(['mean', 'max', 'upsample', 'crop', 'dropout', 'maxpool', 'avgpool']);

/** What a value's numbers are, seen through averaging, resizing and cropping; null where they are no probabilities, or of both kinds. */
export function probabilitiesOf({ nodes }: Pick<Graph, 'nodes'>, value: Value): Probabilities | null {
  const producer = new Map(nodes.flatMap((n) => n.outputs.map((o) => [o.id, n] as const)));
  const found = new Set<Probabilities | null>();
  const seen = new Set([value]);
  for (const v of seen) {
    const node = producer.get(v.id);
    if (node?.op === 'sigmoid') found.add('sigmoid');
    else if (node?.op === 'softmax' && node.attrs.axis === 1) found.add('softmax');
    else if (node && keeping.has(node.op)) for (const input of node.inputs) seen.add(input);
    else found.add(null);
  }
  const [only = null, ...others] = found;
  return others.length > 0 ? null : only;
}

/**
 * How unsure probabilities p [N, C, ...] are of each image: [N], in 0 .. 1. The mask A is what they say: p > 1/2, or where one channel is true the
 * most probable. Were the truth B drawn pixel by pixel from p, then so much of the union would be wrong:
 *   E|A xor B| / (1 + E|A or B|) = sum(p + A - 2pA) / (1 + sum(p + A - pA))
 * a mean over channels. The pixel in the denominator is for empty masks: with s expected pixels in all, s / (1 + s) is about the
 * probability exp(-s) short of 1 that there is none, which IoU counts as 1.
 */
export function uncertaintyOf(build: GraphBuilder, p: Value, kind: Probabilities): Value {
  const space = p.type.shape.map((_, axis) => axis).slice(2);
  const sum = (x: Value): Value => build.emit('reduce_sum', [x], { axes: space, keepdims: false });
  const mask = kind === 'softmax' ? mostProbable(build, p) : build.emit('greater', [p, scalar(build, 0.5)]);
  const both = build.emit('mul', [p, mask]);
  const union = build.emit('sub', [build.emit('add', [p, mask]), both]);
  const wrong = sum(build.emit('sub', [union, both]));
  const share = build.emit('div', [wrong, build.emit('affine', [sum(union)], { scale: 1, shift: 1 })]);
  return build.emit('reduce_mean', [share], { axes: [1], keepdims: false });
}

const scalar = (build: GraphBuilder, value: number): Value => build.emit('constant', [], { value, shape: [] });

/** 1 where a channel is the largest, else 0. */
function mostProbable(build: GraphBuilder, p: Value): Value {
  const count = known(p.type.shape[1] as Dim);
  const channels = build.emitAll('split', [p], { axis: 1, lengths: Array.from({ length: count }, () => 1) });
  return build.emit('equal', [p, build.emit('max', channels)]);
}
