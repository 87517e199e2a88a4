import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ir/builder.js';
import { num, sym } from '../../compiler/ir/dim.js';
import type { Attrs, Graph } from '../../compiler/ir/graph.js';
import type { OpName } from '../../compiler/ops/index.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { evaluate, type Float64Tensor, kernels, tensor } from '../../testing/reference/index.js';
import { cases as runs } from '../cases.js';
import { cases } from './cases.js';
import { drawFrom } from './draw.js';

const run = (op: OpName, attrs: Attrs, ...inputs: Float64Tensor[]): Float64Tensor => kernels[op](attrs, inputs)[0]!;
const numbers = (op: OpName, attrs: Attrs, ...inputs: Float64Tensor[]) => Array.from(run(op, attrs, ...inputs).data);
const row = (...values: number[]): Float64Tensor => tensor([1, 1, values.length], values);

const dot = (a: Float64Tensor, b: Float64Tensor): number => a.data.reduce((sum, v, i) => sum + v * b.data[i]!, 0);

function closeTo(got: readonly number[], due: readonly number[]): void {
  expect(got.length).toBe(due.length);
  for (const [i, value] of due.entries()) expect(got[i]).toBeCloseTo(value, 12);
}

describe('the reference', () => {
  it('enlarges as F.interpolate does', () => {
    closeTo(numbers('upsample', { scale: 2, mode: 'nearest' }, row(1, 2)), [1, 1, 2, 2]);
    closeTo(numbers('upsample', { scale: 2, mode: 'linear', align_corners: false }, row(1, 2)), [1, 1.25, 1.75, 2]);
    closeTo(numbers('upsample', { scale: 2, mode: 'linear', align_corners: true }, row(1, 2)), [1, 4 / 3, 5 / 3, 2]);
    closeTo(numbers('upsample', { scale: 3, mode: 'linear' }, row(0, 3)), [0, 0, 1, 2, 3, 3]);
    const square = tensor([1, 1, 2, 2], [1, 2, 3, 4]);
    closeTo(
      numbers('upsample', { scale: 2, mode: 'linear' }, square),
      [1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4],
    );
  });

  it('convolves', () => {
    const x = row(1, 2, 3, 4);
    const w = tensor([1, 1, 3], [1, 10, 100]);
    closeTo(numbers('conv', { kernel: 3, padding: 'same' }, x, w), [210, 321, 432, 43]);
    closeTo(numbers('conv', { kernel: 3, padding: 'valid' }, x, w, tensor([1], [0.5])), [321.5, 432.5]);
    // An even kernel leaves its larger half of padding for the end.
    closeTo(numbers('conv', { kernel: 2, padding: 'same' }, x, tensor([1, 1, 2], [1, 10])), [21, 32, 43, 4]);
    closeTo(numbers('conv', { kernel: 3, stride: 2, padding: 'same' }, x, w), [210, 432]);
    closeTo(numbers('conv', { kernel: 2, dilation: 2, padding: 'valid' }, x, tensor([1, 1, 2], [1, 10])), [31, 42]);
  });

  it('convolves in 2-D as the formula says', () => {
    fc.assert(
      fc.property(fc.gen(), fc.constantFrom(1, 2), fc.constantFrom(1, 2), fc.constantFrom(0, 1, 2), (g, s, d, p) => {
        const draw = drawFrom(g);
        const x = draw.tensor([2, 4, 5, 6]);
        const w = draw.tensor([6, 2, 3, 2]);
        fc.pre(5 + 2 * p - 2 * d > 0);
        const y = run('conv', { kernel: [3, 2], stride: s, dilation: d, padding: p, groups: 2 }, x, w);
        const [, , height = 0, width = 0] = y.shape;
        expect(height).toBe(Math.floor((5 + 2 * p - 2 * d - 1) / s) + 1);
        expect(width).toBe(Math.floor((6 + 2 * p - d - 1) / s) + 1);
        const at = (n: number, c: number, r: number, q: number): number =>
          r < 0 || q < 0 || r >= 5 || q >= 6 ? 0 : x.data[((n * 4 + c) * 5 + r) * 6 + q]!;
        let flat = 0;
        for (let n = 0; n < 2; n++)
          for (let o = 0; o < 6; o++)
            for (let r = 0; r < height; r++)
              for (let q = 0; q < width; q++) {
                let sum = 0;
                for (let c = 0; c < 2; c++)
                  for (let a = 0; a < 3; a++)
                    for (let b = 0; b < 2; b++)
                      sum +=
                        w.data[((o * 2 + c) * 3 + a) * 2 + b]! *
                        at(n, (o < 3 ? 0 : 2) + c, r * s + a * d - p, q * s + b * d - p);
                expect(y.data[flat++]).toBeCloseTo(sum, 10);
              }
      }),
      runs(30),
    );
  });

  it('convolves backwards', () => {
    const w = tensor([1, 1, 3], [1, 10, 100]);
    closeTo(numbers('conv_transpose', { kernel: 3, stride: 2, padding: 'valid' }, row(1, 2), w), [1, 10, 102, 20, 200]);
    // same: stride * size, one element cropped, at the end.
    closeTo(numbers('conv_transpose', { kernel: 3, stride: 2, padding: 'same' }, row(1, 2), w), [1, 10, 102, 20]);
    closeTo(numbers('conv_transpose', { kernel: 3, stride: 2, padding: 1 }, row(1, 2), w), [10, 102, 20]);
    const square = tensor([1, 1, 1, 2], [1, 2]);
    const taps = tensor([1, 1, 2, 2], [1, 2, 3, 4]);
    closeTo(numbers('conv_transpose', { kernel: 2, stride: 2 }, square, taps), [1, 2, 2, 4, 3, 4, 6, 8]);
  });

  it('pools', () => {
    closeTo(numbers('maxpool', { kernel: 2, stride: 'kernel' }, row(1, 3, -5, -2)), [3, -2]);
    closeTo(numbers('maxpool', { kernel: 3, stride: 2, padding: 1 }, row(-1, -3, -5, -2)), [-1, -2]);
    // Padding counts, as in PyTorch's default.
    closeTo(numbers('avgpool', { kernel: 3, stride: 1, padding: 1 }, row(3, 6, 9)), [3, 6, 5]);
  });

  it('gives the gradient of a tie in a pool to the first', () => {
    const x = tensor([1, 1, 2, 2], [0, 7, 7, 7]);
    closeTo(
      numbers('maxpool_grad', { kernel: 2, stride: 'kernel' }, x, tensor([1, 1, 1, 1], [7]), tensor([1, 1, 1, 1], [5])),
      [0, 5, 0, 0],
    );
  });

  it('stays in range where engines must', () => {
    expect(numbers('softplus', {}, row(-800, 0, 800))).toEqual([0, Math.LN2, 800]);
    expect(numbers('sigmoid', {}, row(-800, 0, 800))).toEqual([0, 0.5, 1]);
    closeTo(numbers('log_softmax', { axis: 2 }, row(1000, 1000)), [-Math.LN2, -Math.LN2]);
    closeTo(numbers('softmax', { axis: 2 }, row(-1000, 1000)), [0, 1]);
    closeTo(numbers('gelu', {}, row(-40, -1, 1, 40)), [0, -0.15865525393145707, 0.8413447460685429, 40]);
  });

  it('normalizes', () => {
    const x = tensor([2, 1, 2], [1, 3, 5, 7]);
    const one = tensor([1], [1]);
    const [y, mean, variance] = kernels.batchnorm_train({ eps: 0 }, [x, one, tensor([1], [0])]);
    expect([mean!.data[0], variance!.data[0]]).toEqual([4, 5]);
    closeTo(
      Array.from(y!.data),
      [-3, -1, 1, 3].map((v) => v / Math.sqrt(5)),
    );
    closeTo(numbers('instancenorm', { eps: 0 }, x), [-1, 1, -1, 1]);
    // One image of 4 channels and 1 pixel: by groups of two channels, and by the pixel.
    const pixel = tensor([1, 4, 1], [1, 3, 5, 9]);
    closeTo(numbers('groupnorm', { groups: 2, eps: 0 }, pixel), [-1, 1, -1, 1]);
    const four = tensor([4], [1, 2, 3, 4]);
    closeTo(
      numbers('layernorm', { eps: 0 }, tensor([1, 4, 1], [1, 3, 5, 7]), four, four),
      [-3, -1, 1, 3].map((v, c) => (1 + v / Math.sqrt(5)) * (c + 1)),
    );
  });

  it('shuffles pixels in the order of F.pixel_shuffle', () => {
    const x = tensor([1, 4, 1, 2], [0, 1, 2, 3, 4, 5, 6, 7]);
    const y = run('pixel_shuffle', { upscale_factor: 2 }, x);
    expect(y).toEqual(tensor([1, 1, 2, 4], [0, 2, 1, 3, 4, 6, 5, 7]));
    expect(run('pixel_unshuffle', { downscale_factor: 2 }, y)).toEqual(x);
    expect(numbers('pixel_shuffle', { upscale_factor: 2 }, tensor([1, 2, 2], [1, 2, 3, 4]))).toEqual([1, 3, 2, 4]);
  });

  it('weighs errors as the Jaccard loss grows with them', () => {
    const weights = (errors: number[], labels: number[]) =>
      numbers('lovasz_weights', {}, row(...errors), row(...labels));
    // In the order of falling error the Jaccard index goes from 1 to 1/2 (a true one missed), 1/3 (a false one found), 0.
    closeTo(weights([3, 1, 2], [1, 1, 0]), [1 / 2, 1 / 3, 1 / 6]);
    // Nothing is true: the first false one makes all of the loss.
    closeTo(weights([1, 3, 2], [0, 0, 0]), [0, 1, 0]);
  });

  it('learns slopes, one or one for each channel', () => {
    const x = tensor([1, 2, 2], [-4, 4, -8, 8]);
    closeTo(numbers('prelu', {}, x, tensor([1], [0.25])), [-1, 4, -2, 8]);
    closeTo(numbers('prelu', {}, x, tensor([2], [0.25, 0.5])), [-1, 4, -4, 8]);
  });

  it.each([
    ['conv', 'conv_input_grad'],
    ['upsample', 'upsample_grad'],
    ['avgpool', 'avgpool_grad'],
  ] as const)('%s and %s are adjoint', (op, adjoint) => {
    fc.assert(
      fc.property(fc.gen(), (g) => {
        const draw = drawFrom(g);
        const { attrs, inputs } = cases[op](draw);
        const [x, w] = inputs;
        const given = w === undefined ? [x!] : [x!, w];
        const y = run(op, attrs, ...given);
        const dy = { shape: y.shape, data: y.data.map((_, i) => Math.cos(3 * i)) };
        const back = { ...attrs, shape: x!.shape };
        const dx = w === undefined ? run(adjoint, back, dy) : run(adjoint, back, dy, w);
        expect(dot(y, dy)).toBeCloseTo(dot(x!, dx), 9);
      }),
    );
  });

  it('checks shapes against the graph, symbols included', () => {
    const builder = new GraphBuilder(0, { path: 'net', span: nowhere });
    const x = builder.value({ dtype: 'f32', shape: [sym('N'), num(1), sym('W')] });
    const y = builder.emit('maxpool', [x], { kernel: 2, stride: 2 });
    const graph: Graph = {
      inputs: [{ name: 'image', value: x }],
      params: [],
      nodes: builder.nodes,
      outputs: [{ name: 'y', value: y }],
    };
    const out = evaluate(graph, new Map([['image', row(1, 4, 2, 3)]]));
    expect(out.get('y')).toEqual(row(4, 3));
    expect(() => evaluate(graph, new Map([['image', row(1, 4, 2)]]))).toThrow('W/2');
    expect(() => evaluate(graph, new Map())).toThrow('image');
  });
});
