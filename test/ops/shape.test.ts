import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateDim, knownShape, num, sym } from '../../compiler/ir/dim.js';
import type { TensorType } from '../../compiler/ir/graph.js';
import { type OpName, opNames, opOf } from '../../compiler/ops/index.js';
import { isRefusal } from '../../compiler/ops/op.js';
import { kernels } from '../../testing/reference/index.js';
import { cases as runs } from '../cases.js';
import { typeOf } from './build.js';
import { cases } from './cases.js';
import { drawFrom } from './draw.js';

/** The types `infer` is asked about: without the operator's own parameters. */
const tensorsOf = (op: OpName, types: readonly TensorType[]): readonly TensorType[] =>
  opOf(op).parameters ? types.slice(0, 1) : types;

/** The same type with symbols for N and the spatial sizes. */
const symbolic = ({ dtype, shape }: TensorType): TensorType => ({
  dtype,
  shape: shape.map((d, i) => (i === 1 ? d : sym(`s${i}`))),
});

const overImages: readonly OpName[] = [
  'conv',
  'conv_transpose',
  'maxpool',
  'avgpool',
  'global_avgpool',
  'upsample',
  'batchnorm',
  'instancenorm',
  'groupnorm',
  'layernorm',
  'prelu',
  'pixel_shuffle',
  'pixel_unshuffle',
  'pad',
  'crop',
];

describe('shape rules', () => {
  for (const op of opNames) {
    it(`of ${op} say what the reference returns`, () => {
      fc.assert(
        fc.property(fc.gen(), (g) => {
          const { attrs, inputs } = cases[op](drawFrom(g));
          const inferred = opOf(op).infer(
            attrs,
            tensorsOf(
              op,
              inputs.map((t) => typeOf(t, op)),
            ),
          );
          if (isRefusal(inferred)) throw new Error(inferred.message);
          const outputs = kernels[op](attrs, inputs);
          expect(inferred.outputs.map((t) => knownShape(t.shape))).toEqual(outputs.map((t) => [...t.shape]));
          for (const t of outputs) expect(t.data.length).toBe(t.shape.reduce((a, b) => a * b, 1));
        }),
        runs(60),
      );
    });
  }

  for (const op of overImages) {
    it(`of ${op} hold for every size at once`, () => {
      fc.assert(
        fc.property(fc.gen(), (g) => {
          const draw = drawFrom(g);
          const { attrs, inputs } = cases[op](draw);
          const type = typeOf(inputs[0]!);
          const numbers = type.shape.map((d, i) => (i === 1 ? d.offset : draw.int(1, 12)));
          const fixed = opOf(op).infer(attrs, [{ dtype: 'f32', shape: numbers.map(num) }]);
          const any = opOf(op).infer(attrs, [symbolic(type)]);
          if (isRefusal(any)) throw new Error(any.message);
          const sizes = Object.fromEntries(numbers.map((size, i) => [`s${i}`, size]));
          const kept = (any.constraints ?? []).every(({ dim, divisor, least }) => {
            const value = evaluateDim(dim, sizes);
            return value % (divisor ?? 1) === 0 && value >= (least ?? value);
          });
          // What breaks a constraint is just what is refused.
          expect(kept).toBe(!isRefusal(fixed));
          if (isRefusal(fixed)) return;
          const shapes = any.outputs.map((t) => t.shape.map((d) => evaluateDim(d, sizes)));
          expect(shapes).toEqual(fixed.outputs.map((t) => knownShape(t.shape)));
        }),
        runs(100),
      );
    });
  }

  it('ask for divisible sizes where a window strides', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 2, max: 5 }), (size, stride) => {
        const x: TensorType = { dtype: 'f32', shape: [num(1), num(2), num(size)] };
        for (const [op, attrs] of [
          ['maxpool', { kernel: stride, stride }],
          ['avgpool', { kernel: stride, stride: 'kernel', padding: 0 }],
          ['conv', { channels: 3, kernel: 3, stride, padding: 'same' }],
        ] as const) {
          const answer = opOf(op).infer(attrs, [x]);
          if (size % stride === 0) {
            expect(isRefusal(answer) ? answer : knownShape(answer.outputs[0]!.shape)[2]).toBe(size / stride);
          } else {
            expect(answer).toMatchObject({ code: 'size-not-divisible', input: 0 });
          }
        }
      }),
    );
  });
});

describe('own parameters', () => {
  for (const op of [
    'conv',
    'conv_transpose',
    'batchnorm',
    'instancenorm',
    'groupnorm',
    'layernorm',
    'prelu',
  ] as const) {
    it(`of ${op} are the ones its kernel takes`, () => {
      fc.assert(
        fc.property(fc.gen(), (g) => {
          const { attrs, inputs } = cases[op](drawFrom(g));
          const owned = opOf(op).parameters!(attrs, [typeOf(inputs[0]!)]);
          expect(owned.map((p) => [...p.shape])).toEqual(inputs.slice(1).map((t) => [...t.shape]));
        }),
        runs(60),
      );
    });
  }

  const image: TensorType = { dtype: 'f32', shape: [sym('N'), num(8), sym('H'), sym('W')] };

  it('start as He et al. say, biases at 0', () => {
    const attrs = { channels: 6, kernel: [3, 5], groups: 2, bias: true, padding: 'same', stride: 1, dilation: 1 };
    expect(opOf('conv').parameters!(attrs, [image])).toEqual([
      { name: 'weight', shape: [6, 4, 3, 5], role: 'weight', init: { kind: 'he_normal', fanIn: 60 } },
      { name: 'bias', shape: [6], role: 'weight', init: { kind: 'constant', value: 0 } },
    ]);
    const up = { channels: 6, kernel: 2, stride: 2, padding: 'same', bias: false };
    expect(opOf('conv_transpose').parameters!(up, [image])).toEqual([
      { name: 'weight', shape: [8, 6, 2, 2], role: 'weight', init: { kind: 'he_normal', fanIn: 8 } },
    ]);
  });

  it('of batch norm carry the names PyTorch gives them', () => {
    const owned = opOf('batchnorm').parameters!({ eps: 1e-5, momentum: 0.1 }, [image]);
    expect(owned.map((p) => [p.name, p.role, p.init.kind === 'constant' && p.init.value])).toEqual([
      ['weight', 'weight', 1],
      ['bias', 'weight', 0],
      ['running_mean', 'statistic', 0],
      ['running_var', 'statistic', 1],
    ]);
  });
});
