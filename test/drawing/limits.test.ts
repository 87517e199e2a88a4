import { describe, expect, it } from 'vitest';
import { pictureOf, renderers, tooLargeToDraw } from '../../compiler/5-emit/drawing/index.js';
import { endOf, isInside } from '../../compiler/5-emit/drawing/layout/geometry.js';
import { layOut } from '../../compiler/5-emit/drawing/layout/index.js';
import { analyse, drawing, picture, undrawable } from '../../language/index.js';
import { networkOf, smallest } from './specs.js';

const net = (items: string): string => `network A {\n  input image: f32[N, 3, H, W]\n  ${items}\n}`;
const dense = (n: number): string =>
  net(`grid X[i in 0..${n}] { X[0] = image |> conv(4)
    X[i] = concat(X[0..i-1]) |> conv(4) }
  head S = X[${n}] |> conv(1) |> sigmoid`);
const chain = (n: number): string =>
  net(`grid X[i in 0..${n}] { X[0] = image |> conv(4)
    X[i] = X[i-1] |> relu }
  head S = X[${n}] |> conv(1) |> sigmoid`);
const supervised = (n: number): string =>
  net(`grid X[i in 0..${n}] { X[0] = image |> conv(4)
    X[i] = X[i-1] |> relu }
  head S[j in 1..${n}] = X[j] |> conv(1) |> sigmoid
  output mask { a = mean(S) }`);

describe('a picture of many links', () => {
  it.each([
    ['a dense row of 80', dense(80)],
    ['a chain of 400', chain(400)],
    ['100 levels', supervised(100)],
  ])(
    'is drawn in every format, the shortest way: %s',
    (_, text) => {
      const network = networkOf(text);
      expect(tooLargeToDraw(network)).toBeNull();
      const drawn = pictureOf(network, { sizes: smallest(network) });
      const { boxes, routes } = layOut(drawn, 0, 0);
      expect(routes.size).toBe(drawn.links.length);
      for (const [link, path] of routes) {
        expect(isInside(path.start, boxes.get(link.from) as never, 0.1)).toBe(true);
        expect(isInside(endOf(path), boxes.get(link.to) as never, 0.1)).toBe(true);
      }
      for (const render of Object.values(renderers)) expect(render(drawn, {}).length).toBeGreaterThan(1000);
    },
    60_000,
  );

  it.each([
    ['a chain of 6,000', chain(6000)],
    ['a dense row of 250', dense(250)],
    ['1,200 heads', supervised(1200)],
  ])(
    'is none beyond the limits, and says so: %s',
    (_, text) => {
      expect(tooLargeToDraw(networkOf(text))).toContain('at most');
      const analysis = analyse(text);
      expect(drawing(analysis)).toBeNull();
      expect(picture(analysis)).toBeNull();
      expect(undrawable(analysis)).toContain('at most');
    },
    60_000,
  );
});
