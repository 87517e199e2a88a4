import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readImage } from '../../runtime/data/formats/index.js';
import { type Grid, type SampleArray, volumeOf } from '../../runtime/data/image.js';
import { sameSpace } from '../../runtime/data/space.js';
import {
  apply,
  Blend,
  canonical,
  cropsOf,
  invert,
  nonzeroCrop,
  parseTransforms,
  standardized,
  type Transform,
  tiled,
  toSpacing,
} from '../../runtime/data/transforms/index.js';
import { Blender, planTiles } from '../../runtime/prediction/tiling.js';
import { failure } from './fixtures.js';

const shapes = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
  fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })),
);

/** Any rotation: three angles. */
const directionsOf = (a: number, b: number, c: number, mirrored: boolean): number[][] => {
  const multiply = (m: number[][], n: number[][]) =>
    m.map((row) => n[0]!.map((_, k) => row.reduce((s, v, i) => s + v * n[i]![k]!, 0)));
  const turn = (angle: number, i: number, j: number): number[][] => {
    const m = [0, 1, 2].map((r) => [0, 1, 2].map((k) => Number(r === k)));
    m[i]![i] = m[j]![j] = Math.cos(angle);
    m[i]![j] = -Math.sin(angle);
    m[j]![i] = Math.sin(angle);
    return m;
  };
  const m = multiply(multiply(turn(a, 0, 1), turn(b, 1, 2)), turn(c, 0, 2));
  return mirrored ? [m[0]!.map((v) => -v), m[1]!, m[2]!] : m;
};

const angle = fc.double({ min: -3.2, max: 3.2, noNaN: true });
const place = fc.record({
  angles: fc.tuple(angle, angle, angle),
  mirrored: fc.boolean(),
  origin: fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 3, maxLength: 3 }),
  spacing: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 3, maxLength: 3 }),
});

const grids = fc
  .record({
    shape: shapes,
    channels: fc.integer({ min: 1, max: 3 }),
    kind: fc.constantFrom('u8', 'i16', 'f32'),
    seed: fc.nat(999),
    place,
  })
  .map(({ shape, channels, kind, seed, place: p }): Grid => {
    const length = channels * volumeOf(shape);
    const value = (i: number): number => ((i + 1) * 7919 + seed * 31) % 251;
    const data: SampleArray =
      kind === 'u8'
        ? Uint8Array.from({ length }, (_, i) => value(i))
        : kind === 'i16'
          ? Int16Array.from({ length }, (_, i) => 90 * value(i) - 9000)
          : Float32Array.from({ length }, (_, i) => value(i) / 7 - 11);
    const rank = shape.length;
    return {
      channels,
      shape,
      data,
      spacing: p.spacing.slice(0, rank).map((s) => s / 8),
      orientation: { origin: p.origin, directions: directionsOf(...p.angles, p.mirrored).slice(0, rank) },
    };
  });

const permutations = (rank: number) =>
  fc.shuffledSubarray(
    Array.from({ length: rank }, (_, k) => k),
    { minLength: rank, maxLength: rank },
  );
const orientOf = (rank: number) =>
  fc.record({
    kind: fc.constant('orient' as const),
    axes: permutations(rank),
    flip: fc.array(fc.boolean(), { minLength: rank, maxLength: rank }),
  });
const cropOf = (from: readonly number[], reaching: boolean) =>
  fc
    .tuple(
      ...from.map((n) =>
        fc.tuple(fc.integer({ min: reaching ? -3 : 0, max: n - 1 }), fc.integer({ min: 1, max: n + 3 })),
      ),
    )
    .map(
      (ends): Transform => ({
        kind: 'crop',
        from,
        start: ends.map(([start]) => start),
        shape: ends.map(([start, length], axis) => (reaching ? length : Math.min(length, from[axis]! - start))),
        fill: 'reflect',
      }),
    );

/** Where a sample lies in space. */
const world = ({ orientation, spacing }: Grid, index: readonly number[]): number[] =>
  [0, 1, 2].map((w) =>
    index.reduce((s, i, a) => s + i * spacing![a]! * orientation!.directions[a]![w]!, orientation!.origin[w]!),
  );

const expectNear = (found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void => {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    expect(Math.abs(found[i]! - wanted[i]!)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(wanted[i]!)));
  }
};

describe('transforms', () => {
  test('the inverse of an orientation brings back every sample, its spacing and its place', () => {
    fc.assert(
      fc.property(
        grids.chain((grid) => fc.tuple(fc.constant(grid), orientOf(grid.shape.length))),
        ([grid, orient]) => {
          const there = apply([orient], grid, 'image');
          const back = apply(invert([orient]), there, 'image');
          expect(back.shape).toEqual(grid.shape);
          expect(back.data).toEqual(grid.data);
          expect(back.spacing).toEqual(grid.spacing);
          expect(sameSpace(grid, back)).toBeNull();
          // The first sample has gone to a corner, and lies where it lay.
          const corner = orient.axes.map((axis, k) => (orient.flip[k] ? grid.shape[axis]! - 1 : 0));
          expectNear(
            world(there, corner),
            world(
              grid,
              grid.shape.map(() => 0),
            ),
            1e-9,
          );
          expect(there.data[corner.reduce((at, i, k) => at * there.shape[k]! + i, 0)]).toBe(grid.data[0]);
        },
      ),
    );
  });

  test('the canonical orientation is reached from any, and is its own', () => {
    fc.assert(
      fc.property(grids, (grid) => {
        const there = apply([canonical(grid)], grid, 'image');
        expect(canonical(there)).toMatchObject({
          axes: grid.shape.map((_, k) => k),
          flip: grid.shape.map(() => false),
        });
        if (grid.shape.length < 3) {
          expect(there.data).toEqual(grid.data);
          return;
        }
        const { directions } = there.orientation!;
        for (const [k, d] of directions.entries()) expect(d[2 - k]).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('a crop shows what lies there, and its inverse puts that back', () => {
    fc.assert(
      fc.property(
        grids.chain((grid) => fc.tuple(fc.constant(grid), cropOf(grid.shape, true))),
        ([grid, crop]) => {
          if (crop.kind !== 'crop') return;
          const there = apply([crop], grid, 'image');
          expect(there.shape).toEqual(crop.shape);
          expectNear(
            world(
              there,
              crop.start.map((s) => 0 - s),
            ),
            grid.orientation!.origin,
            1e-9,
          );
          const back = apply(invert([crop]), there, 'image');
          expect(back.shape).toEqual(grid.shape);
          expect(sameSpace(grid, back)).toBeNull();
          const volume = volumeOf(grid.shape);
          for (let i = 0; i < grid.data.length; i++) {
            let p = i % volume;
            let inside = true;
            for (let axis = grid.shape.length - 1; axis >= 0; axis--) {
              const at = (p % grid.shape[axis]!) - crop.start[axis]!;
              inside &&= at >= 0 && at < crop.shape[axis]!;
              p = Math.floor(p / grid.shape[axis]!);
            }
            expect(back.data[i]).toBe(inside ? grid.data[i] : 0);
          }
        },
      ),
    );
  });

  test('resampling keeps a constant and a slope, its inverse the shape and the place; labels only have values they had', () => {
    fc.assert(
      fc.property(grids, fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 3, maxLength: 3 }), (grid, lengths) => {
        const to = lengths.slice(0, grid.shape.length);
        const resample = { kind: 'resample', from: grid.shape, to } as const;
        const flat = { ...grid, data: new Float32Array(grid.data.length).fill(3) };
        expectNear(apply([resample], flat, 'image').data, new Float32Array(grid.channels * volumeOf(to)).fill(3), 1e-5);
        const back = apply([resample, ...invert([resample])], grid, 'image');
        expect(back.shape).toEqual(grid.shape);
        expect(sameSpace(grid, back)).toBeNull();
        expect(back.data.constructor).toBe(grid.data.constructor);
        const values = new Set(grid.data);
        expect([...apply([resample], grid, 'labels').data].filter((v) => !values.has(v))).toEqual([]);
        // Its borders stay where they are, though its samples move.
        const edge = (g: Grid) =>
          world(
            g,
            g.shape.map(() => -0.5),
          );
        expectNear(edge(apply([resample], grid, 'image')), edge(grid), 1e-6);
      }),
    );
  });

  test('labels come back exactly when they are brought to a multiple of their size', () => {
    fc.assert(
      fc.property(grids, fc.integer({ min: 1, max: 4 }), (grid, factor) => {
        const resample = { kind: 'resample', from: grid.shape, to: grid.shape.map((n) => n * factor) } as const;
        expect(apply([resample, ...invert([resample])], grid, 'labels').data).toEqual(grid.data);
      }),
    );
  });

  test('normalized channels have mean 0 and deviation 1, and come back; labels are left alone', () => {
    fc.assert(
      fc.property(grids, (grid) => {
        const normalize = standardized(grid);
        const there = apply([normalize], grid, 'image');
        const volume = volumeOf(grid.shape);
        for (let c = 0; c < grid.channels; c++) {
          const part = Array.from(there.data.subarray(c * volume, (c + 1) * volume));
          expect(Math.abs(part.reduce((a, b) => a + b, 0) / volume)).toBeLessThan(1e-4);
        }
        expectNear(apply(invert([normalize]), there, 'image').data, grid.data, 1e-4);
        expect(apply([normalize], grid, 'labels')).toBe(grid);
      }),
    );
    const flat: Grid = { channels: 1, shape: [2, 2], data: Uint8Array.of(7, 7, 7, 7) };
    const chain = [standardized(flat)];
    expect([...apply(chain, flat, 'image').data]).toEqual([0, 0, 0, 0]);
    expect([...apply([...chain, ...invert(chain)], flat, 'image').data]).toEqual([7, 7, 7, 7]);
  });

  test('a chain of all of them is undone: labels exactly at their own spacing, images but for rounding', () => {
    fc.assert(
      fc.property(grids, (grid) => {
        const chain: Transform[] = [canonical(grid)];
        const turned = apply(chain, grid, 'image');
        const pad: Transform = {
          kind: 'crop',
          from: turned.shape,
          start: turned.shape.map(() => -2),
          shape: turned.shape.map((n) => n + 5),
          fill: 'reflect',
        };
        chain.push(pad, toSpacing(apply([pad], turned, 'image'), turned.spacing!));
        chain.push(standardized(apply(chain, grid, 'image')));
        const stored = parseTransforms(JSON.parse(JSON.stringify(chain)));
        const there = apply(stored, grid, 'image');
        const back = apply(invert(stored), there, 'image');
        expect(back.shape).toEqual(grid.shape);
        expect(sameSpace(grid, back)).toBeNull();
        expectNear(back.data, grid.data, 1e-3);
        const labels = apply(invert(stored), apply(stored, grid, 'labels'), 'labels');
        expect(labels.data).toEqual(grid.data);
      }),
    );
  });

  test('the window of what is not 0', () => {
    const data = new Uint8Array(2 * 60);
    data[(1 * 4 + 2) * 5 + 3] = 9;
    data[60 + (2 * 4 + 1) * 5 + 3] = 1;
    expect(nonzeroCrop({ channels: 2, shape: [3, 4, 5], data })).toMatchObject({ start: [1, 1, 3], shape: [2, 2, 1] });
    expect(nonzeroCrop({ channels: 1, shape: [2, 2], data: new Uint8Array(4) })).toBeNull();
  });

  test('stored transforms that are none are refused', async () => {
    for (const wrong of [
      null,
      {},
      [{ kind: 'orient', axes: [0, 0], flip: [true, false] }],
      [{ kind: 'resample', from: [2], to: [0] }],
      [{ kind: 'crop', from: [2], start: [0.5], shape: [1], fill: 'zero' }],
      [{ kind: 'normalize', gain: [1], bias: [null], constant: [null] }],
      [{ kind: 'other' }],
    ]) {
      expect((await failure(() => parseTransforms(wrong))).code).toBe('transforms');
    }
  });
});

describe('tiles', () => {
  test('what is cut into tiles and blended comes back, in two and three dimensions', () => {
    fc.assert(
      fc.property(grids, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 3, maxLength: 3 }), (grid, lengths) => {
        const tiles = tiled(grid.shape, lengths.slice(0, grid.shape.length));
        const blend = new Blend(tiles, grid.channels);
        for (const crop of cropsOf(tiles)) blend.add(apply([crop], grid, 'image').data, crop);
        const back = blend.finish();
        expect(back.shape).toEqual(grid.shape);
        expectNear(back.data, grid.data, 1e-4);
      }),
    );
  });

  test('in two dimensions it is the blending of predictions, to the bit', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 4, max: 20 }), fc.integer({ min: 4, max: 20 })),
        fc.tuple(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 2, max: 9 })),
        ([h, w], tile) => {
          const data = Float32Array.from({ length: 2 * h * w }, (_, i) => Math.sin(i * 1.7));
          const grid: Grid = { channels: 2, shape: [h, w], data };
          const plan = planTiles(h, w, tile, (n, axis) => Math.max(n, Math.min(tile[axis], axis === 0 ? h : w)));
          const tiles = tiled([h, w], [plan.height, plan.width]);
          expect(tiles.starts).toEqual([plan.tops, plan.lefts].map((starts) => starts.map((at) => at + 0)));
          const blend = new Blend(tiles, 2);
          const blender = new Blender(2, h, w, plan);
          for (const crop of cropsOf(tiles)) {
            const part = apply([crop], grid, 'image').data as Float32Array;
            blend.add(part, crop);
            blender.add(part, crop.start[0]!, crop.start[1]!);
          }
          expect(blend.finish().data).toEqual(blender.finish().data);
        },
      ),
    );
  });
});

describe('real files', () => {
  const folder = fileURLToPath(new URL('formats/recorded/', import.meta.url));
  const cases = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')) as {
    file: string;
    options?: object;
    origin?: object;
  }[];
  test.each(cases.filter((c) => c.origin).map((c) => c.file))(
    '%s is turned to the canonical orientation and back',
    async (file) => {
      const image = await readImage(`${folder}${file}`, { placement: 'sform' });
      const chain = [canonical(image)];
      const there = apply(chain, image, 'image');
      const back = apply(invert(chain), there, 'image');
      expect(back.data).toEqual(image.data);
      expect(sameSpace(image, back)).toBeNull();
    },
  );
});
