import { listAttr } from '../../../ops/attrs.js';
import { dropoutHash, dropoutKey } from '../../../ops/dropout.js';
import { product } from '../../shared.js';
import type { Lowering } from '../lowering.js';

const float = 1;

/** The hash of `dropoutHash`, in int64; ONNX's Mod with a positive divisor is never negative. */
export const dropoutMask: Lowering = (to) => {
  const { model } = to;
  const { saltKey, threshold, keep } = dropoutKey(to.attrs);
  const shape = listAttr(to.attrs, 'shape');
  const modulus = model.int(dropoutHash.modulus);
  const multiplier = model.int(dropoutHash.multiplier);
  const mod = (x: string) => model.node('Mod', [x, modulus]);
  const mul = (a: string, b: string) => model.node('Mul', [a, b]);
  const plus = (a: string, b: string) => model.node('Add', [a, b]);
  const square = (a: string, b: string) => mod(plus(mul(a, a), b));

  const k = mod(to.input(0));
  const a = mod(plus(mul(k, multiplier), model.int(saltKey)));
  const b = square(a, k);
  const index = model.node('Range', [model.int(0), model.int(product(shape)), model.int(1)]);
  const x = mod(plus(mul(index, multiplier), b));
  const z = square(square(x, a), x);
  const kept = model.node('Not', [model.node('Less', [z, model.int(threshold)])]);
  const mask = model.node('Mul', [model.node('Cast', [kept], { to: float }), model.float(keep)]);
  return model.node('Reshape', [mask, model.ints(shape)]);
};
