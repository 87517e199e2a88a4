import type { DType } from '../ir/graph.js';
import { stringAttr } from './attrs.js';
import type { Op } from './op.js';

const types: readonly DType[] = ['f32', 'bf16', 'f16'];

/** bf16 keeps the range of f32 and 8 bits of its precision, f16 11 bits of it from 2^-14 to 65504; rounded to nearest even. */
export const cast: Op = {
  doc: 'The same numbers as another type: `to` is f32, bf16 or f16.',
  infer: (attrs, inputs) => ({
    outputs: [{ dtype: types.find((t) => t === stringAttr(attrs, 'to')) ?? 'f32', shape: inputs[0]!.shape }],
  }),
};
