/** A dense tensor in double precision, row-major. An i64 tensor is one whose elements are whole. */
export interface Float64Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export const zeros = (shape: readonly number[]): Float64Tensor => ({
  shape,
  data: new Float64Array(sizeOf(shape)),
});

export function tensor(shape: readonly number[], data: ArrayLike<number>): Float64Tensor {
  if (data.length !== sizeOf(shape)) throw new Error(`${data.length} numbers for a tensor [${shape.join(', ')}]`);
  return { shape, data: Float64Array.from(data) };
}

/** Elements to step over for one more of each index. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

/** Visits every multi-index of `shape` in row-major order; the array is reused. */
export function forEachIndex(shape: readonly number[], visit: (index: readonly number[], flat: number) => void): void {
  const index = new Array<number>(shape.length).fill(0);
  const count = sizeOf(shape);
  for (let flat = 0; flat < count; flat++) {
    visit(index, flat);
    for (let i = shape.length - 1; i >= 0; i--) {
      index[i]!++;
      if (index[i]! < shape[i]!) break;
      index[i] = 0;
    }
  }
}

/** A tensor [N, C, ...spatial] as N * C planes. */
export interface Planes {
  readonly batch: number;
  readonly channels: number;
  readonly space: readonly number[];
  /** Elements of a plane. */
  readonly area: number;
}

export function planesOf(shape: readonly number[]): Planes {
  const [batch = 1, channels = 1, ...space] = shape;
  return { batch, channels, space, area: sizeOf(space) };
}
