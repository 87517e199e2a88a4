import type { GraphBuilder } from '../ir/builder.js';
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
 * How unsure probabilities [N, C, ...] are of each image, [N], in 0 .. 1: the share of the union that they themselves expect to be wrong.
 *   1 - E|A and B| / E|A or B| = sum min(p, 1 - p) / sum max(p, [p > 1/2])
 * for the mask A = [p > 1/2] and a truth B drawn pixel by pixel from p: what is left of 1 after an expected IoU. A mean over channels.
 */
export function uncertaintyOf(build: GraphBuilder, p: Value, _kind: Probabilities): Value {
  const space = p.type.shape.map((_, axis) => axis).slice(2);
  const sum = (x: Value): Value => build.emit('reduce_sum', [x], { axes: space, keepdims: false });
  const surest = build.emit('max', [p, build.emit('affine', [p], { scale: -1, shift: 1 })]);
  const wrong = sum(build.emit('affine', [surest], { scale: -1, shift: 1 }));
  const half = build.emit('constant', [], { value: 0.5, shape: [] });
  const union = sum(build.emit('max', [p, build.emit('greater', [p, half])]));
  const share = build.emit('div', [wrong, union]);
  return build.emit('reduce_mean', [share], { axes: [1], keepdims: false });
}
