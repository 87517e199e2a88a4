import { describe, expect, it, vi } from 'vitest';
import { elaborate } from '../../compiler/1-elaborate/index.js';
import { nowhere } from '../../grammar/diagnostic.js';
import type { Body, Expr, NetworkItem, SpecTree } from '../../grammar/tree.js';

vi.mock('../../grammar/index.js', () => ({ parse: () => ({}) }));

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

describe('deep trees', () => {
  for (const [kind, wrap] of Object.entries(wraps)) {
    for (const depth of [190, 990, 1_900, 100_000]) {
      it(`${kind} ${depth} deep`, () => {
        const { diagnostics } = elaborate(spec(input, define('deep', nest(depth, wrap, one))));
        console.log(kind, depth, diagnostics.map((d) => d.code).join(' '));
        expect(true).toBe(true);
      });
    }
  }
  for (const n of [100, 300, 1_000, 9_000]) {
    it(`backwards ${n}`, () => {
      const next: Expr = {
        kind: 'index',
        span,
        target: ref('X'),
        indices: [{ kind: 'binary', span, operator: '+', left: ref('i'), right: one }],
      };
      const grid: NetworkItem = {
        kind: 'grid',
        span,
        name: name('X'),
        indices: [
          { span, name: name('i'), range: { kind: 'range', span, from: one, to: { kind: 'int', span, value: n } } },
        ],
        rules: [
          {
            kind: 'rule',
            span,
            name: name('X'),
            patterns: [{ kind: 'int', span, value: n }],
            body: body(ref('image')),
          },
          {
            kind: 'rule',
            span,
            name: name('X'),
            patterns: [ref('i')],
            body: body(nest(150, (left) => ({ kind: 'pipe', span, left, call: call('relu', []) }), next)),
          },
        ],
      };
      const { diagnostics } = elaborate(spec(input, grid));
      console.log('grid', n, diagnostics.map((d) => d.code).join(' '));
    });
  }
});
