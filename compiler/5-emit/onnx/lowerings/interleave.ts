import { listAttr } from '../../../ops/attrs.js';
import type { Lowering } from '../lowering.js';
import { larger, reshaped, sizesOf } from './sizes.js';

/**
 * Joined behind the axis in question, [N, C, H, p, W], phases lie in memory as they are to: [N, C, H p, W] is only another name. So
 * each axis is a Concat, the last first, and one Reshape ends it. ONNX Runtime's DepthToSpace takes twice as long.
 */
export const interleave: Lowering = (to) => {
  const { model } = to;
  const scale = listAttr(to.attrs, 'scale');
  const rank = scale.length;
  const behind = model.ints([rank + 2]);
  let images = scale[rank - 1] === 1 ? to.inputs : to.inputs.map((x) => model.node('Unsqueeze', [x, behind]));
  for (let i = rank - 1; i >= 0; i--) {
    const phases = scale[i] as number;
    if (phases === 1) continue;
    images = Array.from({ length: images.length / phases }, (_, k) =>
      model.node('Concat', images.slice(k * phases, (k + 1) * phases), { axis: i + 3 }),
    );
  }
  const [n = 1, , ...space] = sizesOf(to);
  const large = space.map((size, i) => larger(to, size, scale[i] as number));
  return reshaped(to, images[0] as string, [n, to.channels(), ...large]);
};
