import { listAttr } from '../../../ops/attrs.js';
import { dropoutHash, dropoutKey } from '../../../ops/dropout.js';
import { product } from '../../shared.js';
import type { Lowering } from '../lowering.js';
import type { TfTensor } from '../node.js';
import { toImage } from './shaping.js';

/** The hash of `dropoutHash`, in int64, over elements in the IR's order, so that every engine drops the same ones. */
export const dropoutMask: Lowering = (to) => {
  const { b } = to;
  const { saltKey, threshold, keep } = dropoutKey(to.attrs);
  const shape = listAttr(to.attrs, 'shape');
  const modulus = b.long(dropoutHash.modulus);
  const multiplier = b.long(dropoutHash.multiplier);
  const mod = (x: TfTensor) => b.op('FloorMod', [x, modulus]);
  const mul = (x: TfTensor, y: TfTensor) => b.op('Mul', [x, y]);
  const plus = (x: TfTensor, y: TfTensor) => b.op('AddV2', [x, y]);
  const square = (x: TfTensor, y: TfTensor) => mod(plus(mul(x, x), y));

  const k = mod(to.input(0));
  const a = mod(plus(mul(k, multiplier), b.long(saltKey)));
  const offset = square(a, k);
  const range = [b.long(0), b.long(product(shape)), b.long(1)];
  const index = b.split('Range', range, { Tidx: { type: 'int64' } }, ['int64'])[0] as TfTensor;
  const x = mod(plus(mul(index, multiplier), offset));
  const z = square(square(x, a), x);
  const kept = b.split('GreaterEqual', [z, b.long(threshold)], { T: { type: 'int64' } }, ['bool'])[0] as TfTensor;
  return toImage(to, b.op('Mul', [b.cast(kept, 'float'), b.float(keep)]), shape);
};
