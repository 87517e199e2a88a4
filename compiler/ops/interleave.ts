import { say } from '../../grammar/say.js';
import { printShape, sameShape, times } from '../ir/dim.js';
import { listAttr } from './attrs.js';
import type { Op } from './op.js';
import { refuse } from './refusal.js';

/**
 * Small images as the phases of a large one: with scale s, element (s h + p, s w + q) is element (h, w) of input p s + q.
 * What pixel_shuffle does (Shi et al., 2016), of images that are not one tensor yet.
 */
export const interleave: Op = {
  doc: 'Weaves as many small images as the product of `scale` into a large one, the last dimension the fastest.',
  infer(attrs, inputs) {
    const scale = listAttr(attrs, 'scale');
    const { dtype, shape } = inputs[0]!;
    const [n, c, ...space] = shape;
    const phases = scale.reduce((a, b) => a * b, 1);
    if (
      n === undefined ||
      c === undefined ||
      space.length !== scale.length ||
      inputs.length !== phases ||
      inputs.some((x) => !sameShape(x.shape, shape))
    ) {
      const shapes = inputs.map((x) => printShape(x.shape)).join(', ');
      return refuse(say.badArgument.internal({ what: `interleave by ${scale} of ${shapes}` }), [], 0);
    }
    return { outputs: [{ dtype, shape: [n, c, ...space.map((d, i) => times(d, scale[i] as number))] }] };
  },
};
