import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ReadOptions, readImage, readImageHeader } from '../../../runtime/data/formats/index.js';
import { cutRegion } from '../../../runtime/data/formats/region.js';
import { cases as runs } from '../../cases.js';

/** What Python's libraries read from each file: see record.py. */
interface Case {
  readonly file: string;
  readonly kind: string;
  readonly channels: number;
  readonly shape: readonly number[];
  readonly stored: string;
  readonly sha256: string;
  readonly first: readonly number[];
  readonly spacing?: readonly number[];
  readonly origin?: readonly number[];
  readonly directions?: readonly (readonly number[])[];
  readonly photometric?: string;
  readonly palette?: readonly number[];
  readonly alpha?: boolean;
  readonly options?: ReadOptions;
}

const folder = fileURLToPath(new URL('recorded/', import.meta.url));
const cases: readonly Case[] = JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8'));
const near = (found: readonly number[] | undefined, wanted: readonly number[]): void => {
  expect(found).toHaveLength(wanted.length);
  for (const [k, value] of wanted.entries())
    expect(Math.abs(found![k]! - value)).toBeLessThan(1e-5 * (1 + Math.abs(value)));
};
const hashOf = (data: ArrayBufferView): string =>
  createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
const types: Readonly<Record<string, unknown>> = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  float32: Float32Array,
};

describe('files of each kind are read as by nibabel, SimpleITK, tifffile and Pillow, voxel by voxel', () => {
  test.each(cases.map((c) => [c.kind, c] as const))('%s', async (_, wanted) => {
    expect(endianness()).toBe('LE');
    const image = await readImage(join(folder, wanted.file), wanted.options ?? {});
    expect({ channels: image.channels, shape: image.shape, first: [...image.data.subarray(0, 4)] }).toEqual({
      channels: wanted.channels,
      shape: wanted.shape,
      first: wanted.first,
    });
    expect(image.data).toBeInstanceOf(types[wanted.stored]);
    expect(hashOf(image.data)).toBe(wanted.sha256);
    if (wanted.spacing) near(image.spacing, wanted.spacing);
    if (wanted.origin) near(image.orientation?.origin, wanted.origin);
    for (const [k, direction] of (wanted.directions ?? []).entries()) near(image.orientation?.directions[k], direction);
    if (wanted.photometric) expect(image.header.photometric).toBe(wanted.photometric);
    if (wanted.alpha !== undefined) expect(image.header.alpha).toBe(wanted.alpha);
    if (wanted.palette) expect([...image.header.palette!.subarray(0, wanted.palette.length)]).toEqual(wanted.palette);
    // The header alone says the same.
    const header = await readImageHeader(join(folder, wanted.file), wanted.options ?? {});
    expect(header).toEqual(image.header);
    expect({ shape: header.shape, channels: header.channels }).toEqual({
      shape: wanted.shape,
      channels: wanted.channels,
    });
  });
});

describe('a region', () => {
  test('is what the whole image has there, with its place in space, in every kind of file', async () => {
    const wholes = new Map<Case, Awaited<ReturnType<typeof readImage>>>();
    for (const wanted of cases) wholes.set(wanted, await readImage(join(folder, wanted.file), wanted.options ?? {}));
    const box = (shape: readonly number[]) =>
      fc.tuple(...shape.map((length) => fc.tuple(fc.nat(length - 1), fc.nat(length - 1)))).map((ends) => ({
        start: ends.map(([a, b]) => Math.min(a, b)),
        shape: ends.map(([a, b]) => Math.abs(a - b) + 1),
      }));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...cases).chain((wanted) => fc.tuple(fc.constant(wanted), box(wanted.shape))),
        async ([wanted, region]) => {
          const found = await readImage(join(folder, wanted.file), wanted.options ?? {}, region);
          const cut = cutRegion(wholes.get(wanted)!, region);
          expect(found.shape).toEqual(cut.shape);
          expect([...found.data]).toEqual([...cut.data]);
          expect(found.spacing).toEqual(cut.spacing);
          near(found.orientation?.origin ?? [], cut.orientation?.origin ?? []);
        },
      ),
      runs(300),
    );
  });
});

interface RealCase {
  readonly file: string;
  readonly shape: readonly number[];
  readonly sha256: string;
  readonly spacing: readonly number[];
  readonly origin: readonly number[];
  readonly directions: readonly (readonly number[])[];
}
const real: readonly RealCase[] = JSON.parse(await readFile(join(folder, 'real.json'), 'utf8'));
const realFolder = '../shared/data';

describe(`real volumes, as nibabel reads them (skipped where ${realFolder} is missing)`, () => {
  test.skipIf(!existsSync(realFolder)).each(real.map((c) => [c.file, c] as const))('%s', async (_, wanted) => {
    const path = join(realFolder, wanted.file);
    const image = await readImage(path);
    expect(image.shape).toEqual(wanted.shape);
    expect(hashOf(image.data)).toBe(wanted.sha256);
    near(image.spacing, wanted.spacing);
    near(image.orientation?.origin, wanted.origin);
    for (const [k, direction] of wanted.directions.entries()) near(image.orientation?.directions[k], direction);
  });
});
