import { say } from '../../grammar/say.js';
import type { Attrs, TensorType } from '../ir/graph.js';
import type { ArgSpec, Inferred, Refusal } from './op.js';
import { imageInput, refuse } from './refusal.js';
import { readWindow, slide } from './spatial.js';

/** What `maxpool` and `avgpool` share. */
export const poolArgs: readonly ArgSpec[] = [
  { name: 'kernel', type: 'ints', least: 1, doc: 'Window size.' },
  { name: 'stride', type: 'ints', default: 'kernel', least: 1, doc: 'Step between windows; must divide the size.' },
  { name: 'padding', type: 'padding', default: 0, least: 0, doc: 'On each side; smaller than the kernel.' },
];

export function inferPool(op: string, attrs: Attrs, inputs: readonly TensorType[]): Inferred | Refusal {
  const image = imageInput(op, inputs[0]);
  if ('code' in image) return image;
  const window = readWindow(op, attrs, image.rank);
  if ('code' in window) return window;
  // A window must see at least one element of the image, or its maximum would be minus infinity.
  const blind = window.kernel.findIndex((k, i) => window.begin[i]! >= k || window.end[i]! >= k);
  if (blind >= 0) {
    const padding = Math.max(window.begin[blind]!, window.end[blind]!);
    return refuse(say.badArgument.kernel({ padding, op, kernel: window.kernel[blind]! }));
  }
  const [n, c, ...space] = inputs[0]!.shape;
  const out = slide(op, space, window);
  if ('code' in out) return out;
  return { outputs: [{ dtype: inputs[0]!.dtype, shape: [n!, c!, ...out.dims] }], constraints: out.constraints };
}
