import { known } from '../../ir/dim.js';
import type { Graph, Node, Value } from '../../ir/graph.js';
import { numberAttr } from '../../ops/attrs.js';
import { resolveWindow, type Window } from '../../ops/spatial.js';
import { resolveScale } from '../../ops/upsample.js';

/** Channels that a convolution reads: as they are, or, with a scale, enlarged, which is then `enlarged`. */
export type Part = Plain | Enlarged;

interface Plain {
  readonly value: Value;
  readonly scale?: undefined;
}

interface Enlarged {
  readonly value: Value;
  readonly scale: readonly number[];
  readonly enlarged: Value;
}

/** The window of a convolution that moves by one over neighbouring elements of all channels. */
export function windowOf({ op, attrs, inputs }: Node): Window | null {
  if (op !== 'conv' || numberAttr(attrs, 'groups', 1) !== 1) return null;
  const window = resolveWindow(attrs, (inputs[0] as Value).type.shape.length - 2);
  const { kernel, stride, dilation, begin, end } = window;
  const plain = [...stride, ...dilation].every((n) => n === 1);
  // A transposed convolution crops its result, and adds nothing around it.
  return plain && kernel.every((k, i) => Math.max(begin[i] as number, end[i] as number) < k) ? window : null;
}

export function partsOf(image: Value, { kernel }: Window, producers: ReadonlyMap<number, Node>): Part[] {
  const producer = producers.get(image.id);
  const values = producer?.op === 'concat' && (producer.attrs.axis ?? 1) === 1 ? producer.inputs : [image];
  return values.map((value) => {
    const made = producers.get(value.id);
    if (made?.op !== 'upsample' || (made.attrs.mode ?? 'nearest') !== 'nearest') return { value };
    const scale = resolveScale(made.attrs, kernel.length);
    const product = (of: (k: number, s: number) => number) =>
      kernel.reduce((all, k, i) => all * of(k, scale[i] as number), 1);
    const saves = product((k, s) => k + s - 1) < product((k, s) => k * s);
    return saves ? { value: made.inputs[0] as Value, scale, enlarged: value } : { value };
  });
}

export const channelsOf = ({ value }: Part): number => known(value.type.shape[1] as Value['type']['shape'][number]);

/** The node that makes each value, by the value's id. */
export function producersOf(graph: Graph): ReadonlyMap<number, Node> {
  const producers = new Map<number, Node>();
  for (const node of graph.nodes) for (const o of node.outputs) producers.set(o.id, node);
  return producers;
}
