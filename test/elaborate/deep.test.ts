import { describe, expect, it } from 'vitest';
import { elaborate } from '../../compiler/1-elaborate/index.js';
import { limits } from '../../compiler/1-elaborate/limits.js';
import { nowhere } from '../../grammar/diagnostic.js';
import type { Body, Expr, NetworkItem, SpecTree } from '../../grammar/tree.js';

/** Trees that no parser makes, but that elaboration must survive all the same. */
const span = nowhere;
const name = (text: string) => ({ text, span });
const ref = (text: string): Expr => ({ kind: 'name', span, text });
const one: Expr = { kind: 'int', span, value: 1 };
const call = (callee: string, args: readonly Expr[]) => ({
  kind: 'call' as const,
  span,
  callee: name(callee),
  args: args.map((value) => ({ span, value })),
});
const body = (result: Expr): Body => ({ span, lets: [], result });
const spec = (...items: NetworkItem[]): SpecTree => ({
  kind: 'spec',
  span,
  imports: [],
  blocks: [],
  networks: [{ kind: 'network', span, name: name('Deep'), items }],
  trains: [],
});
const define = (text: string, value: Expr): NetworkItem => ({ kind: 'let', span, name: name(text), value });
const input: NetworkItem = {
  kind: 'input',
  span,
  name: name('image'),
  dtype: name('f32'),
  dims: [ref('N'), one, ref('H'), ref('W')],
};

function nest(depth: number, wrap: (inner: Expr) => Expr, core: Expr): Expr {
  let expr = core;
  for (let k = 0; k < depth; k++) expr = wrap(expr);
  return expr;
}

const wraps: Readonly<Record<string, (inner: Expr) => Expr>> = {
  sums: (left) => ({ kind: 'binary', span, operator: '+', left, right: one }),
  right: (right) => ({ kind: 'binary', span, operator: '+', left: one, right }),
  minus: (operand) => ({ kind: 'unary', span, operator: '-', operand }),
  lists: (inner) => ({ kind: 'list', span, items: [inner] }),
  ifs: (alternative) => ({
    kind: 'if',
    span,
    condition: { kind: 'bool', span, value: false },
    consequent: one,
    alternative,
  }),
  pipes: (left) => ({ kind: 'pipe', span, left, call: call('max', [one]) }),
  calls: (inner) => call('max', [inner, one]),
  indices: (inner) => ({ kind: 'index', span, target: { kind: 'list', span, items: [one, one] }, indices: [inner] }),
  comprehensions: (inner) => ({
    kind: 'comprehension',
    span,
    value: inner,
    index: name('k'),
    source: { kind: 'range', span, from: one, to: one },
  }),
};

const codesOf = (...items: NetworkItem[]): string[] => elaborate(spec(input, ...items)).diagnostics.map((d) => d.code);

describe('deep trees', () => {
  for (const [kind, wrap] of Object.entries(wraps)) {
    it(`${kind} are evaluated up to the limit, and refused beyond`, () => {
      const at = (depth: number): string[] => codesOf(define('deep', nest(depth, wrap, one)));
      // Lists and indices of lists have a limit of their own, or no meaning.
      if (kind !== 'lists' && kind !== 'comprehensions')
        expect(at(limits.expression - 10)).not.toContain('limit-nesting');
      expect(at(limits.expression + 1)).toContain('limit-nesting');
      expect(at(20_000)).toContain('limit-nesting');
    });
  }

  it('a long chain of lets that each hold the one before twice takes no time', () => {
    const pair = (of: Expr): Expr => ({ kind: 'list', span, items: [of, of] });
    const lets = Array.from({ length: 60 }, (_, k) => define(`a${k}`, k === 0 ? one : pair(ref(`a${k - 1}`))));
    expect(codesOf(...lets)).toContain('limit-list');
  });

  /** X[i] = X[i+1] |> relu |> relu ...: read from its far end. */
  const backwards = (cells: number, relus: number): NetworkItem => {
    const last: Expr = { kind: 'int', span, value: cells };
    const next: Expr = { kind: 'binary', span, operator: '+', left: ref('i'), right: one };
    const wrap = (left: Expr): Expr => ({ kind: 'pipe', span, left, call: call('relu', []) });
    const rule = (pattern: Expr, result: Expr) => ({
      kind: 'rule' as const,
      span,
      name: name('X'),
      patterns: [pattern],
      body: body(result),
    });
    return {
      kind: 'grid',
      span,
      name: name('X'),
      indices: [{ span, name: name('i'), range: { kind: 'range', span, from: one, to: last } }],
      rules: [
        rule(last, ref('image')),
        rule(ref('i'), nest(relus, wrap, { kind: 'index', span, target: ref('X'), indices: [next] })),
      ],
    };
  };

  for (const [cells, relus, ok] of [
    [200, 1, true],
    [5_000, 0, false],
    [5_000, 1, false],
    [5_000, 100, false],
  ] as const) {
    it(`a chain of ${cells} cells of ${relus} operators, backwards`, () => {
      const codes = codesOf(backwards(cells, relus));
      expect(codes.includes('limit-nesting') || codes.includes('limit-nodes')).toBe(!ok);
    });
  }

  it('blocks inside blocks, with bodies of every shape', () => {
    const again = (wrap: (inner: Expr) => Expr, depth: number): NetworkItem => ({
      kind: 'block',
      span,
      name: name('B'),
      parameters: [{ name: name('x') }],
      body: body(nest(depth, wrap, call('B', [ref('x')]))),
    });
    for (const wrap of Object.values(wraps)) {
      for (const depth of [0, 1, 3, 100]) {
        const codes = codesOf(again(wrap, depth), define('y', call('B', [one])));
        expect(codes.some((c) => c.startsWith('limit-'))).toBe(true);
      }
    }
  });
});
