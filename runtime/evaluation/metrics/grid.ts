/** Places of a mask of any rank, row-major. */

/** A mask: 0 or not at each place. */
export type Region = Uint8Array;

export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** How far neighbours along each axis lie apart. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let a = shape.length - 2; a >= 0; a--) strides[a] = (strides[a + 1] as number) * (shape[a + 1] as number);
  return strides;
}

/** @throws Error unless the mask fills the shape and each axis has a spacing above 0 */
export function checkGrid(length: number, shape: readonly number[], spacing: readonly number[] = []): void {
  if (length !== sizeOf(shape)) throw new Error(`${length} places do not fill ${shape.join('x')}`);
  if (spacing.length > 0 && (spacing.length !== shape.length || spacing.some((s) => !(s > 0)))) {
    throw new Error(`spacing ${spacing.join(', ')} does not fit ${shape.length} axes`);
  }
}

export interface Box {
  readonly from: readonly number[];
  readonly shape: readonly number[];
}

/** The smallest box that holds every place that is set in one of the masks; null if there is none. */
export function boundingBox(masks: readonly Region[], shape: readonly number[]): Box | null {
  const low = shape.map(() => Number.POSITIVE_INFINITY);
  const high = shape.map(() => -1);
  const at = shape.map(() => 0);
  for (let k = 0; k < sizeOf(shape); k++) {
    if (masks.some((mask) => mask[k])) {
      for (let a = 0; a < shape.length; a++) {
        const x = at[a] as number;
        if (x < (low[a] as number)) low[a] = x;
        if (x > (high[a] as number)) high[a] = x;
      }
    }
    advance(at, shape);
  }
  if ((high[0] ?? 0) < 0) return null;
  return { from: low, shape: low.map((l, a) => (high[a] as number) - l + 1) };
}

/** The part of a mask that a box holds. */
export function crop(mask: Region, shape: readonly number[], box: Box): Region {
  const strides = stridesOf(shape);
  const out = new Uint8Array(sizeOf(box.shape));
  const at = shape.map(() => 0);
  for (let k = 0; k < out.length; k++) {
    let place = 0;
    for (let a = 0; a < shape.length; a++) {
      place += ((box.from[a] as number) + (at[a] as number)) * (strides[a] as number);
    }
    out[k] = mask[place] as number;
    advance(at, box.shape);
  }
  return out;
}

/** The next place in row-major order. */
export function advance(at: number[], shape: readonly number[]): void {
  for (let a = shape.length - 1; a >= 0; a--) {
    const next = (at[a] as number) + 1;
    if (next < (shape[a] as number)) {
      at[a] = next;
      return;
    }
    at[a] = 0;
  }
}
