import type { Node, Value } from '../../../ir/graph.js';
import { resolveWindow } from '../../../ops/spatial.js';
import { cantSay, type Lowering, type LoweringContext } from '../lowering.js';
import { channelsLast, padded } from './layout.js';
import { placement } from './window.js';

const pool =
  (kind: 'MaxPooling' | 'AveragePooling'): Lowering =>
  (to) => {
    const rank = to.spatialRank();
    const window = resolveWindow(to.attrs, rank);
    const { padding, zeros } = placedFor(kind, window);
    if (zeros && kind === 'MaxPooling' && !nonNegative(to, to.value())) {
      return cantSay(
        'the padding of this maxpool is at other places than `same` of TensorFlow.js, and zeros could win over a negative input',
        'put relu before it, or use padding: 0',
      );
    }
    const x = zeros ? padded(to, to.input(), zeros, { channels: to.channels(), last: false }) : to.input();
    if (typeof x !== 'string') return x;
    const config = { pool_size: window.kernel, strides: window.stride, padding };
    return to.layer(`${kind}${rank}D`, [x], rank === 1 ? config : { ...config, ...channelsLast });
  };

/** Padding counts as zeros in our mean; TensorFlow.js leaves it out of the mean, so there it is put around before. */
function placedFor(kind: 'MaxPooling' | 'AveragePooling', window: ReturnType<typeof resolveWindow>) {
  const placed = placement(window);
  if (kind === 'MaxPooling' || placed.padding === 'valid') return placed;
  return { padding: 'valid', zeros: { begin: window.begin, end: window.end } } as const;
}

export const maxpool: Lowering = pool('MaxPooling');
export const avgpool: Lowering = pool('AveragePooling');

/** Operators whose output is never negative, and those for which it is not if their inputs are not. */
const positive: ReadonlySet<Node['op']> = new Set(['relu', 'sigmoid', 'softmax']);
const keeping: ReadonlySet<Node['op']> = new Set([
  'maxpool',
  'avgpool',
  'global_avgpool',
  'dropout',
  'upsample',
  'concat',
  'add',
  'mul',
  'mean',
  'max',
  'pad',
  'crop',
]);

/** Whether a value is proven to be at least 0 everywhere: beside such a value zeros are as good as no padding. */
function nonNegative(to: LoweringContext, value: Value): boolean {
  // A set is visited in the order of insertion, what is added on the way included.
  const asked = new Set([value]);
  for (const v of asked) {
    const node = to.producer(v);
    if (node && positive.has(node.op)) continue;
    if (!node || !keeping.has(node.op)) return false;
    for (const input of node.inputs) asked.add(input);
  }
  return true;
}

/** Global pools of layers drop the dimensions that become 1. */
export const globalAvgpool: Lowering = (to) => {
  const rank = to.spatialRank();
  const channels = to.channels();
  // In three dimensions the mean over [D H W, 1], which is the same.
  const x =
    rank === 3 ? to.helper('flatten', 'Reshape', [to.input()], { target_shape: [-1, 1, channels] }) : to.input();
  const mean =
    rank === 1
      ? to.helper('mean', 'GlobalAveragePooling1D', [x], {})
      : to.helper('mean', 'GlobalAveragePooling2D', [x], channelsLast);
  return to.layer('Reshape', [mean], { target_shape: [...new Array<number>(rank).fill(1), channels] });
};
