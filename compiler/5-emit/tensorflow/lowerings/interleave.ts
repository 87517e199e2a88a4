import { listAttr } from '../../../ops/attrs.js';
import type { Lowering } from '../lowering.js';
import { concatenated } from './conv.js';

/**
 * Channels are last here, so phases joined along the axis behind the one in question, [N, H, W, q C], lie in memory as they are to:
 * [N, H, W q, C] is only another name.
 */
export const interleave: Lowering = (to) => {
  const scale = listAttr(to.attrs, 'scale');
  let images = to.inputs;
  for (let i = scale.length - 1; i >= 0; i--) {
    const phases = scale[i] as number;
    images = Array.from({ length: images.length / phases }, (_, k) =>
      concatenated(to, images.slice(k * phases, (k + 1) * phases), i + 2),
    );
  }
  return to.reshape(images[0] as (typeof images)[number], to.shape(to.output()));
};
