import { it } from 'vitest';
import { elaborate } from '../../compiler/1-elaborate/index.js';
import { parse } from '../../grammar/index.js';
import { nested, small } from './specs.js';

it('x', () => {
  for (const text of [
    nested,
    nested,
    nested,
    small('let n = len([len([a for a in 1..9_000]) for b in 1..9_000])\n let y = image |> conv(n)'),
    small('grid X[i in 0..5_000] { X[0] = image\n X[i] = X[i-1] |> relu }\n let y = X[5_000]'),
    small('grid X[i in 0..1_400] { X[0] = image\n X[i] = concat(X[0..i-1]) }\n let y = X[1_400]'),
    small(
      'param n = 150\n grid X[i in 0..n, j in 0..n-i] { X[0,0] = image\n X[i, 0] = X[i-1, 0]\n X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1]) }\n let y = X[0, n]',
    ),
  ]) {
    const t0 = performance.now();
    const t = parse(text).tree;
    const t1 = performance.now();
    const e = elaborate(t);
    const t2 = performance.now();
    console.log(
      t1 - t0,
      t2 - t1,
      e.network?.steps.length,
      e.network?.edges.length,
      e.diagnostics.map((d) => d.message),
    );
  }
});
