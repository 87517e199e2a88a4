import { nextId, withoutDeadNodes } from '../ir/builder.js';
import type { Graph, Node, Value } from '../ir/graph.js';
import { checked } from '../ir/verify.js';
import type { OpName } from '../ops/index.js';
import { bytesOf } from './bytes.js';
import { nodeMacs } from './cost.js';
import { candidateOf } from './improve.js';

/**
 * Operators whose result may be computed again. All are functions of their inputs alone: `dropout_mask` too, whose input is the
 * step's seed and whose salt a copy keeps, so that a copy drops the same elements.
 */
const repeatable: ReadonlySet<OpName> = new Set<OpName>([
  'conv',
  'conv_transpose',
  'maxpool',
  'avgpool',
  'upsample',
  'pixel_shuffle',
  'pixel_unshuffle',
  'batchnorm_train',
  'instancenorm',
  'relu',
  'leaky_relu',
  'prelu',
  'elu',
  'gelu',
  'silu',
  'sigmoid',
  'tanh',
  'add',
  'sub',
  'mul',
  'concat',
  'mean',
  'max',
  'pad',
  'crop',
  'affine',
  'dropout_mask',
]);

/** A training step that computes part of its forward pass twice, to hold less between the two. */
export interface Recomputed {
  readonly graph: Graph;
  /** How many nodes are computed a second time. */
  readonly nodes: number;
  /** Multiply-accumulates that the step has more. */
  readonly extraMacs: number;
}

/**
 * Gradient checkpointing (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016) on a finished step: what the backward pass
 * reads of the forward pass's values is computed again just before its first reader there, from what is still held, instead of held
 * throughout. Values that cost no multiply-accumulates (norms, activations, joins) go first, all at once, since they are computed
 * from one another; then products one by one, of most bytes for a multiply-accumulate first, each kept if it lowers the peak (one
 * that takes more to compute again than it spares does not), until the step `fits`. Gradients are the same: a copy is the same
 * operator on the same values.
 *
 * @returns undefined if nothing fits
 */
export function recompute(graph: Graph, fits: (graph: Graph) => boolean): Recomputed | undefined {
  const forward = forwardNodes(graph);
  const candidates = candidatesOf(graph, forward);
  const again = new Set(candidates.filter((c) => c.macs === 0).map((c) => c.value));
  const now = (): Recomputed => withCopies(graph, forward, again);
  const peakOf = (step: Recomputed): number => candidateOf(step.graph, step.graph.nodes).peakBytes;
  let best = now();
  if (again.size > 0 && fits(best.graph)) return best;
  let least = peakOf(best);
  // A second time, since what spares nothing at first may once others are gone.
  for (let round = 0; round < 2; round++) {
    for (const { value } of candidates) {
      if (again.has(value)) continue;
      again.add(value);
      const tried = now();
      const peak = peakOf(tried);
      if (peak >= least) {
        again.delete(value);
        continue;
      }
      [best, least] = [tried, peak];
      if (fits(best.graph)) return best;
    }
  }
  return undefined;
}

/** Positions of nodes that the losses are computed from. */
function forwardNodes(graph: Graph): ReadonlySet<Node> {
  const wanted = new Set(
    graph.outputs.filter((o) => o.name === 'loss' || o.name === 'head_losses').map((o) => o.value.id),
  );
  const forward = new Set<Node>();
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((o) => wanted.has(o.id))) continue;
    forward.add(node);
    for (const v of node.inputs) wanted.add(v.id);
  }
  return forward;
}

interface Candidate {
  readonly value: Value;
  readonly macs: number;
}

/** What a copy may spare, cheapest a byte first; of equals the earlier. */
function candidatesOf(graph: Graph, forward: ReadonlySet<Node>): Candidate[] {
  // A value that the backward pass reads, or that a copy may be computed from: all of them but the small.
  const largest = Math.max(...graph.nodes.flatMap((n) => (forward.has(n) ? n.outputs.map(bytesOf) : [0])));
  return graph.nodes
    .filter((n) => forward.has(n) && repeatable.has(n.op))
    .map((n) => ({ value: n.outputs[0] as Value, macs: nodeMacs(n) }))
    .filter(({ value }) => bytesOf(value) >= largest / 1024)
    .sort((a, b) => a.macs / bytesOf(a.value) - b.macs / bytesOf(b.value));
}

/**
 * Operators by which gradient rules read a forward value before they meet a gradient: the mask of a leaky relu, say. Held, they would be as
 * large as what they are made of, so they are put off too.
 */
const maskOps: ReadonlySet<OpName> = new Set<OpName>(['greater', 'affine', 'clip', 'sigmoid', 'add']);

/** Nodes outside the forward pass that see forward values alone, through `maskOps`. */
function maskNodes(graph: Graph, forward: ReadonlySet<Node>, constants: ReadonlySet<number>): ReadonlySet<Node> {
  const seen = new Set([...forward].flatMap((n) => n.outputs.map((o) => o.id)));
  const masks = new Set<Node>();
  for (const node of graph.nodes) {
    if (forward.has(node) || !maskOps.has(node.op)) continue;
    const read = node.inputs.filter((v) => !constants.has(v.id));
    if (read.length === 0 || !read.every((v) => seen.has(v.id))) continue;
    masks.add(node);
    for (const o of node.outputs) seen.add(o.id);
  }
  return masks;
}

/** The step with copies of what makes `again`, each before the first node after the losses that reads it. */
function withCopies(graph: Graph, forward: ReadonlySet<Node>, again: ReadonlySet<Value>): Recomputed {
  const constants = new Set(graph.nodes.flatMap((n) => (n.op === 'constant' ? n.outputs.map((o) => o.id) : [])));
  const masks = maskNodes(graph, forward, constants);
  const makers = new Map<number, Node>();
  for (const node of graph.nodes) {
    const [output] = node.outputs;
    if (!output) continue;
    const isMask = masks.has(node) && node.inputs.some((v) => makers.has(v.id));
    if (again.has(output) || isMask) makers.set(output.id, node);
  }
  const early = new Set([
    ...graph.inputs.map((i) => i.value.id),
    ...constants,
    ...[...forward, ...masks].flatMap((n) => n.outputs.map((o) => o.id)),
  ]);
  const copies = new Map<number, Value>();
  let id = nextId(graph);
  let extraMacs = 0;
  const nodes: Node[] = [];
  /** The value, or its copy, which is written if it is not yet, to be made once `after` is there. */
  const copyOf = (value: Value, after: readonly Value[]): Value => {
    const maker = makers.get(value.id);
    const before = copies.get(value.id);
    if (!maker || before) return before ?? value;
    const inputs = maker.inputs.map((v) => copyOf(v, after));
    const outputs = maker.outputs.map((o) => ({ ...o, id: id++ }));
    nodes.push({ ...maker, inputs, outputs, after });
    extraMacs += nodeMacs(maker);
    const copy = outputs[0] as Value;
    copies.set(value.id, copy);
    return copy;
  };
  for (const node of graph.nodes) {
    const after = forward.has(node) || masks.has(node) ? [] : node.inputs.filter((v) => !early.has(v.id));
    const inputs = after.length === 0 ? node.inputs : node.inputs.map((v) => copyOf(v, after));
    nodes.push(inputs.every((v, k) => v === node.inputs[k]) ? node : { ...node, inputs });
  }
  const whole = withoutDeadNodes({ ...graph, nodes });
  return { graph: checked('recompute', whole), nodes: copies.size, extraMacs };
}
