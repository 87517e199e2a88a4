import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LoweringContext } from '../../compiler/5-emit/onnx/lowering.js';
import { byExchange, exchange } from '../../compiler/5-emit/onnx/lowerings/filter-grad-conv.js';
import type { Node } from '../../compiler/ir/graph.js';
import { resolveWindow } from '../../compiler/ops/spatial.js';
import { kernels } from '../../testing/reference/index.js';
import { oneOperator, rounded } from '../ops/build.js';
import { drawFrom } from '../ops/draw.js';
import { expectClose, runModel, withModel } from './run.js';

test('every way to exchange the operands of a filter gradient computes the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (g) => {
      const d = drawFrom(g);
      const rank = d.int(1, 3);
      const kernel = d.ints(rank, 1, rank === 3 ? 2 : 3);
      const dilation = d.ints(rank, 1, 2);
      if (rank === 3) dilation[2] = 1;
      const stride = d.ints(rank, 1, 2);
      const reach = kernel.map((k, i) => dilation[i]! * (k - 1));
      const padding = [...reach.map((r) => d.int(0, r)), ...reach.map((r) => d.int(0, r))];
      const [n, channels, outChannels] = [d.int(1, 2), d.int(1, 3), d.int(1, 3)];
      const space = reach.map((r) => r + d.int(1, 3));
      const out = space.map(
        (s, i) => Math.floor((s + padding[i]! + padding[i + rank]! - reach[i]! - 1) / stride[i]!) + 1,
      );
      const shape = [outChannels, channels, ...kernel];
      const attrs = { channels: outChannels, kernel, stride, dilation, padding, shape };
      const window = resolveWindow(attrs, rank);
      fc.pre(out.reduce((a, b) => a * b, n * outChannels) < 400);
      const inputs = [rounded(d.tensor([n, channels, ...space])), rounded(d.tensor([n, outChannels, ...out]))];
      const due = kernels.conv_filter_grad(attrs, inputs)[0]!;
      const { graph, feeds } = oneOperator('conv_filter_grad', { attrs, inputs });
      const plain = stride.every((s) => s === 1);
      const chosen = { image: plain ? d.pick('x', 'dy') : 'x', grouped: d.pick(true, false) } as const;
      const model = withModel(graph, (builder) => {
        const pools = { wanted: new Set<number>(), names: new Map<number, string>() };
        const to = new LoweringContext(graph.nodes[0] as Node, ['x0', 'x1'], builder, pools);
        return byExchange(to, shape, window, chosen);
      });
      const got = await runModel(model, graph, feeds);
      expectClose(got.get('y0')!, due, JSON.stringify({ ...attrs, ...chosen, space }));
    }),
    { numRuns: 300 },
  );
});

const window = (attrs: object) => resolveWindow({ kernel: 3, padding: 'same', ...attrs }, 2);

test('the operand with more channels is the filters, where it may be', () => {
  expect(exchange([4, 96, 128, 128], [4, 16, 128, 128], window({}))).toEqual({ image: 'dy', grouped: true });
  expect(exchange([4, 16, 128, 128], [4, 96, 128, 128], window({}))).toEqual({ image: 'x', grouped: true });
  expect(exchange([4, 96, 128, 128], [4, 16, 64, 64], window({ stride: 2 }))).toEqual({ image: 'x', grouped: true });
  // More filters than products: all that is gathered would be written out.
  expect(exchange([4, 3, 128, 128], [4, 32, 128, 128], window({}))).toEqual({ image: 'dy', grouped: true });
  expect(exchange([4, 3, 128, 128], [4, 64, 64, 64], window({ stride: 2 }))).toBeNull();
});

test('a sample is a group only where that is less to sum', () => {
  expect(exchange([1, 16, 64, 64], [1, 16, 64, 64], window({}))?.grouped).toBe(false);
  expect(exchange([4, 256, 8, 8], [4, 256, 8, 8], window({}))?.grouped).toBe(false);
});
