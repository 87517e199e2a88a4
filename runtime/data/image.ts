/** What samples are kept in: the file's own type where it is one of these, so that a data set takes no more memory than it must. */
export type SampleArray = Uint8Array | Uint16Array | Int16Array | Float32Array;

/**
 * SampleArray on a regular grid of two or three dimensions, planar and row-major: channel c, row y, column x of a picture lies
 * at `(c * shape[0] + y) * shape[1] + x`. Axes go from the slowest to the fastest: [height, width], or
 * [depth, height, width]. What transforms act on: images, and masks as one channel a plane.
 */
export interface Grid<T extends SampleArray = SampleArray> {
  /** 1 or more. */
  readonly channels: number;
  /** Length of each spatial axis, slowest first; two or three of them, each at least 1. */
  readonly shape: readonly number[];
  /** channels * product(shape) samples. */
  readonly data: T;
  /** Millimetres from one sample to the next along each axis of `shape`; absent where a file does not say. */
  readonly spacing?: readonly number[];
  /** How the grid lies in space; absent where a file does not say. */
  readonly orientation?: Orientation;
}

/**
 * How a grid lies in space. The world is RAS+, as in NIfTI: x grows to the patient's right, y to the front (anterior),
 * z to the head (superior), in millimetres. DICOM and ITK count x and y the other way (LPS); readers turn them.
 *
 * A sample at index [k, j, i] lies at `origin + k*spacing[0]*directions[0] + j*spacing[1]*directions[1] + ...`.
 */
export interface Orientation {
  /** [x, y, z] of the centre of the first sample. */
  readonly origin: readonly number[];
  /** For each axis of `shape`, the unit vector [x, y, z] that a step along it takes. */
  readonly directions: readonly (readonly number[])[];
}

/** An image: any number of channels on a grid, as its file holds it. */
export interface Image<T extends SampleArray = SampleArray> extends Grid<T> {
  /**
   * The lowest and highest value that a sample can have by its type in the file: [0, 255], [0, 65535], [-32768, 32767].
   * Floats have no such bounds: theirs are [0, 1] by custom, and samples may lie outside.
   */
  readonly range: readonly [lowest: number, highest: number];
}

/** An image of two dimensions, whose axes have names. `shape` is [height, width]. */
export interface Picture extends Image {
  readonly height: number;
  readonly width: number;
}

/** Number of positions of a grid: the product of its lengths. */
export const volumeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** `256x320` or `40x56x40`: slowest axis first, as everywhere in this program. */
export const printShape = (shape: readonly number[]): string => shape.join('x');

/** A picture of these samples. The range is the type's own where none is given. */
export function makePicture(
  channels: number,
  height: number,
  width: number,
  data: SampleArray,
  range: readonly [number, number] = rangeOf(data),
): Picture {
  return { channels, shape: [height, width], height, width, data, range };
}

/** The same image with its two axes named; null for one of more dimensions. */
export function asPicture(image: Image): Picture | null {
  const [height, width] = image.shape;
  if (image.shape.length !== 2 || height === undefined || width === undefined) return null;
  return { ...image, height, width };
}

/** The range of the type that samples are kept in. */
export function rangeOf(data: SampleArray): readonly [number, number] {
  if (data instanceof Uint8Array) return [0, 255];
  if (data instanceof Uint16Array) return [0, 65535];
  return data instanceof Int16Array ? [-32768, 32767] : [0, 1];
}

/** New samples of the same type as others. */
export function samplesLike<T extends SampleArray>(data: T, length: number): T {
  return new (data.constructor as new (length: number) => T)(length);
}
