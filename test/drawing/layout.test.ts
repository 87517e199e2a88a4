import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pictureOf } from '../../compiler/5-emit/drawing/index.js';
import {
  distance,
  endOf,
  isInside,
  type Path,
  type Point,
  sample,
} from '../../compiler/5-emit/drawing/layout/geometry.js';
import { type Layout, layOut } from '../../compiler/5-emit/drawing/layout/index.js';
import { textWidth } from '../../compiler/5-emit/drawing/layout/text.js';
import type { Link, Picture } from '../../compiler/5-emit/drawing/picture/picture.js';
import { networkSpecs } from '../../testing/index.js';
import { cases } from '../cases.js';
import { nested, networkOf, smallest, specs } from './specs.js';

const draw = (text: string): Picture => {
  const network = networkOf(text);
  return pictureOf(network, { sizes: smallest(network) });
};

/** Every network drawn here: of the literature, UNet++ of every depth, random. */
const fixed: [string, string][] = [
  ...Object.entries(specs),
  ...[1, 2, 3, 4, 5, 6, 7].map((d): [string, string] => [`UNet++ ${d} deep`, nested(new Array(d + 1).fill(2))]),
  ['UNet++ of a long name', nested([2, 2, 2, 2], 'only = last(S)', 'AGridWithAVeryLongName')],
];

function each(check: (picture: Picture, layout: Layout) => void): void {
  test.each(fixed)('%s', (_, text) => {
    const picture = draw(text);
    check(picture, layOut(picture, 100, 90));
  });
  test('random networks', () => {
    fc.assert(
      fc.property(networkSpecs({ depth: 4, channels: 2 }), (text) => {
        const picture = draw(text);
        check(picture, layOut(picture, 100, 90));
      }),
      cases(25),
    );
  });
}

const toOutput = (link: Link): boolean => link.kind === 'output';

describe('boxes lie apart, their words inside them', () =>
  each((picture, layout) => {
    const all = [...layout.boxes.values()];
    expect(all.map((p) => p.box.id).sort()).toEqual(picture.boxes.map((b) => b.id).sort());
    for (const [k, a] of all.entries()) {
      for (const b of all.slice(k + 1)) {
        const apart =
          Math.abs(a.x - b.x) >= a.halfWidth + b.halfWidth + 5 ||
          Math.abs(a.y - b.y) >= a.halfHeight + b.halfHeight + 5;
        expect(apart, `${a.box.id} and ${b.box.id}`).toBe(true);
      }
      expect(textWidth(a.box.shape, 10.5)).toBeLessThanOrEqual(2 * a.halfWidth);
      expect(a.x - a.halfWidth).toBeGreaterThanOrEqual(90);
      expect(a.x + a.halfWidth).toBeLessThanOrEqual(layout.right);
      expect(a.y - a.halfHeight).toBeGreaterThanOrEqual(85);
      expect(a.y + a.halfHeight).toBeLessThanOrEqual(layout.bottom);
    }
  }));

describe('every link has a path from the edge of its box to the edge of the other, and meets no third', () =>
  each((picture, layout) => {
    expect(layout.routes.size).toBe(picture.links.length);
    for (const [link, path] of layout.routes) {
      const touches = (p: Point, id: string): boolean => {
        const box = layout.boxes.get(id);
        return box !== undefined && isInside(p, box, 0.1) && !isInside(p, box, -0.1);
      };
      expect(touches(path.start, link.from), `${link.from} -> ${link.to}`).toBe(true);
      expect(touches(endOf(path), link.to), `${link.from} -> ${link.to}`).toBe(true);
      const points = sample(path, 2);
      for (const place of layout.boxes.values()) {
        // Into its own boxes it goes no further than the edge.
        const own = place.box.id === link.from || place.box.id === link.to;
        const met = points.find((p) => isInside(p, place, own ? -0.5 : 1));
        expect(met, `${link.from} -> ${link.to} through ${place.box.id}`).toBe(undefined);
      }
    }
  }));

/** The longest way that `a` runs beside `b`, nearer than 2 and nearly parallel, away from the ends of both. */
function together(a: readonly Point[], b: readonly Point[]): number {
  const ends = [a[0], a.at(-1), b[0], b.at(-1)] as Point[];
  const box = (points: readonly Point[]) => ({
    left: Math.min(...points.map((p) => p.x)),
    right: Math.max(...points.map((p) => p.x)),
    top: Math.min(...points.map((p) => p.y)),
    bottom: Math.max(...points.map((p) => p.y)),
  });
  const [m, n] = [box(a), box(b)];
  if (m.left > n.right || n.left > m.right || m.top > n.bottom || n.top > m.bottom) return 0;
  let run = 0;
  let longest = 0;
  for (let k = 1; k < a.length; k++) {
    const [p, before] = [a[k] as Point, a[k - 1] as Point];
    const beside =
      ends.every((e) => distance(p, e) > 22) &&
      b.some((q, n) => {
        if (n === 0 || distance(p, q) >= 2) return false;
        const from = b[n - 1] as Point;
        const sine = (p.x - before.x) * (q.y - from.y) - (p.y - before.y) * (q.x - from.x);
        return Math.abs(sine) < 0.2 * distance(p, before) * distance(q, from);
      });
    run = beside ? run + distance(p, before) : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

describe('no two paths lie on each other, none begins or ends where another does', () =>
  each((_, layout) => {
    // What heads give runs together to the output: that is the picture's way to say that it is taken together.
    const routes = [...layout.routes].filter(([link]) => !toOutput(link));
    const spots = routes.flatMap(([, path]) => [path.start, endOf(path)]);
    for (const [k, p] of spots.entries()) {
      for (const q of spots.slice(k + 1)) expect(distance(p, q)).toBeGreaterThan(1);
    }
    const drawn = routes.map(([link, path]: [Link, Path]) => ({ link, points: sample(path, 2) }));
    for (const [k, a] of drawn.entries()) {
      for (const b of drawn.slice(k + 1)) {
        const names = `${a.link.from} -> ${a.link.to} beside ${b.link.from} -> ${b.link.to}`;
        expect(together(a.points, b.points), names).toBeLessThan(48);
      }
    }
  }));

describe('where things are', () => {
  const places = (text: string) => layOut(draw(text), 0, 0).boxes;

  test('a triangular grid is laid out as the paper does: node (i, j) in row i at column i + 2j, evenly', () => {
    const boxes = places(nested([2, 2, 2, 2, 2]));
    const first = boxes.get('X[0,0]');
    const pitch = ((boxes.get('X[0,1]')?.x ?? 0) - (first?.x ?? 0)) / 2;
    for (const { box, row, x } of boxes.values()) {
      if (box.kind !== 'cell') continue;
      const [i = 0, j = 0] = box.index;
      expect(row).toBe(i);
      expect(x).toBeCloseTo((first?.x ?? 0) + pitch * (i + 2 * j), 6);
    }
  });

  test('heads stand straight above their nodes', () => {
    const boxes = places(nested([2, 2, 2, 2, 2, 2, 2]));
    for (let j = 1; j <= 6; j++) expect(boxes.get(`S[${j}]`)?.x).toBeCloseTo(boxes.get(`X[0,${j}]`)?.x ?? 0, 6);
  });

  test('grids of one index are the U they are', () => {
    const boxes = places(specs.signal);
    const spots = ['Encoder[0]', 'Encoder[3]', 'Decoder[2]', 'Decoder[0]'].map((id) => boxes.get(id)?.row);
    expect(spots).toEqual([0, 3, 2, 0]);
    const xs = ['Encoder[0]', 'Encoder[1]', 'Encoder[3]', 'Decoder[1]', 'Decoder[0]'].map(
      (id) => boxes.get(id)?.x ?? 0,
    );
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
  });

  test('a grid has its rows whichever index they are, and though they share a resolution', () => {
    expect(places(specs.transposed).get('X[1,0]')?.row).toBe(0);
    expect(places(specs.transposed).get('X[0,1]')?.row).toBe(1);
    expect(places(specs.dilated).get('X[2,0]')?.row).toBe(2);
  });

  test('links lead to the right', () => {
    fc.assert(
      fc.property(networkSpecs({ depth: 4, channels: 2 }), (text) => {
        const picture = draw(text);
        const { boxes } = layOut(picture, 0, 0);
        for (const l of picture.links) {
          const [from, to] = [boxes.get(l.from), boxes.get(l.to)];
          if (from && to && from.row >= 0 && to.row >= 0) expect(from.x).toBeLessThan(to.x);
        }
      }),
      cases(30),
    );
  });
});
