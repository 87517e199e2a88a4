import { GraphBuilder, nextId, withoutDeadNodes } from '../../ir/builder.js';
import { known } from '../../ir/dim.js';
import type { Graph, Node, Value } from '../../ir/graph.js';
import { numberAttr } from '../../ops/attrs.js';
import { resolveWindow, type Window } from '../../ops/spatial.js';
import { resolveScale } from '../../ops/upsample.js';

/**
 * Convolutions that read what `upsample` repeated, read the small image instead:
 *
 *   conv(concat(a, upsample(b)), w) -> conv(a, w_a) + conv_transpose(b, upsample_kernel(w_b))
 *
 * With 3 x 3 taps and scale 2 that is 16 multiplications for 36, forward and in both gradients, and the large image is neither
 * written nor kept for the backward pass. Exact but for the order of sums. Parameters stay what they were: their parts are
 * taken, and their kernels summed, within the step, so that differentiation goes through both.
 *
 * Left alone: groups, strides, dilations, linear upsampling, and windows for which it would multiply as much (1 x 1).
 */
export function mergeUpsampling(graph: Graph): Graph {
  const first = graph.nodes[0];
  if (!first) return graph;
  const producers = new Map<number, Node>();
  for (const node of graph.nodes) for (const o of node.outputs) producers.set(o.id, node);
  const build = new GraphBuilder(nextId(graph), first.origin);
  for (const node of graph.nodes) {
    const window = windowOf(node);
    const parts = window ? partsOf(node.inputs[0] as Value, window, producers) : [];
    if (window && parts.some((part) => part.scale)) write(node, window, parts, build);
    else build.carry(node, node.inputs);
  }
  return withoutDeadNodes({ ...graph, nodes: build.nodes });
}

/** Channels that a convolution reads: as they are, or, with a scale, enlarged. */
interface Part {
  readonly value: Value;
  readonly scale?: readonly number[];
}

/** The window of a convolution that moves by one over neighbouring elements of all channels. */
function windowOf({ op, attrs, inputs }: Node): Window | null {
  if (op !== 'conv' || numberAttr(attrs, 'groups', 1) !== 1) return null;
  const window = resolveWindow(attrs, (inputs[0] as Value).type.shape.length - 2);
  const { kernel, stride, dilation, begin, end } = window;
  const plain = [...stride, ...dilation].every((n) => n === 1);
  // A transposed convolution crops its result, and adds nothing around it.
  return plain && kernel.every((k, i) => Math.max(begin[i] as number, end[i] as number) < k) ? window : null;
}

function partsOf(image: Value, { kernel }: Window, producers: ReadonlyMap<number, Node>): Part[] {
  const producer = producers.get(image.id);
  const values = producer?.op === 'concat' && (producer.attrs.axis ?? 1) === 1 ? producer.inputs : [image];
  return values.map((value) => {
    const made = producers.get(value.id);
    if (made?.op !== 'upsample' || (made.attrs.mode ?? 'nearest') !== 'nearest') return { value };
    const scale = resolveScale(made.attrs, kernel.length);
    const product = (of: (k: number, s: number) => number) =>
      kernel.reduce((all, k, i) => all * of(k, scale[i] as number), 1);
    const saves = product((k, s) => k + s - 1) < product((k, s) => k * s);
    return saves ? { value: made.inputs[0] as Value, scale } : { value };
  });
}

/** Writes the convolution as a sum over its parts, whose result keeps its name. */
function write(node: Node, window: Window, parts: readonly Part[], build: GraphBuilder): void {
  build.from(node.origin);
  const [, weight, bias] = node.inputs as [Value, Value, Value | undefined];
  const lengths = parts.map(({ value }) => known(value.type.shape[1] as Value['type']['shape'][number]));
  const weights = parts.length === 1 ? [weight] : build.emitAll('split', [weight], { axis: 1, lengths });
  const plain = [...parts.keys()].filter((k) => !parts[k]?.scale);
  const products: Omit<Node, 'outputs'>[] = [];
  /** The first is given the bias. */
  const multiply = (op: 'conv' | 'conv_transpose', x: Value, w: Value, attrs: Node['attrs']): void => {
    const own = products.length === 0 && bias ? [bias] : [];
    products.push({ op, attrs: { ...attrs, bias: own.length > 0 }, inputs: [x, w, ...own], origin: node.origin });
  };
  const joined = (values: readonly Value[]): Value =>
    values.length === 1 ? (values[0] as Value) : build.emit('concat', values, { axis: 1 });
  if (plain.length > 0) {
    const images = joined(plain.map((k) => (parts[k] as Part).value));
    multiply('conv', images, joined(plain.map((k) => weights[k] as Value)), node.attrs);
  }
  const { channels } = node.attrs;
  for (const [k, { value, scale }] of parts.entries()) {
    if (!scale) continue;
    const kernel = window.kernel.map((size, i) => size + (scale[i] as number) - 1);
    const crop = [window.begin, window.end].flatMap((side) => side.map((p, i) => (window.kernel[i] as number) - 1 - p));
    const summed = build.emit('upsample_kernel', [weights[k] as Value], { scale });
    multiply('conv_transpose', value, summed, { channels, kernel, stride: scale, padding: crop } as Node['attrs']);
  }
  const [only, ...others] = products as [Node, ...Node[]];
  const { origin, outputs } = node;
  if (others.length === 0) {
    build.carry({ ...only, outputs }, only.inputs);
    return;
  }
  const terms = products.map(({ op, inputs, attrs }) => build.emit(op, inputs, attrs));
  build.carry({ op: 'add', attrs: {}, inputs: terms, outputs, origin }, terms);
}
