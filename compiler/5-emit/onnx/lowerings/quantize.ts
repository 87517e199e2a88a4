import { numberAttr, stringAttr } from '../../../ops/attrs.js';
import type { Storage } from '../../../ops/quantize.js';
import type { Lowering } from '../lowering.js';

/**
 * The pair that engines look for (ONNX Runtime's QDQ format): an operator between such pairs runs in int8, and the
 * pair is not run at all.
 */
export const fakeQuantize: Lowering = (to) => {
  const { model } = to;
  const scale = model.float(numberAttr(to.attrs, 'scale'));
  const zero = model.byte(numberAttr(to.attrs, 'zero'));
  return model.node('DequantizeLinear', [model.node('QuantizeLinear', [to.input(0), scale, zero]), scale, zero]);
};

/** ONNX's element type numbers, for Cast. */
const elementTypes: Readonly<Record<Storage, number>> = { i8: 3, i32: 6 };

export const dequantize: Lowering = (to) => {
  const type = stringAttr(to.attrs, 'type') as Storage;
  const isStored = to.value(0).type.dtype === type;
  const q = isStored ? to.input(0) : to.model.node('Cast', [to.input(0)], { to: elementTypes[type] });
  return to.model.node('DequantizeLinear', [q, to.input(1)], { axis: 0 });
};
