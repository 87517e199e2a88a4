import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { LoweringContext } from '../../compiler/5-emit/onnx/lowering.js';
import {
  type BlockedConv,
  blockedBackwards,
  blockedFilters,
  convolved,
  pays,
} from '../../compiler/5-emit/onnx/lowerings/blocked.js';
import { byPhases } from '../../compiler/5-emit/onnx/lowerings/phases.js';
import { ModelBuilder } from '../../compiler/5-emit/onnx/model-builder.js';
import type { Node } from '../../compiler/ir/graph.js';
import { resolveTransposeWindow, resolveWindow } from '../../compiler/ops/spatial.js';
import { blockSize } from '../../runtime/engines/onnxruntime/blocks.js';
import { kernels, tensor } from '../../testing/reference/index.js';
import { cases } from '../cases.js';
import { oneOperator, rounded } from '../ops/build.js';
import { drawFrom } from '../ops/draw.js';
import { expectClose, runModel, withModel } from './run.js';

/** Numbers in (-1, 1) that look drawn; more of them than a drawn case may have. */
const waves = (shape: number[], phase: number) =>
  tensor(
    shape,
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k * 12.9898 + phase)),
  );

/** 0 on a machine without such kernels, where there is nothing to test. */
const block = await blockSize();

test.skipIf(block === 0)('a blocked convolution computes what a plain one does, forward and backward', async () => {
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (g) => {
      const d = drawFrom(g);
      const backward = d.pick(true, false);
      const kernel = d.ints(2, 1, 3);
      const dilation = d.ints(2, 1, 2);
      const stride = backward ? [1, 1] : d.ints(2, 1, 2);
      const reach = kernel.map((k, i) => dilation[i]! * (k - 1));
      const padding = [...reach.map((r) => d.int(0, r)), ...reach.map((r) => d.int(0, r))];
      // What is read may have fewer channels than a block, what comes out may not.
      const read = d.pick(1, 3, block, 2 * block);
      const written = d.pick(block, 2 * block);
      const n = d.int(1, 2);
      const space = reach.map((r, i) => stride[i]! * Math.ceil((r + d.int(1, 3)) / stride[i]!));
      const out = space.map((s, i) => Math.floor((s + padding[i]! + padding[i + 2]! - reach[i]! - 1) / stride[i]!) + 1);
      const what = { kernel, stride, dilation, padding, backward, read, written, n, space };
      const window = resolveWindow({ kernel, stride, dilation, padding }, 2);
      const turned = {
        ...window,
        begin: reach.map((r, i) => r - window.begin[i]!),
        end: reach.map((r, i) => r - window.end[i]!),
      };
      const sizes = { channels: read, filters: written, window: backward ? turned : window, groups: 1, positions: 0 };
      const image = backward ? [n, read, ...out] : [n, read, ...space];
      const weights = backward ? [read, written, ...kernel] : [written, read, ...kernel];
      const phase = d.int(0, 1000);
      const inputs = [image, weights].map((shape, k) => rounded(waves(shape, phase + k)));
      const own = { channels: weights[0]!, kernel, stride, dilation, padding };
      const attrs = backward ? { ...own, shape: [n, written, ...space] } : { ...own, bias: false };
      const op = backward ? 'conv_input_grad' : 'conv';
      const due = kernels[op](attrs, inputs)[0]!;
      const { graph, feeds } = oneOperator(op, { attrs, inputs });
      const write = (builder: ModelBuilder): string => {
        const to = new LoweringContext(graph.nodes[0] as Node, ['x0', 'x1'], builder, {
          wanted: new Set(),
          names: new Map(),
        });
        return convolved(to, 'x0', backward ? blockedBackwards(to, 1) : blockedFilters(to, 1), sizes);
      };
      const got = await runModel(withModel(graph, write, block), graph, feeds);
      expectClose(got.get('y0')!, due, JSON.stringify(what));
    }),
    cases(200),
  );
});

test('only convolutions of whole blocks over many positions are blocked, and none unless asked', () => {
  const window = resolveWindow({ kernel: 3, padding: 'same' }, 2);
  const sizes: BlockedConv = { channels: 32, filters: 16, window, groups: 1, positions: 4096 };
  const yes = new ModelBuilder('cpu', 16);
  expect(pays(yes, sizes)).toBe(true);
  expect(pays(yes, { ...sizes, channels: 3 })).toBe(true);
  expect(pays(yes, { ...sizes, channels: 24 })).toBe(false);
  expect(pays(yes, { ...sizes, filters: 1 })).toBe(false);
  expect(pays(yes, { ...sizes, groups: 2 })).toBe(false);
  expect(pays(yes, { ...sizes, positions: 64 })).toBe(false);
  expect(pays(yes, { ...sizes, window: resolveWindow({ kernel: 1 }, 2) })).toBe(false);
  expect(pays(new ModelBuilder(), sizes)).toBe(false);
});

test('a file is of standard operators unless blocks are asked for', () => {
  const d = { kernel: 3, padding: 'same', channels: 16, stride: 1, dilation: 1, bias: false };
  const { graph } = oneOperator('conv', { attrs: d, inputs: [waves([1, 16, 64, 64], 0), waves([16, 16, 3, 3], 1)] });
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
  expect(text(emitOnnx(graph, { name: 'x', metadata: {} }))).not.toContain('com.microsoft');
  expect(text(emitOnnx(graph, { name: 'x', metadata: {}, block: 16 }))).toContain('com.microsoft.nchwc');
});

test.skipIf(block === 0)('a transposed convolution by phases computes what it should', async () => {
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (g) => {
      const d = drawFrom(g);
      const stride = [d.int(1, 3), d.int(2, 3)];
      const reads = d.pick([1, 2], [2, 1], [2, 2]);
      const kernel = stride.map((s, i) => s * reads[i]!);
      // Each phase reads within the image and its padding, and the sizes of all agree.
      const crop = kernel.map((k, i) => (reads[i] === 1 ? [0, 0] : d.pick([0, k - stride[i]!], [k - stride[i]!, 0])));
      const padding = [...crop.map((c) => c[0]!), ...crop.map((c) => c[1]!)];
      const [n, channels, filters] = [d.int(1, 2), d.pick(1, 2) * block, block];
      const space = stride.map((s) => Math.ceil(46 / s) + d.int(0, 2));
      const bias = d.pick(true, false);
      const attrs = { channels: filters, kernel, stride, padding, bias };
      const phase = d.int(0, 1000);
      const shapes = [[n, channels, ...space], [channels, filters, ...kernel], ...(bias ? [[filters]] : [])];
      const inputs = shapes.map((shape, k) => rounded(waves(shape, phase + k)));
      const due = kernels.conv_transpose(attrs, inputs)[0]!;
      const { graph, feeds } = oneOperator('conv_transpose', { attrs, inputs });
      const names = inputs.map((_, k) => `x${k}`);
      const write = (builder: ModelBuilder): string => {
        const to = new LoweringContext(graph.nodes[0] as Node, names, builder, { wanted: new Set(), names: new Map() });
        const written = byPhases(to, due.shape.slice(2), resolveTransposeWindow(attrs, 2));
        if (written === null) throw new Error('not by phases');
        return written;
      };
      const got = await runModel(withModel(graph, write, block), graph, feeds);
      expectClose(got.get('y0')!, due, JSON.stringify({ ...attrs, n, channels, space }));
    }),
    cases(20),
  );
});

test('linear upsampling by products computes what it should', async () => {
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (g) => {
      const d = drawFrom(g);
      const rank = d.int(1, 3);
      const attrs = { scale: d.ints(rank, 1, 3), mode: 'linear', align_corners: d.pick(true, false) };
      const inputs = [rounded(d.tensor([d.int(1, 2), d.int(1, 2), ...d.ints(rank, 1, 4)]))];
      const due = kernels.upsample(attrs, inputs)[0]!;
      const { graph, feeds } = oneOperator('upsample', { attrs, inputs });
      const got = await runModel(emitOnnx(graph, { name: 'test', metadata: {}, block: 16 }), graph, feeds);
      expectClose(got.get('y0')!, due, JSON.stringify(attrs));
    }),
    cases(60),
  );
});
