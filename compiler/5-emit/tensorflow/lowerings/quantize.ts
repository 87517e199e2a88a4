import { numberAttr } from '../../../ops/attrs.js';
import { activationLevels } from '../../../ops/quantize.js';
import type { Lowering } from '../lowering.js';

/** In floats: TensorFlow's own operators for it move `zero` about. Its Round is half to even. */
export const fakeQuantize: Lowering = (to) => {
  const { b } = to;
  const x = to.input(0);
  const zero = numberAttr(to.attrs, 'zero');
  const scale = b.float(numberAttr(to.attrs, 'scale'), x.type);
  const level = b.op('Round', [b.op('RealDiv', [x, scale])]);
  const bounded = b.op('Minimum', [
    b.op('Maximum', [level, b.float(activationLevels.low - zero, x.type)]),
    b.float(activationLevels.high - zero, x.type),
  ]);
  return b.op('Mul', [bounded, scale]);
};

/** Quantized values are floats here: TensorFlow has no int8 kernels for them. */
export const dequantize: Lowering = (to) => {
  const at = to.axis(to.value(0), 0);
  const along = to.shape(to.value(0)).map((_, k) => (k === at ? -1 : 1));
  return to.b.op('Mul', [to.input(0), to.b.reshape(to.input(1), along)]);
};
