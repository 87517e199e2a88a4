import { stringAttr } from './attrs.js';
import type { Op } from './op.js';

/** bf16 keeps the range of f32 and 8 bits of its precision, rounded to nearest even. */
export const cast: Op = {
  doc: 'The same numbers as another type: `to` is f32 or bf16.',
  infer: (attrs, inputs) => ({
    outputs: [{ dtype: stringAttr(attrs, 'to') === 'bf16' ? 'bf16' : 'f32', shape: inputs[0]!.shape }],
  }),
};
