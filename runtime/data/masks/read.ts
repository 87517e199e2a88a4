import { UserError } from '../../../compiler/user-error.js';
import type { ReadOptions } from '../formats/index.js';
import type { Mask, Size } from '../picture.js';
import { leftOut } from '../target.js';
import type { MaskReading } from './reading.js';
import { classesOf } from './rule.js';
import { readStoredMask, type StoredMask } from './stored.js';

/** What a mask is read for. */
export interface MaskTarget {
  readonly classes: number;
  /** Each pixel is of exactly one class, as cross entropy needs. */
  readonly exclusive: boolean;
  /** Each file is the binary mask of one class. */
  readonly folders: boolean;
  /** By file, the EXIF orientation that it is turned by; absent: its own. */
  readonly exif?: number;
  readonly read?: ReadOptions;
}

/**
 * The mask of one image, from its one file or from a file for each class.
 * @throws UserError as `readStoredMask` and `classesOf`, and where files of classes do not fit together
 */
export async function readMask(files: readonly string[], reading: MaskReading, target: MaskTarget): Promise<Mask> {
  if (target.folders) return readClassFiles(files, reading, target);
  const { classes } = target;
  const stored = await readFlat(files[0] as string, target);
  const found = classesOf(stored, reading, classes);
  const { height, width } = stored;
  if (classes === 1) return binary(found, { height, width });
  return { kind: 'labels', classes, height, width, data: found };
}

async function readFlat(file: string, { read, exif }: MaskTarget): Promise<StoredMask> {
  const stored = await readStoredMask(file, read, exif);
  if (stored.slices === 1) return stored;
  throw new UserError(
    'mask-volume',
    `${file} is a mask of ${stored.slices} slices, but the network takes pictures`,
    'declare the input as [N, C, D, H, W], or save the slices as pictures',
  );
}

/** 0, 1 and `leftOut` as a plane, and one of what is left out where anything is. */
function binary(found: Uint8Array, { height, width }: Size): Mask {
  const ignore = found.includes(leftOut) ? found.map((value) => Number(value === leftOut)) : undefined;
  const data = ignore ? found.map((value) => Number(value === 1)) : found;
  return { kind: 'planes', classes: 1, height, width, data, ...(ignore ? { ignore } : {}) };
}

/**
 * One binary mask a class, which may overlap unless `exclusive`. With one file fewer than classes, class 0 is the background:
 * what no other class covers. A pixel that any file leaves out is left out.
 */
async function readClassFiles(files: readonly string[], reading: MaskReading, target: MaskTarget): Promise<Mask> {
  const { classes, exclusive } = target;
  const first = await readFlat(files[0] as string, target);
  const { height, width } = first;
  const area = height * width;
  const offset = classes - files.length;
  const data = new Uint8Array(classes * area);
  let ignore: Uint8Array | undefined;
  for (const [index, file] of files.entries()) {
    const stored = index === 0 ? first : await readFlat(file, target);
    if (stored.height !== height || stored.width !== width) {
      throw new UserError(
        'mask-size',
        `${file} is ${stored.height}x${stored.width}, but ${files[0]} is ${height}x${width}`,
        'every class mask of an image has the size of the image',
      );
    }
    const plane = (index + offset) * area;
    const found = classesOf(stored, reading, 1);
    for (let p = 0; p < area; p++) {
      if (found[p] === leftOut) {
        ignore ??= new Uint8Array(area);
        ignore[p] = 1;
      } else data[plane + p] = found[p]!;
    }
  }
  if (ignore) for (let i = 0; i < data.length; i++) if (ignore[i % area] === 1) data[i] = 0;
  if (exclusive || offset === 1) checkExclusive(files, { data, classes, width, area, offset, exclusive, ignore });
  return { kind: 'planes', classes, height, width, data, ...(ignore ? { ignore } : {}) };
}

interface Planes {
  readonly data: Uint8Array;
  readonly classes: number;
  readonly width: number;
  readonly area: number;
  readonly offset: number;
  readonly exclusive: boolean;
  readonly ignore: Uint8Array | undefined;
}

/** Fills the background where it has no file. @throws UserError where exclusive classes overlap, or leave a pixel without */
function checkExclusive(files: readonly string[], planes: Planes): void {
  const { data, classes, width, area, offset, exclusive, ignore } = planes;
  for (let p = 0; p < area; p++) {
    if (ignore?.[p] === 1) continue;
    let count = 0;
    for (let k = offset; k < classes; k++) count += data[k * area + p]!;
    if (offset === 1 && count === 0) data[p] = 1;
    else if (exclusive && count !== 1) {
      const what = count > 1 ? `${count} classes` : 'no class';
      throw new UserError(
        'mask-overlap',
        `${files.join(' and ')} give ${what} at row ${Math.floor(p / width)}, column ${p % width}`,
        'cross entropy needs exactly one class a pixel: make the masks disjoint, or train with bce',
      );
    }
  }
}
