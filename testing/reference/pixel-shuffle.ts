import { type Float64Tensor, forEachIndex, stridesOf, zeros } from './tensor.js';

/**
 * Visits every element of the large tensor [N, C, ...space * r]: its flat index, and that of the element of the small one,
 * [N, C r^d, ...space], that is the same: channel c r^d + the row-major place within the r^d block.
 */
function forEachPair(
  large: readonly number[],
  small: readonly number[],
  r: number,
  visit: (large: number, small: number) => void,
): void {
  const strides = stridesOf(small);
  forEachIndex(large, ([n, c, ...space], flat) => {
    const place = space.reduce((at, p) => at * r + (p % r), 0);
    const channel = c! * r ** space.length + place;
    const inner = space.reduce((at, p, i) => at + Math.floor(p / r) * strides[i + 2]!, 0);
    visit(flat, n! * strides[0]! + channel * strides[1]! + inner);
  });
}

export function pixelShuffle(x: Float64Tensor, r: number): Float64Tensor {
  const [n, c, ...space] = x.shape;
  const y = zeros([n!, c! / r ** space.length, ...space.map((size) => size * r)]);
  forEachPair(y.shape, x.shape, r, (to, from) => {
    y.data[to] = x.data[from]!;
  });
  return y;
}

export function pixelUnshuffle(x: Float64Tensor, r: number): Float64Tensor {
  const [n, c, ...space] = x.shape;
  const y = zeros([n!, c! * r ** space.length, ...space.map((size) => size / r)]);
  forEachPair(x.shape, y.shape, r, (from, to) => {
    y.data[to] = x.data[from]!;
  });
  return y;
}
