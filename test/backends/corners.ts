import type { Attrs } from '../../compiler/ir/graph.js';
import type { OpName } from '../../compiler/ops/index.js';
import { type Float64Tensor, kernels, tensor } from '../../testing/reference/index.js';
import type { Case } from '../ops/cases.js';

/** Cases that random ones miss, in which every engine has to answer the reference's numbers. */
export interface Corner extends Case {
  readonly what: string;
  readonly op: OpName;
  /** How far it may be off, as a share of each number; absent: to the last bit. */
  readonly relative?: number;
}

/** After a ReLU most windows are all zeros, so ties are the rule: the gradient goes to the first of equal maxima. */
const ties: readonly Corner[] = (
  [
    { kernel: 2, stride: 2 },
    { kernel: 3, stride: 1, padding: 1 },
    { kernel: 3, stride: 2, padding: 'same' },
  ] as const
).flatMap((attrs: Attrs) =>
  [3, 5, 7].map((modulus): Corner => {
    const x = tensor(
      [1, 1, 6, 6],
      Array.from({ length: 36 }, (_, i) => Math.max(0, ((i * i + 3 * i) % modulus) - 2)),
    );
    const y = kernels.maxpool(attrs, [x])[0] as Float64Tensor;
    const dy = { shape: y.shape, data: y.data.map((_, i) => i + 1) };
    return { what: `ties modulo ${modulus} in maxpool_grad`, op: 'maxpool_grad', attrs, inputs: [x, y, dy] };
  }),
);

const masks: readonly Corner[] = [0, 1, 42, 2 ** 31, 2 ** 40 + 3].map((seed) => ({
  what: `the dropout mask of seed ${seed}`,
  op: 'dropout_mask',
  // 1 / (1 - rate) is a number of single precision.
  attrs: { rate: 0.5, salt: 7, shape: [2, 3, 5, 7] },
  inputs: [tensor([], [seed])],
}));

/** A permutation: every error another. Differences of 1 - I/U would leave two digits of weights this small. */
const lovasz: Corner = {
  what: 'lovasz_weights keep their digits on a large image',
  op: 'lovasz_weights',
  attrs: {},
  inputs: [(k: number) => ((k * 5003) % 9216) / 4096, (k: number) => (k % 7 < 2 ? 1 : 0)].map((f) =>
    tensor(
      [1, 1, 96, 96],
      Array.from({ length: 96 * 96 }, (_, k) => f(k)),
    ),
  ),
  relative: 1e-6,
};

const counting = (shape: readonly number[], modulus: number): Float64Tensor =>
  tensor(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => (k % modulus) - 2),
  );

/** Whole numbers that bf16 holds: half of them fall outside of a volume that is one element deep. */
const flat: readonly Corner[] = [1, 2].flatMap((groups) =>
  [
    [1, 1, 1],
    [1, 2, 1],
    [1, 4, 4],
  ].map((size): Corner => {
    const channels = 2 * groups;
    const attrs = { channels, kernel: 3, stride: 1, padding: 'same', dilation: 1, groups, bias: false } as const;
    const inputs = [counting([2, groups, ...size], 5), counting([channels, 1, 3, 3, 3], 7)];
    return { what: `volumes of ${size.join(' x ')}, one channel in ${groups} groups`, op: 'conv', attrs, inputs };
  }),
);

export const corners: readonly Corner[] = [
  lovasz,
  ...flat,
  ...ties,
  ...masks,
  {
    what: 'relu_grad passes nothing at zero and everything above, however small',
    op: 'relu_grad',
    attrs: {},
    inputs: [tensor([5], [3, 3, -3, 3, 3]), tensor([5], [0, 1.2e-38, 1e-10, 1, 3e38].map(Math.fround))],
  },
];
