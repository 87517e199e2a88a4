import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LoweringContext } from '../../compiler/5-emit/onnx/lowering.js';
import { arrangement, byFlatShifts, canShift } from '../../compiler/5-emit/onnx/lowerings/filter-grad-shifts.js';
import type { Node } from '../../compiler/ir/graph.js';
import { resolveWindow } from '../../compiler/ops/spatial.js';
import { kernels } from '../../testing/reference/index.js';
import { oneOperator, rounded } from '../ops/build.js';
import { drawFrom } from '../ops/draw.js';
import { expectClose, runModel, withModel } from './run.js';

test('every arrangement of a filter gradient computes the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (g) => {
      const d = drawFrom(g);
      const rank = d.int(1, 3);
      const kernel = d.ints(rank, 1, rank === 3 ? 2 : 3);
      const dilation = d.ints(rank, 1, 2);
      const reach = kernel.map((k, i) => dilation[i]! * (k - 1));
      const padding = [...reach.map((r) => d.int(0, r)), ...reach.map((r) => d.int(0, r))];
      const [n, channels, outChannels] = [d.int(1, 2), d.int(1, 3), d.int(1, 3)];
      const space = reach.map((r) => r + d.int(1, 2));
      const out = space.map((s, i) => s + padding[i]! + padding[i + rank]! - reach[i]!);
      const shape = [outChannels, channels, ...kernel];
      const attrs = { channels: outChannels, kernel, stride: 1, dilation, padding, shape };
      const window = resolveWindow(attrs, rank);
      fc.pre(canShift(window) && out.reduce((a, b) => a * b, n * outChannels) < 400);
      const inputs = [rounded(d.tensor([n, channels, ...space])), rounded(d.tensor([n, outChannels, ...out]))];
      const due = kernels.conv_filter_grad(attrs, inputs)[0]!;
      const { graph, feeds } = oneOperator('conv_filter_grad', { attrs, inputs });
      const chosen = { onX: kernel.map(() => d.pick(true, false)), folded: d.pick(true, false) };
      const model = withModel(graph, (builder) => {
        const pools = { wanted: new Set<number>(), names: new Map<number, string>() };
        const to = new LoweringContext(graph.nodes[0] as Node, ['x0', 'x1'], builder, pools);
        return byFlatShifts(to, shape, window, chosen);
      });
      const got = await runModel(model, graph, feeds);
      expectClose(got.get('y0')!, due, JSON.stringify({ ...attrs, ...chosen, space }));
    }),
    { numRuns: 300 },
  );
});

test('copies the side that makes the fewest rows', () => {
  expect(arrangement([4, 3, 128, 128], 16, [3, 3])).toEqual({ onX: [true, true], folded: false });
  expect(arrangement([4, 96, 128, 128], 16, [3, 3])).toEqual({ onX: [false, false], folded: false });
  expect(new Set(arrangement([4, 16, 128, 128], 16, [3, 3]).onX)).toEqual(new Set([true, false]));
  expect(arrangement([4, 256, 8, 8], 256, [3, 3]).folded).toBe(true);
  expect(arrangement([1, 256, 8, 8], 256, [3, 3]).folded).toBe(false);
});
