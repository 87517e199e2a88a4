import { say } from '../../grammar/say.js';
import { knownShape, printShape } from '../ir/dim.js';
import { numberAttr, stringAttr } from './attrs.js';
import type { Op } from './op.js';
import { refuse } from './refusal.js';

const internal = (what: string) => say.badArgument.internal({ what });

/** The range of a quantized activation: one unsigned byte. */
export const activationLevels = { low: 0, high: 255 } as const;

/**
 * What is left of a number once it was one of 256 (Jacob et al., 2018): with `zero`, the level that stands for 0,
 *   (clamp(round(x / scale) + zero, 0, 255) - zero) * scale
 * rounded half to even, as ONNX says. An engine with kernels for bytes keeps the level and computes with it.
 */
export const fakeQuantize: Op = {
  doc: 'Rounds to one of 256 evenly spaced numbers: `scale` apart, `zero` of them below 0.',
  infer(attrs, inputs) {
    const scale = numberAttr(attrs, 'scale');
    const zero = numberAttr(attrs, 'zero');
    const { low, high } = activationLevels;
    if (!(scale > 0 && Number.isFinite(scale))) return refuse(internal(`scale ${scale} is not above 0`));
    if (!(Number.isInteger(zero) && zero >= low && zero <= high))
      return refuse(internal(`zero ${zero} is no level from ${low} to ${high}`));
    return { outputs: [inputs[0]!] };
  },
};

/** The integer types of quantized parameters. */
export type Storage = 'i8' | 'i32';

/**
 * A quantized parameter: (q, scale) -> q * scale, `scale` [channels] along the first axis of q. `type` is what q is
 * stored in, i8 or i32; q may also be f32, holding integers.
 */
export const dequantize: Op = {
  doc: 'Whole numbers times a scale for each place of the first axis: (q, scale) -> q * scale.',
  infer(attrs, inputs) {
    const [q, scale] = inputs;
    const type = stringAttr(attrs, 'type') as Storage;
    if (q!.dtype !== type && q!.dtype !== 'f32') return refuse(internal(`q is ${q!.dtype}, not ${type}`), [], 0);
    const [channels] = knownShape(q!.shape);
    const [length, ...more] = knownShape(scale!.shape);
    if (channels === undefined || length !== channels || more.length > 0) {
      const what = `dequantize needs a scale for each of ${channels} channels, and is given ${printShape(scale!.shape)}`;
      return refuse(say.shapeMismatch.internal({ what }), [], 1);
    }
    return { outputs: [{ dtype: 'f32', shape: q!.shape }] };
  },
};
