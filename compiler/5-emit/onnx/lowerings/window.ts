import type { Window } from '../../../ops/spatial.js';
import type { Attribute } from '../schema.js';

/** Attributes that say a convolution's window to ONNX. */
export const windowAttributes = ({ kernel, stride, dilation, begin, end }: Window): Record<string, Attribute> => ({
  kernel_shape: kernel,
  strides: stride,
  dilations: dilation,
  pads: [...begin, ...end],
});
