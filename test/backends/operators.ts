import fc from 'fast-check';
import { type LowType, lowerPrecision } from '../../compiler/3-transform/precision.js';
import { GraphBuilder, nextId } from '../../compiler/ir/builder.js';
import type { Graph, Value } from '../../compiler/ir/graph.js';
import { type OpName, opNames, opOf } from '../../compiler/ops/index.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { float16 } from '../../testing/reference/elementwise.js';
import { evaluate, type Float64Tensor, kernels } from '../../testing/reference/index.js';
import { type Fed, gradientGraph, oneOperator, rounded } from '../ops/build.js';
import { type Case, cases } from '../ops/cases.js';
import { drawFrom } from '../ops/draw.js';
import { type Backend, lowTypes } from './engines.js';
import { type Bounds, boundsOf, finite, running } from './rounding.js';

/** UNETC_CASES: random cases of each operator; UNETC_SEED: which ones. */
const count = Number(process.env.UNETC_CASES ?? 5);
const seed = Number(process.env.UNETC_SEED ?? 1);

/** Whether the cases are those that are known to meet every limit of an engine. */
export const usualCases = !process.env.UNETC_CASES && !process.env.UNETC_SEED;

/** How often the roundings of a case are drawn. */
const draws = 4;

/** A graph, what the reference says of it, and how near an engine has to come. */
export interface Trial extends Fed {
  readonly what: string;
  readonly due: ReadonlyMap<string, Float64Tensor>;
  readonly bounds: Bounds;
}

const casesOf = cached((op: OpName): Case[] =>
  fc
    .sample(
      fc.gen().map((g) => cases[op](drawFrom(g))),
      { numRuns: count, seed },
    )
    .map(({ attrs, inputs }) => ({ attrs, inputs: inputs.map(rounded) })),
);

const forward = cached((op: OpName) => casesOf(op).map((c) => oneOperator(op, c)));

const backward = cached((op: OpName) =>
  casesOf(op).map((c) => {
    const y = kernels[op](c.attrs, c.inputs)[0] as Float64Tensor;
    return gradientGraph(op, c, rounded({ shape: y.shape, data: y.data.map((_, i) => Math.sin(1 + 5.3 * i)) }));
  }),
);

export type Direction = 'forward' | 'gradient';

const judged = new Map<string, Trial[]>();

/** The trials of an operator on an engine; those of engines with the same arithmetic are made once. */
export function trialsOf(op: OpName, direction: Direction, { precision, arithmetic, share = 1 }: Backend): Trial[] {
  const key = `${op} ${direction} ${precision} ${arithmetic.functions}`;
  const fed = direction === 'forward' ? forward(op) : backward(op);
  const trials =
    judged.get(key) ??
    fed
      .filter(({ graph }) => graph.outputs.length > 0)
      .map(({ graph, feeds: drawn }, k) => {
        const feeds = precision === 'fp16' ? inHalf(drawn) : drawn;
        const low = lowTypes[precision];
        const run = low ? lowerPrecision(fromLow(graph, low), low) : graph;
        const due = evaluate(run, feeds);
        const shapes = [...feeds.values()].map((t) => `[${t.shape}]`).join(' ');
        const what = `${op} ${JSON.stringify(graph.nodes[0]?.attrs)} of ${shapes} (seed ${seed}, case ${k})`;
        return { graph: run, feeds, due, bounds: finite(boundsOf(due, running(run, feeds), arithmetic, draws)), what };
      });
  judged.set(key, trials);
  return trials.slice(0, Math.ceil(share * trials.length));
}

/**
 * Numbers that f16 holds: ONNX Runtime takes casts out that meet, in front of a kernel that it has in f32 alone, and what moves numbers
 * would then move unrounded ones.
 */
const inHalf = (feeds: Fed['feeds']): Fed['feeds'] =>
  new Map([...feeds].map(([name, t]) => [name, { shape: t.shape, data: t.data.map(float16) }]));

/** The graph on inputs rounded to a low type, so that operators which follow their inputs' type compute in it. */
function fromLow(graph: Graph, to: LowType): Graph {
  const build = new GraphBuilder(nextId(graph), { path: 'low', span: nowhere });
  const low = new Map<number, Value>();
  for (const { value } of graph.inputs) {
    if (value.type.dtype === 'f32') low.set(value.id, build.emit('cast', [value], { to }));
  }
  for (const node of graph.nodes)
    build.carry(
      node,
      node.inputs.map((v) => low.get(v.id) ?? v),
    );
  return { ...graph, nodes: build.nodes };
}

/** Those a spec may name, and what passes write into inference graphs beside them. */
export const inferenceOps: readonly OpName[] = opNames.filter((op) => opOf(op).language || op === 'affine');

/** Those of which the loss can depend on an input. */
export const differentiable: readonly OpName[] = opNames.filter(
  (op) => opOf(op).gradient && backward(op).some(({ graph }) => graph.outputs.length > 0),
);

function cached<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new Map<Key, Value>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}
