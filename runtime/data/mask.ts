import { readFile } from 'node:fs/promises';
import { UserError } from '../support/user-error.js';
import { readSamples, type Samples } from './decode.js';
import { paletteIndices } from './palette.js';
import type { Mask, Size } from './picture.js';

/**
 * A binary mask as one plane: any sample that is not 0 is foreground. JPEG blurs edges and dots the background with
 * small values, so there foreground is the upper half of the range.
 *
 * @throws UserError as `readSamples`
 */
export async function readBinaryMask(file: string): Promise<Mask> {
  const samples = await readSamples(file);
  return { kind: 'planes', classes: 1, ...sizeOf(samples), data: foreground(samples) };
}

/**
 * A mask of class numbers 0 .. classes - 1: grey values, or the entries of a coloured palette.
 *
 * @throws UserError when a pixel's value is no class, or the file is JPEG (which changes values) or has colours
 */
export async function readLabelMask(file: string, classes: number): Promise<Mask> {
  const samples = await readSamples(file);
  if (samples.format === 'jpeg') {
    throw new UserError(
      'mask-lossy',
      `${file} is JPEG, which does not keep class numbers exactly`,
      'save class masks as PNG or TIFF',
    );
  }
  const labels = await labelsOf(file, samples);
  const data = new Uint8Array(labels.length);
  for (let p = 0; p < labels.length; p++) {
    const label = labels[p]!;
    if (label >= classes) throw wrongLabel(file, label, p, samples.width, classes);
    data[p] = label;
  }
  return { kind: 'labels', classes, ...sizeOf(samples), data };
}

/**
 * One binary mask a class, which may overlap unless `exclusive` (cross entropy needs one class a pixel). With one file
 * fewer than classes, class 0 is the background: what no other class covers.
 *
 * @throws UserError when sizes differ between the files, or classes overlap that may not
 */
export async function readClassMasks(files: readonly string[], classes: number, exclusive: boolean): Promise<Mask> {
  const first = await readSamples(files[0]!);
  const { height, width } = first;
  const area = height * width;
  const offset = classes - files.length;
  const data = new Uint8Array(classes * area);
  for (const [index, file] of files.entries()) {
    const samples = index === 0 ? first : await readSamples(file);
    if (samples.height !== height || samples.width !== width) {
      throw new UserError(
        'mask-size',
        `${file} is ${samples.height}x${samples.width}, but ${files[0]} is ${height}x${width}`,
        'every class mask of an image has the size of the image',
      );
    }
    data.set(foreground(samples), (index + offset) * area);
  }
  if (exclusive || offset === 1) {
    for (let p = 0; p < area; p++) {
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
  return { kind: 'planes', classes, height, width, data };
}

const sizeOf = ({ height, width }: Size): Size => ({ height, width });

function foreground(samples: Samples): Uint8Array {
  const { data, samples: count } = samples;
  const threshold = samples.format === 'jpeg' ? 127 : 0;
  const plane = new Uint8Array(data.length / count);
  for (let p = 0, q = 0; p < plane.length; p++) {
    let any = 0;
    for (let s = 0; s < count; s++, q++) if (data[q]! > threshold) any = 1;
    plane[p] = any;
  }
  return plane;
}

async function labelsOf(file: string, samples: Samples): Promise<Uint8Array | Uint16Array> {
  const { data, samples: count, bits } = samples;
  if (count === 1 && !samples.palette) {
    // Grey of 1, 2 or 4 bits comes stretched over 0..255.
    return bits < 8 ? data.map((value) => (value * (2 ** bits - 1)) / 255) : data;
  }
  const grey = new Uint16Array(data.length / count);
  let coloured = false;
  for (let p = 0, q = 0; p < grey.length && !coloured; p++, q += count) {
    grey[p] = data[q]!;
    coloured = count === 3 && (data[q] !== data[q + 1] || data[q] !== data[q + 2]);
  }
  if (!coloured) return grey;
  const indices = samples.palette ? paletteIndices(await readFile(file)) : null;
  if (indices !== null) return indices.data;
  throw new UserError(
    'mask-colour',
    `${file} is a colour image, where class numbers are expected`,
    'save it as grey with the class number as the value, or as one binary mask a class in masks/<class>/',
  );
}

function wrongLabel(file: string, label: number, at: number, width: number, classes: number): UserError {
  const place = `row ${Math.floor(at / width)}, column ${at % width}`;
  return new UserError(
    'mask-value',
    `${file} holds the value ${label} at ${place}, but the network has ${classes} classes, 0 to ${classes - 1}`,
    classes === 2 && label === 255
      ? 'a mask of 0 and 255 is binary: let the network answer one class, or store 1 for foreground'
      : `renumber the classes, or let the network answer ${label + 1} of them`,
  );
}
