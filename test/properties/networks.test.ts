import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldBatchNorm } from '../../compiler/3-transform/fold.js';
import { alignment } from '../../compiler/4-schedule/arena.js';
import { liveness } from '../../compiler/4-schedule/liveness.js';
import { bytesAt, liveBytes } from '../../compiler/4-schedule/order.js';
import { initialWeights } from '../../compiler/6-build/initialize.js';
import {
  deploy,
  executionPlan,
  type Graph,
  knownShape,
  load,
  type Network,
  type Sizes,
  specializeGraph,
  trainingPlan,
  verifyGraph,
} from '../../compiler/index.js';
import type { Node, Value } from '../../compiler/ir/graph.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { networkSpecs, nthSizes, pruningIsExact, selections, shapesAgree } from '../../testing/index.js';
import { cases } from '../cases.js';

/** How many random networks each property is tried with. */
const numRuns = 1000;

interface Tried {
  readonly text: string;
  readonly seed: number;
}

/** Small enough that a thousand of them take a minute; 1-D to 3-D, with and without batch norm, every upsampling. */
const tried = fc.record({ text: networkSpecs({ depth: 3, channels: 3 }), seed: fc.nat(1_000_000) });

function caseOf({ text, seed }: Tried) {
  const { network, recipe, diagnostics } = load(text);
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  const selection = fc.sample(selections(network), { seed, numRuns: 1 })[0];
  if (!selection) throw new Error('a network without a level');
  return { network, recipe, ...selection, sizes: nthSizes(network, 1, []), seed };
}

describe('random networks', () => {
  it('inferred shapes are those ONNX Runtime answers, for every value', { timeout: 400_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(tried, (t) => shapesAgree.check(ort, caseOf(t))),
      { numRuns },
    );
  });

  it('a pruned network answers what the full one’s head does, bit for bit', { timeout: 400_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(tried, (t) => pruningIsExact.check(ort, caseOf(t))),
      { numRuns },
    );
  });

  it('no two live buffers of a plan overlap, in inference and in training', { timeout: 400_000 }, () => {
    fc.assert(
      fc.property(tried, (t) => {
        const { network, recipe, level, mode, sizes } = caseOf(t);
        expectSound(specializeGraph(deploy(network, { level, mode }), sizes));
        const plan = trainingPlan(
          network,
          { ...recipe, weights: undefined },
          { batch: 2, size: spatial(network, sizes) },
        );
        expectSound(plan.graph);
      }),
      { numRuns, examples: [[{ text: readFileSync(new URL('crowded.unet', import.meta.url), 'utf8'), seed: 2 }]] },
    );
  });

  it('folding keeps the graph sound and leaves no batch norm behind a convolution', { timeout: 400_000 }, () => {
    fc.assert(
      fc.property(tried, (t) => {
        const { network, level, mode, seed } = caseOf(t);
        const graph = deploy(network, { level, mode });
        const weights = initialWeights(graph.params, seed);
        const folded = foldBatchNorm(graph, new Map([...weights].map(([path, tensor]) => [path, tensor.data])));
        expect(verifyGraph(folded.graph)).toBeNull();
        expect(new Set(folded.weights.keys())).toEqual(new Set(folded.graph.params.map((p) => p.origin.path)));
      }),
      cases(200),
    );
  });
});

function spatial(network: Network, sizes: Sizes): number[] {
  const shape = network.graph.inputs[0]?.value.type.shape ?? [];
  return shape.slice(2).map((d) => (d.symbol === null ? d.offset : (sizes[d.symbol] ?? 1)));
}

function expectSound(graph: Graph): void {
  const { order, buffers, arenaBytes, peakBytes, writtenPeakBytes } = executionPlan(graph);
  expect(order).toHaveLength(graph.nodes.length);
  // The order is a topological one: a node reads only what is already made.
  const made = new Set([...graph.inputs.map((i) => i.value.id), ...graph.params.map((p) => p.id)]);
  for (const node of order) {
    if (!node.inputs.every((v) => made.has(v.id))) throw new Error(`${node.origin.path} runs before what it reads`);
    for (const o of node.outputs) made.add(o.id);
  }
  const due = new Map(liveness(graph, order).map((i) => [i.value.id, i]));
  expect(new Set(buffers.map((b) => b.value.id))).toEqual(new Set(due.keys()));
  const byOffset = [...buffers].sort((a, b) => a.offset - b.offset);
  for (const [k, a] of byOffset.entries()) {
    const bytes = knownShape(a.value.type.shape).reduce((n, d) => n * d, a.value.type.dtype === 'i64' ? 8 : 4);
    if (a.bytes < bytes || a.offset + a.bytes > arenaBytes) throw new Error(`${a.value.origin.path} does not fit`);
    for (const b of byOffset.slice(k + 1)) {
      if (b.offset >= a.offset + a.bytes) break;
      if (a.from <= b.to && b.from <= a.to) {
        throw new Error(`${a.value.origin.path} and ${b.value.origin.path} are alive at once in one place`);
      }
    }
  }
  expect(arenaBytes).toBeGreaterThanOrEqual(peakBytes);
  // Nothing is written over that is read later: what is still to be read after a step has room in it.
  const room = liveBytes([...due.values()], order.length);
  for (const [time, needed] of neededAfter(graph, order).entries()) {
    if (needed > (room[time] ?? 0))
      throw new Error(`step ${time} holds ${room[time]} bytes, and ${needed} are read later`);
  }
  expect(peakBytes).toBeLessThanOrEqual(writtenPeakBytes);
  // What is alive at the worst moment in whole lines, which no placement can be below.
  const floor = bytesAt(buffers, order.length).reduce((most, bytes) => Math.max(most, bytes), 0);
  expect(arenaBytes).toBeLessThanOrEqual(1.1 * floor + alignment);
}

/** Bytes of values that are read after each step, by the plain definition: each value by itself, views as what they look at. */
function neededAfter(graph: Graph, order: readonly Node[]): number[] {
  const bytes = new Map<number, number>();
  const viewed = new Map<number, number>();
  const madeAt = new Map<number, number>();
  const lastRead = new Map<number, number>();
  const rootOf = (id: number): number => viewed.get(id) ?? id;
  for (const [time, node] of order.entries()) {
    for (const v of node.inputs) lastRead.set(rootOf(v.id), time);
    for (const o of node.outputs) {
      if (node.op === 'reshape') viewed.set(o.id, rootOf((node.inputs[0] as Value).id));
      else {
        madeAt.set(o.id, time);
        bytes.set(
          o.id,
          knownShape(o.type.shape).reduce((n, d) => n * d, o.type.dtype === 'i64' ? 8 : 4),
        );
      }
    }
  }
  for (const { value } of graph.outputs) lastRead.set(rootOf(value.id), order.length);
  const needed = order.map(() => 0);
  for (const [id, from] of madeAt) {
    for (let t = from; t < (lastRead.get(id) ?? from); t++) {
      if (t < needed.length) needed[t] = (needed[t] as number) + (bytes.get(id) as number);
    }
  }
  return needed;
}
