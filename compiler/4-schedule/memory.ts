import { written } from '../3-transform/training-plan.js';
import { type Dim, known, sameShape } from '../ir/dim.js';
import type { Graph, Node, Value } from '../ir/graph.js';
import { bytesOf } from './bytes.js';
import { liveness } from './liveness.js';
import { bytesAt } from './order.js';

export type MemoryPurpose = 'predict' | 'train';

/** The memory that a graph needs in a process. */
export interface MemoryUse {
  /** Weights, and statistics at inference; in training the vector that an optimizer changes. */
  readonly parameterBytes: number;
  /** Of them, weights into which a batch norm is folded at inference, so that a runtime that does so writes them anew. */
  readonly foldedBytes: number;
  /** Vectors as long that the optimizer keeps beside it: 2 for Adam. */
  readonly slots: number;
  /** Values alive at the peak, except parameters, or parts of them, under other names. */
  readonly activationBytes: number;
  /** The same where a step's gradients are not joined to one vector, as in ONNX Runtime (3-transform/train/chunked-step.ts). */
  readonly unjoinedBytes: number;
  /** The largest that an operator needs beside its inputs and outputs, in ONNX Runtime: copies for a filter gradient. */
  readonly scratchBytes: number;
}

/** @param graph bound; `order` a plan's */
export function memoryUse(graph: Graph, order: readonly Node[], slots = 0): MemoryUse {
  const trains = graph.params.length === 0;
  const parameters = trains
    ? graph.inputs.filter((i) => i.name === 'parameters').map((i) => i.value)
    : (graph.params as readonly Value[]);
  const isState = new Set(graph.inputs.map((i) => written(i.name)));
  // A step's state goes in and out in the caller's vectors, and parameters are cut out of them.
  const elsewhere = new Set([
    ...graph.outputs.filter((o) => isState.has(o.name)).map((o) => o.value.id),
    ...graph.nodes.filter((n) => trains && n.op === 'slice').map((n) => (n.outputs[0] as Value).id),
  ]);
  const lives = liveness(graph, order)
    .filter((i) => !elsewhere.has(i.value.id))
    .map(({ value, from, to }) => ({ id: value.id, from, to, bytes: bytesOf(value) }));
  const joined = trains ? joinedGradients(graph, parameters) : new Set<number>();
  const unjoined = lives.filter(({ id }) => !joined.has(id));
  return {
    parameterBytes: parameters.reduce((n, v) => n + bytesOf(v), 0),
    foldedBytes: foldedBytes(graph),
    slots,
    activationBytes: most(bytesAt(lives, order.length)),
    unjoinedBytes: most(bytesAt(unjoined, order.length)),
    scratchBytes: most(graph.nodes.map(scratchOf)),
  };
}

/** Vectors as long as all parameters on the way to an optimizer: gradients joined, their squares, clipped, temporaries of an update. */
function joinedGradients(graph: Graph, parameters: readonly Value[]): ReadonlySet<number> {
  const state = parameters[0];
  if (!state) return new Set();
  const made = graph.nodes.flatMap((n) => n.outputs).filter((v) => sameShape(v.type.shape, state.type.shape));
  const out = new Set(graph.outputs.map((o) => o.value.id));
  return new Set(made.map((v) => v.id).filter((id) => !out.has(id)));
}

function foldedBytes(graph: Graph): number {
  const normed = new Set(graph.nodes.flatMap((n) => (n.op === 'batchnorm' ? [n.inputs[0]?.id] : [])));
  const weights = graph.nodes.filter((n) => normed.has(n.outputs[0]?.id)).flatMap((n) => n.inputs.slice(1));
  return weights.reduce((n, v) => n + bytesOf(v), 0);
}

const most = (list: Iterable<number>): number => {
  let result = 0;
  for (const n of list) result = Math.max(result, n);
  return result;
};

/**
 * Of a filter gradient, computed as a convolution (5-emit/onnx/lowerings/filter-grad-conv.ts): the operand of
 * fewer channels, with these innermost, and either products for each sample or the other operand with its samples innermost.
 */
function scratchOf(node: Node): number {
  if (node.op !== 'conv_filter_grad') return 0;
  const [x, dy] = node.inputs as readonly [Value, Value];
  const channels = (v: Value): number => known(v.type.shape[1] as Dim);
  const [image, filters] = channels(x) > channels(dy) ? [dy, x] : [x, dy];
  const samples = known(image.type.shape[0] as Dim);
  const products = samples * bytesOf(node.outputs[0] as Value);
  return bytesOf(image) + (samples === 1 ? 0 : Math.min(products, bytesOf(filters)));
}

/** What an engine takes beyond what a plan says; docs/memory.md has the reasons, and how far off the sum is. */
export interface MemoryHabits {
  /** Bytes for any graph: its nodes, threads' buffers. */
  readonly base: number;
  /** Copies of each parameter beside the state itself: gathered gradients, an optimizer's temporaries, reordered weights. */
  readonly copies: number;
  /** Copies more of weights that batch norms are folded into. */
  readonly folds: number;
  /** Bytes taken for each byte of values: what the allocator rounds up to, and what is left between its blocks. */
  readonly spread: number;
}

/** How an engine takes memory on the CPU, in fp32: measured constants of it, which lie beside the engine. */
export interface EngineMemory {
  /** Resident before it runs anything: Node.js, the compiler, the engine's library. Bytes. */
  readonly own: number;
  readonly habits: Readonly<Record<MemoryPurpose, MemoryHabits>>;
  /** Whether a step's gradients are joined to one vector; where not, an operator's scratch memory counts too. */
  readonly joinsGradients: boolean;
}

/** Peak bytes of values in an engine, before its own overheads. */
export const neededBytes = ({ joinsGradients }: Pick<EngineMemory, 'joinsGradients'>, use: MemoryUse): number =>
  joinsGradients ? use.activationBytes : use.unjoinedBytes + use.scratchBytes;

/** Bytes that a process grows by when an engine runs a graph again and again. */
export function processBytes(engine: EngineMemory, purpose: MemoryPurpose, use: MemoryUse): number {
  const { base, copies, folds, spread } = engine.habits[purpose];
  return (
    base + (1 + use.slots + copies) * use.parameterBytes + folds * use.foldedBytes + spread * neededBytes(engine, use)
  );
}
