import type { Node } from '../../ir/graph.js';
import { stringAttr } from '../../ops/attrs.js';
import type { OpName } from '../../ops/index.js';

/**
 * What an operator does with numbers that are levels of a scale:
 *
 *   multiplies  has a kernel that multiplies bytes: worth quantizing for
 *   moves       returns elements of its input unchanged: input and output share a scale
 *   blends      has an int8 kernel whose output has a scale of its own
 *   float       computes in f32
 */
export type Role = 'multiplies' | 'moves' | 'blends' | 'float';

const roles: Readonly<Partial<Record<OpName, Role>>> = {
  conv: 'multiplies',
  maxpool: 'moves',
  upsample: 'moves',
  crop: 'moves',
  pixel_shuffle: 'moves',
  pixel_unshuffle: 'moves',
  concat: 'moves',
  add: 'blends',
  mul: 'blends',
  avgpool: 'blends',
  global_avgpool: 'blends',
  leaky_relu: 'blends',
  sigmoid: 'blends',
};

/** Of operators that have int8 kernels in ONNX Runtime; all others compute in f32. */
export function roleOf({ op, attrs, inputs }: Node): Role {
  const role = roles[op] ?? 'float';
  // Blending neighbours has no kernel on bytes that the engines agree on; more than two summands have none at all.
  if (op === 'upsample' && stringAttr(attrs, 'mode', 'nearest') !== 'nearest') return 'float';
  if ((op === 'add' || op === 'mul') && inputs.length !== 2) return 'float';
  return role;
}

/** Why a node with many multiplications stays in f32 in any case; null where none does. */
export const unsupportedReason = ({ op }: Node): string | null =>
  op === 'conv_transpose' ? 'ONNX Runtime has no int8 kernel for transposed convolutions' : null;
