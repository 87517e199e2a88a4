import { expect, test } from 'vitest';
import { deploy, executionPlan, load, specializeGraph } from '../../compiler/index.js';
import { hugeGrid } from '../../testing/huge-grid.js';

test('a grid of 10,000 nodes compiles, and no two values that are alive at once share memory', () => {
  const { network, diagnostics } = load(hugeGrid(10_000));
  expect(diagnostics).toEqual([]);
  const graph = deploy(network!);
  expect(graph.nodes.length).toBe(10_002);
  const { order, buffers, peakBytes, arenaBytes } = executionPlan(specializeGraph(graph, { N: 1, H: 8, W: 8 }));
  expect(new Set(order).size).toBe(10_002);
  const made = new Set([...graph.inputs.map((i) => i.value.id), ...graph.params.map((p) => p.id)]);
  for (const { inputs, outputs } of order) {
    expect(inputs.every((v) => made.has(v.id))).toBe(true);
    for (const v of outputs) made.add(v.id);
  }
  expect(arenaBytes).toBeGreaterThanOrEqual(peakBytes);
  for (let time = 0; time < order.length; time += 97) {
    const alive = buffers.filter((b) => b.from <= time && time <= b.to).sort((a, b) => a.offset - b.offset);
    for (const [k, b] of alive.entries())
      expect(b.offset).toBeGreaterThanOrEqual(k === 0 ? 0 : alive[k - 1]!.offset + alive[k - 1]!.bytes);
  }
});
