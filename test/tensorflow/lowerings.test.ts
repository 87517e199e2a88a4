import { writeSync } from 'node:fs';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { opNames } from '../../compiler/ops/index.js';
import { type Float64Tensor, kernels } from '../../testing/reference/index.js';
import { expectClose, oneOperator, rounded } from '../onnx/run.js';
import { cases } from '../ops/cases.js';
import { drawFrom } from '../ops/draw.js';
import { runTensorFlow } from './run.js';

const feedsOf = (inputs: readonly Float64Tensor[]) => new Map(inputs.map((t, k) => [`x${k}`, t]));

describe('every lowering computes what the reference does', () => {
  test.each(opNames)('%s', async (op) => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        const { attrs, inputs } = cases[op](drawFrom(g));
        if (process.env.DBG) writeSync(2, `${op} ${JSON.stringify(attrs)} ${inputs.map((t) => t.shape.join('x'))}\n`);
        const given = inputs.map(rounded);
        const got = await runTensorFlow(oneOperator(op, attrs, given), feedsOf(given));
        kernels[op](attrs, given).forEach((due, k) => {
          expectClose(got.get(`y${k}`) as Float64Tensor, due, `output ${k} for ${JSON.stringify(attrs)}`);
        });
      }),
      { numRuns: Number(process.env.RUNS ?? 25) },
    );
  });
});
