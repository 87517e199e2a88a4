import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elaborate } from '../../compiler/1-elaborate/index.js';
import { isCode, renderDiagnostic } from '../../compiler/diagnostics/index.js';
import { parse } from '../../grammar/index.js';
import { cases } from '../cases.js';
import { brief, nested, small } from './specs.js';

const seeds = [
  nested,
  small(
    `param n = 3
  param on = true
  block Unit(x, c, k = 3) {
    let y = x |> conv(c, k)
    if on then x + y else y
  }
  block Stage(x, n) { if n == 0 then x else Stage(Unit(x, 8), n - 1) }
  grid X[i in 0..n, j in 0..n-i] {
    X[0, 0] = image |> Stage(2)
    X[i, 0] = X[i-1, 0] |> maxpool(2)
    X[i, j] when j > 1 or i == 0 = concat(X[i, 0..j-1], X[i+1, j-1] |> upsample)
    X[i, j] = concat(X[i, 0], X[i+1, j-1] |> upsample)
  }
  let y = mean([X[0, k] |> conv(4) for k in 0..n if k != 2]) * 2 - X[0, 0]`,
    `train {
  loss = focal(gamma: 2) + dice / 2  optimizer = sgd(0.1)  schedule = poly  patch = [64, 64]
  augment = [flip, rotate(15)]  clip = 1  normalize = image
}`,
  ),
];

/** Pieces of specs, to be put where they do not belong. */
const pieces = seeds.flatMap((text) => text.match(/[A-Za-z_]\w*|\d[\d._e-]*|\.\.|\|>|[^\s\w]/g) ?? []);
const odd =
  `-1 ; 0 ; 3.5 ; 1e308 ; 9007199254740993 ; [] ; [[1]] ; X ; S ; X[0, 1] ; image ; true ; "a" ; 0..3 ; 0..99999 ; len(X) ; Conv2 ; relu ; constructor ; __proto__ ; last([]) ; 1 / 0 ; if true then ; S[9] ; mean(S)`.split(
    ' ; ',
  );

const edit = fc.record({
  where: fc.nat(),
  length: fc.nat({ max: 12 }),
  what: fc.oneof(fc.constantFrom(...pieces), fc.constantFrom(...odd), fc.constant('')),
});

/** Replaces a few words of a text. */
function mutate(text: string, edits: readonly { where: number; length: number; what: string }[]): string {
  let words: string[] = text.match(/\s+|[A-Za-z_]\w*|\d[\d._]*|\.\.|\|>|./g) ?? [];
  for (const { where, length, what } of edits) {
    const at = where % (words.length + 1);
    words = [...words.slice(0, at), what, ...words.slice(at + (length % 3))];
  }
  return words.join('');
}

const mutated = fc
  .tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 5 }))
  .map(([text, edits]) => mutate(text, edits));

describe('elaboration of specs with any mistakes', () => {
  it('finds nothing wrong with the specs it starts from', () => {
    for (const text of seeds)
      expect(brief([...parse(text).diagnostics, ...elaborate(parse(text).tree).diagnostics])).toEqual([]);
  });

  it('never throws, is deterministic, names every mistake and every place', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const { tree } = parse(text);
        const once = elaborate(tree);
        expect(JSON.stringify(elaborate(tree)) === JSON.stringify(once)).toBe(true);
        const seen = new Set<string>();
        for (const d of once.diagnostics) {
          expect(isCode(d.code)).toBe(true);
          expect(d.message).not.toMatch(/undefined|NaN|\[object|\.$/);
          for (const { start, end } of [d, ...d.related].map((r) => r.span)) {
            expect(start.offset).toBeGreaterThanOrEqual(0);
            expect(end.offset).toBeLessThanOrEqual(text.length + 1);
            expect(start.offset).toBeLessThanOrEqual(end.offset);
          }
          const key = `${d.code} ${d.span.start.offset} ${d.span.end.offset}`;
          expect(seen.has(key), key).toBe(false);
          seen.add(key);
          renderDiagnostic(d, { file: 'f', text, color: true });
        }
      }),
      { ...cases(250), seed: 11 },
    );
  });

  it('makes well-formed networks: unique paths, every input before its use', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const { network } = elaborate(parse(text).tree);
        if (network === null) return;
        const paths = network.steps.map((s) => s.origin.path);
        expect(new Set(paths).size).toBe(paths.length);
        network.steps.forEach((step, k) => {
          if (step.kind === 'apply') for (const input of step.inputs) expect(input >= 0 && input < k).toBe(true);
        });
        for (const { value } of [...network.heads, ...network.modeOutputs]) {
          expect(value >= 0 && value < network.steps.length).toBe(true);
        }
        expect([...network.levels]).toEqual([...new Set(network.heads.map((h) => h.level))].sort((a, b) => a - b));
      }),
      { ...cases(200), seed: 12 },
    );
  });

  it('takes any text for --set', () => {
    const { tree } = parse(seeds[1] ?? '');
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('n', 'on', 'x', 'constructor'), fc.oneof(fc.string(), fc.constantFrom(...odd))),
        (set) => {
          elaborate(tree, { set });
        },
      ),
      { ...cases(200), seed: 13 },
    );
  });
});
