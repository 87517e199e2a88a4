import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ir/builder.js';
import { type OpName, opNames, opOf } from '../../compiler/ops/index.js';
import { isRefusal } from '../../compiler/ops/op.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { type Float64Tensor, kernels, tensor } from '../../testing/reference/index.js';
import { cases as runs } from '../cases.js';
import { gradients, typeOf } from './build.js';
import { type Case, cases } from './cases.js';
import { drawFrom } from './draw.js';

const step = 1e-5;

/** dL/dx by central differences, L being the first output weighted by dy. */
function differences(op: OpName, { attrs, inputs }: Case, dy: Float64Tensor, k: number): number[] {
  const loss = (): number => {
    const y = kernels[op](attrs, inputs)[0]!;
    return y.data.reduce((sum, value, i) => sum + value * dy.data[i]!, 0);
  };
  const { data } = inputs[k]!;
  return Array.from(data, (value, i) => {
    data[i] = value + step;
    const above = loss();
    data[i] = value - step;
    const below = loss();
    data[i] = value;
    return (above - below) / (2 * step);
  });
}

/** Operators of inference graphs alone, and those that only gradients and optimizers use. */
const withoutGradient: readonly OpName[] = [
  'batchnorm',
  'dropout',
  'batchnorm_grad',
  'instancenorm_grad',
  'conv_input_grad',
  'conv_filter_grad',
  'relu_grad',
  'gelu_grad',
  'maxpool_grad',
  'avgpool_grad',
  'upsample_grad',
  'upsample_kernel_grad',
  'cast',
  'interleave',
  'fake_quantize',
  'dequantize',
  'sgd_update',
  'adam_update',
];

describe('gradients', () => {
  it('exist for every operator that a training graph differentiates', () => {
    expect(opNames.filter((op) => !opOf(op).gradient).sort()).toEqual([...withoutGradient].sort());
  });

  for (const op of opNames) {
    if (withoutGradient.includes(op)) continue;
    it(`of ${op} agree with finite differences`, () => {
      fc.assert(
        fc.property(fc.gen(), (g) => {
          const draw = drawFrom(g);
          const c = cases[op](draw);
          const y = kernels[op](c.attrs, c.inputs)[0]!;
          const dy = { shape: y.shape, data: y.data.map((_, i) => Math.sin(1 + 5.3 * i)) };
          const found = gradients(op, c, dy);
          for (const k of c.inputs.keys()) {
            // Seeds and labels are no variables.
            if (op === 'dropout_mask' || (op === 'lovasz_weights' && k === 1)) continue;
            const due = differences(op, c, dy, k);
            const got = found[k]?.data ?? due.map(() => 0);
            if (found[k]) expect(found[k]?.shape).toEqual(c.inputs[k]?.shape);
            for (const [i, value] of due.entries()) {
              expect(Math.abs(got[i]! - value), `input ${k}, element ${i}: ${got[i]} for ${value}`).toBeLessThan(
                1e-6 * (1 + Math.abs(value)),
              );
            }
          }
        }),
        runs(100),
      );
    });
  }

  it('come only for the inputs that want them', () => {
    for (const op of ['conv', 'mul', 'add', 'concat', 'max', 'batchnorm_train'] as const) {
      fc.assert(
        fc.property(fc.gen(), (g) => {
          const c = cases[op](drawFrom(g));
          const types = c.inputs.map((t) => typeOf(t));
          const values = types.map((type, id) => ({ id, type, origin: { path: op, span: nowhere } }));
          const inferred = opOf(op).infer(c.attrs, opOf(op).parameters ? types.slice(0, 1) : types);
          if (isRefusal(inferred)) throw new Error(inferred.message);
          const builder = new GraphBuilder(100, { path: op, span: nowhere });
          const outputs = inferred.outputs.map((type) => builder.value(type));
          const found = opOf(op).gradient!({
            attrs: c.attrs,
            inputs: values,
            outputs,
            outputGradients: outputs.map((y, k) => (k === 0 ? builder.value(y.type) : null)),
            needed: values.map(() => false),
            build: builder,
          });
          expect(found.filter((v) => v !== null)).toEqual([]);
        }),
        runs(5),
      );
    }
  });

  it('at kinks and ties are those of PyTorch', () => {
    const at = (op: OpName, attrs: Case['attrs'], ...rows: number[][]): (number[] | null)[] => {
      const inputs = rows.map((values) => tensor([values.length], values));
      const dy = tensor([rows[0]!.length], new Array(rows[0]!.length).fill(1));
      return gradients(op, { attrs, inputs }, dy).map((t) => t && Array.from(t.data));
    };
    expect(at('relu', {}, [-1, 0, 1])).toEqual([[0, 0, 1]]);
    expect(at('leaky_relu', { slope: 0.25 }, [-1, 0, 1])).toEqual([[0.25, 0.25, 1]]);
    const kink = tensor([1, 1, 3], [-1, 0, 1]);
    const ones = tensor([1, 1, 3], [1, 1, 1]);
    const learned = gradients('prelu', { attrs: {}, inputs: [kink, tensor([1], [0.25])] }, ones);
    expect(learned.map((t) => Array.from(t!.data))).toEqual([[0.25, 0.25, 1], [-1]]);
    expect(at('elu', { alpha: 2 }, [0, 1])).toEqual([[2, 1]]);
    expect(at('abs', {}, [-1, 0, 1])).toEqual([[-1, 0, 1]]);
    expect(at('clip', { min: 0, max: 1 }, [-1, 0, 0.5, 1, 2])).toEqual([[0, 1, 1, 1, 0]]);
    expect(at('max', {}, [1, 2, 3], [1, 3, 2])).toEqual([
      [0.5, 0, 1],
      [0.5, 1, 0],
    ]);
    expect(at('greater', {}, [1], [2])).toEqual([null, null]);
  });
});
