import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Attrs } from '../../compiler/ir/graph.js';
import { opNames } from '../../compiler/ops/index.js';
import { type Float64Tensor, kernels, tensor } from '../../testing/reference/index.js';
import { cases } from '../ops/cases.js';
import { drawFrom } from '../ops/draw.js';
import { expectClose, oneOperator, rounded, runOnnx } from './run.js';

const feedsOf = (inputs: readonly Float64Tensor[]) => new Map(inputs.map((t, k) => [`x${k}`, t]));

describe('every lowering computes what the reference does', () => {
  test.each(opNames)('%s', async (op) => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        const { attrs, inputs } = cases[op](drawFrom(g));
        const given = inputs.map(rounded);
        const got = await runOnnx(oneOperator(op, attrs, given), feedsOf(given));
        kernels[op](attrs, given).forEach((due, k) => {
          expectClose(got.get(`y${k}`) as Float64Tensor, due, `output ${k} for ${JSON.stringify(attrs)}`);
        });
      }),
      { numRuns: 25 },
    );
  });
});

test('a gradient of maxpool goes to the first of equal maxima, in overlapping windows too', async () => {
  // After a ReLU most windows are all zeros, so ties are the rule.
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(0, 0, 0, 1, 2), { minLength: 36, maxLength: 36 }),
      fc.constantFrom<Attrs[]>(
        { kernel: 2, stride: 2 },
        { kernel: 3, stride: 1, padding: 1 },
        { kernel: 3, stride: 2, padding: 'same' },
      ),
      async (numbers, attrs) => {
        const x = tensor([1, 1, 6, 6], numbers);
        const y = kernels.maxpool(attrs, [x])[0]!;
        const dy = { shape: y.shape, data: y.data.map((_, i) => i + 1) };
        const got = await runOnnx(oneOperator('maxpool_grad', attrs, [x, y, dy]), feedsOf([x, y, dy]));
        expectClose(got.get('y0')!, kernels.maxpool_grad(attrs, [x, y, dy])[0]!, JSON.stringify(attrs));
      },
    ),
    { numRuns: 60 },
  );
});

test('a dropout mask is the reference’s to the last bit, for any seed', async () => {
  const attrs = { rate: 0.3, salt: 7, shape: [2, 3, 5, 7] };
  for (const seed of [0, 1, 42, 2 ** 31, 2 ** 40 + 3]) {
    const seeds = [tensor([], [seed])];
    const got = await runOnnx(oneOperator('dropout_mask', attrs, seeds), feedsOf(seeds));
    const due = kernels.dropout_mask(attrs, seeds)[0]!;
    expect(Array.from(got.get('y0')!.data)).toEqual(Array.from(Float32Array.from(due.data)));
  }
});

test('relu_grad passes nothing at zero and everything above, however small', async () => {
  const y = tensor([5], [0, 1.2e-38, 1e-10, 1, 3e38]);
  const dy = tensor([5], [3, 3, -3, 3, 3]);
  const got = await runOnnx(oneOperator('relu_grad', {}, [dy, y]), feedsOf([dy, y]));
  expect(Array.from(got.get('y0')!.data)).toEqual([0, 3, -3, 3, 3]);
});

test('lovasz_weights keep their digits on a large image, in single precision', async () => {
  const shape = [1, 1, 96, 96];
  const numbers = Array.from({ length: 96 * 96 }, (_, k) => k);
  // A permutation: every error another.
  const errors = tensor(
    shape,
    numbers.map((k) => ((k * 5003) % 9216) / 4096),
  );
  const labels = tensor(
    shape,
    numbers.map((k) => (k % 7 < 2 ? 1 : 0)),
  );
  const got = await runOnnx(oneOperator('lovasz_weights', {}, [errors, labels]), feedsOf([errors, labels]));
  const due = kernels.lovasz_weights({}, [errors, labels])[0]!;
  for (const [k, v] of due.data.entries()) expect(Math.abs(got.get('y0')!.data[k]! / v - 1)).toBeLessThan(1e-6);
});
