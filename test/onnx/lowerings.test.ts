import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { opNames } from '../../compiler/ops/index.js';
import { type Float64Tensor, kernels, tensor } from '../../testing/reference/index.js';
import { cases } from '../ops/cases.js';
import { drawFrom } from '../ops/draw.js';
import { oneOperator, runOnnx } from './run.js';

/** The numbers an engine sees: rounded to single precision. */
const rounded = (t: Float64Tensor): Float64Tensor => tensor(t.shape, Float32Array.from(t.data));

function expectClose(got: Float64Tensor, due: Float64Tensor, what: string): void {
  expect(got.shape, what).toEqual(due.shape);
  const scale = due.data.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
  due.data.forEach((v, i) => {
    const off = Math.abs((got.data[i] as number) - v);
    if (!(off <= 2e-5 * scale)) expect.fail(`${what}[${i}] is ${got.data[i]}, the reference says ${v}`);
  });
}

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
