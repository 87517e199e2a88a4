import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { drawNetwork } from '../../compiler/5-emit/svg/index.js';
import { layOut } from '../../compiler/5-emit/svg/layout.js';
import { pictureOf } from '../../compiler/5-emit/svg/picture.js';
import { unet, unetpp } from './networks.js';

const widths = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 6 });
const paper = [32, 64, 128, 256, 512];

/** Every opened element is closed in order; returns how often each occurs. */
function countElements(svg: string): Map<string, number> {
  const open: string[] = [];
  const counts = new Map<string, number>();
  for (const [, closing, name, selfClosing] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (name === undefined) continue;
    if (closing === '/') expect(open.pop()).toBe(name);
    else {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (selfClosing !== '/') open.push(name);
    }
  }
  expect(open).toEqual([]);
  return counts;
}

describe('the picture of a network', () => {
  test('UNet++ has its 15 nodes, 4 down, 10 up and 20 skip edges, and the paper count of weights', () => {
    const picture = pictureOf(unetpp(paper), 4);
    expect(picture.boxes).toHaveLength(15);
    const kinds = picture.arrows.map((a) => a.kind);
    expect(kinds.filter((k) => k === 'down')).toHaveLength(4);
    expect(kinds.filter((k) => k === 'up')).toHaveLength(10);
    expect(kinds.filter((k) => k === 'skip')).toHaveLength(20);
    expect(picture.weights).toBe(9_041_700);
    expect(picture.boxes.filter((b) => b.encoder).map((b) => b.index.join())).toEqual([
      '0,0',
      '1,0',
      '2,0',
      '3,0',
      '4,0',
    ]);
    expect(picture.heads.map((h) => h.box)).toEqual(['X[0,1]', 'X[0,2]', 'X[0,3]', 'X[0,4]']);
    expect(picture.inputs).toEqual([{ name: 'image', size: '1 × H × W', to: ['X[0,0]'] }]);
  });

  test('a level keeps its triangle of nodes and cuts the rest', () => {
    fc.assert(
      fc.property(widths, fc.nat(), (width, pick) => {
        const network = unetpp(width);
        const level = 1 + (pick % (width.length - 1));
        const picture = pictureOf(network, level);
        for (const box of picture.boxes) {
          const [i = 0, j = 0] = box.index;
          expect(box.kept).toBe(i + j <= level);
        }
        expect(picture.heads.map((h) => h.kept)).toEqual(network.heads.map((h) => h.level <= level));
        expect(picture.keptWeights <= picture.weights).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test('a triangular grid is laid out as the paper does: node (i, j) in row i at column i + 2j', () => {
    const { places } = layOut(pictureOf(unetpp(paper), 4), 0, 0);
    for (const { box, row, column } of places.values()) {
      const [i = 0, j = 0] = box.index;
      expect([row, column]).toEqual([i, i + 2 * j]);
    }
  });

  test('without cells, chains of operators take the place of nodes: a U-Net is still a U', () => {
    const withCells = layOut(pictureOf(unet(paper, { grids: true }), 1), 0, 0);
    const without = layOut(pictureOf(unet(paper, { grids: false }), 1), 0, 0);
    const spots = (l: typeof withCells): string[] => [...l.places.values()].map((p) => `${p.row},${p.column}`).sort();
    expect(spots(without)).toEqual(spots(withCells));
    expect(spots(withCells)).toEqual(['0,0', '0,8', '1,1', '1,7', '2,2', '2,6', '3,3', '3,5', '4,4']);
  });

  test('no two boxes touch, and every arrow goes to the right', () => {
    fc.assert(
      fc.property(widths, fc.constantFrom('X', 'Stage', 'AVeryLongGridName'), (width, grid) => {
        const picture = pictureOf(unetpp(width, grid), 1);
        const { places } = layOut(picture, 0, 0);
        const all = [...places.values()];
        for (const [k, a] of all.entries()) {
          for (const b of all.slice(k + 1)) {
            const apart =
              Math.abs(a.x - b.x) >= a.halfWidth + b.halfWidth || Math.abs(a.y - b.y) >= a.halfHeight + b.halfHeight;
            expect(apart).toBe(true);
          }
        }
        for (const arrow of picture.arrows) {
          expect(places.get(arrow.from)?.x).toBeLessThan(places.get(arrow.to)?.x ?? Number.NEGATIVE_INFINITY);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('drawNetwork', () => {
  test('is well formed, the same each time, and inside its viewBox', () => {
    fc.assert(
      fc.property(widths, fc.nat(), (width, pick) => {
        const level = 1 + (pick % (width.length - 1));
        const svg = drawNetwork(unetpp(width), { level });
        expect(drawNetwork(unetpp(width), { level })).toBe(svg);
        expect(svg).not.toMatch(/NaN|Infinity|undefined/);
        countElements(svg);
        const [, right = 0, bottom = 0] = (svg.match(/viewBox="0 0 (\d+) (\d+)"/) ?? []).map(Number);
        for (const [, x] of svg.matchAll(/ (?:x|cx)="([^"]+)"/g)) {
          expect(Number(x)).toBeGreaterThanOrEqual(0);
          expect(Number(x)).toBeLessThan(right);
        }
        for (const [, y] of svg.matchAll(/ (?:y|cy)="([^"]+)"/g)) expect(Number(y)).toBeLessThan(bottom);
      }),
      { numRuns: 15 },
    );
  });

  test('names what it shows', () => {
    const svg = drawNetwork(unetpp(paper), { level: 2 });
    expect(svg).toContain('L2 of L4: 511,138 of 9,041,700 weights');
    expect(svg).toContain('H and W: multiples of 16');
    expect(svg).toContain('cut at L2');
    expect(countElements(svg).get('circle')).toBe(15);
    expect(drawNetwork(unetpp(paper))).not.toContain('cut at');
  });

  test('names with marks of XML in them are escaped', () => {
    const svg = drawNetwork({ ...unetpp([2, 2]), name: 'A<B> & "C"', outputName: '<mask>' });
    expect(svg).toContain('A&lt;B&gt; &amp; &quot;C&quot;');
    expect(svg).not.toContain('<mask>');
  });

  test('a renderer takes it', async () => {
    for (const network of [unetpp(paper), unet(paper, { grids: true }), unet(paper, { grids: false })]) {
      const { data, info } = await sharp(Buffer.from(drawNetwork(network)))
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect(info.width).toBeGreaterThan(600);
      expect(new Set(data).size).toBeGreaterThan(50);
    }
  });
});
