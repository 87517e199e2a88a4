import type { Dim } from '../../../ir/dim.js';
import type { Window } from '../../../ops/spatial.js';
import type { LoweringContext } from '../lowering.js';
import type { TfTensor } from '../node.js';

/** y = conv(x, w), lifted to two or three dimensions and in TensorFlow's order. */
export interface Convolution {
  readonly to: LoweringContext;
  readonly window: Window;
  readonly groups: number;
  readonly x: readonly Dim[];
  /** [...kernel, I / groups, O] */
  readonly w: readonly number[];
  readonly y: readonly Dim[];
}

/** The three products of a convolution: forward, and the gradients of its input and its filter. */
export interface Products {
  forward(c: Convolution, x: TfTensor, w: TfTensor): TfTensor;
  inputGrad(c: Convolution, dy: TfTensor, w: TfTensor): TfTensor;
  filterGrad(c: Convolution, x: TfTensor, dy: TfTensor): TfTensor;
}
