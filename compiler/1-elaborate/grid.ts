import type { Span } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import type { Expr, GridDecl, IndexDecl, RuleDecl } from '../../grammar/tree.js';
import type { Pick } from './access.js';
import { Environment, type Lazy } from './environment.js';
import type { Evaluator } from './evaluator.js';
import { limits } from './limits.js';
import { cellLabel, scopeOf } from './steps.js';
import { describe, int, isPoisoned, poison, type Value } from './values.js';

/** A family of nodes over a finite index set. */
export interface Grid {
  readonly name: string;
  readonly decl: GridDecl;
  /** Evaluated when the grid is first read: ranges may use lets. Its value is of no interest. */
  readonly layout: Lazy;
  /** By their indices, joined with commas; null until the layout is known, or if it can't be. */
  cells: Map<string, GridCell> | null;
  /** The values of each index, by the indices before it: '' -> [0, 1, 2], '0' -> [0, 1, 2], '0,1' -> ... */
  readonly runs: Map<string, readonly number[]>;
}

export interface GridCell {
  readonly index: readonly number[];
  readonly label: string;
  readonly lazy: Lazy;
  /** Null: no rule matches. */
  readonly rule: RuleDecl | null;
}

const keyOf = (index: readonly number[]): string => index.join(',');

/**
 * All tuples of the indices in order, each range evaluated under the indices before it. Null if a range is wrong.
 * `seen` learns the values of every index.
 */
export function enumerate(
  evaluator: Evaluator,
  indices: readonly IndexDecl[],
  env: Environment,
  seen: (before: readonly number[], values: readonly number[]) => void,
): number[][] | null {
  let tuples: number[][] = [[]];
  for (const [k, decl] of indices.entries()) {
    const next: number[][] = [];
    for (const tuple of tuples) {
      const inner = new Environment(env);
      indices.slice(0, k).forEach((d, n) => {
        inner.defineValue(d.name.text, int(tuple[n] ?? 0));
      });
      const values = indexValues(evaluator, decl, inner);
      if (values === null) return null;
      seen(tuple, values);
      for (const v of values) next.push([...tuple, v]);
      if (next.length > limits.nodes) {
        evaluator.fail(say.limitNodes.cells({ limit: limits.nodes }), decl.span, {
          hints: ['make the ranges smaller'],
        });
        return null;
      }
    }
    tuples = next;
  }
  return tuples;
}

function indexValues(evaluator: Evaluator, decl: IndexDecl, env: Environment): number[] | null {
  const range = evaluator.expression(decl.range, env);
  if (isPoisoned(range)) return null;
  if (range.kind !== 'list') {
    evaluator.fail(say.wrongType.index({ name: decl.name.text, found: describe(range) }), decl.range.span);
    return null;
  }
  const values = range.items.map((v) => evaluator.whole(v, decl.range.span, `a value of ${decl.name.text}`));
  if (values.some((v) => v === null)) return null;
  if (new Set(values).size < values.length) {
    evaluator.fail(say.duplicateName.value({ name: decl.name.text }), decl.range.span);
    return null;
  }
  return values as number[];
}

export function makeGrid(evaluator: Evaluator, decl: GridDecl, env: Environment): Grid {
  const name = decl.name.text;
  const layout: Lazy = {
    label: `the ranges of ${name}`,
    span: decl.name.span,
    scope: scopeOf(name),
    state: 'waiting',
    value: poison,
    compute: () => {
      lay(evaluator, grid, env);
      return poison;
    },
  };
  const grid: Grid = { name, decl, layout, cells: null, runs: new Map() };
  return grid;
}

function lay(evaluator: Evaluator, grid: Grid, env: Environment): void {
  const { decl, name } = grid;
  const tuples = enumerate(evaluator, decl.indices, env, (before, values) => grid.runs.set(keyOf(before), values));
  if (tuples === null) return;
  const rules = decl.rules.map((rule): Rule => ({ rule, parts: rule.patterns.map(readPattern) }));
  const cells = new Map<string, GridCell>();
  for (const index of tuples) {
    const label = cellLabel({ grid: name, index });
    const match = firstMatch(evaluator, rules, index, env);
    const lazy: Lazy = {
      label,
      span: match ? headerOf(match.rule.rule) : decl.name.span,
      scope: scopeOf(label, { grid: name, index }),
      state: 'waiting',
      value: poison,
      compute: () => (match?.env ? defineCell(evaluator, match.rule.rule, match.env, label) : poison),
    };
    cells.set(keyOf(index), { index, label, lazy, rule: match?.rule.rule ?? null });
  }
  grid.cells = cells;
  reportUndefined(evaluator, grid, cells);
  reportUnusedRules(evaluator, grid, cells, rules);
}

function defineCell(evaluator: Evaluator, rule: RuleDecl, env: Environment, label: string): Value {
  const value = evaluator.body(rule.body, env);
  if (value.kind === 'tensor' || isPoisoned(value)) return value.kind === 'tensor' ? value : poison;
  return evaluator.fail(say.wrongType.tensor({ what: label, found: describe(value) }), rule.body.result.span, {
    hints: value.kind === 'list' ? ['make the list one tensor: concat, mean, max, sum or last'] : [],
  });
}

type Part =
  | { readonly kind: 'literal'; readonly value: number }
  | { readonly kind: 'bind'; readonly name: string }
  | { readonly kind: 'broken' };

interface Rule {
  readonly rule: RuleDecl;
  readonly parts: readonly Part[];
}

/** A literal matches itself, a name binds; nothing else is a pattern. */
export function readPattern(pattern: Expr): Part {
  if (pattern.kind === 'int') return { kind: 'literal', value: pattern.value };
  if (pattern.kind === 'name') return { kind: 'bind', name: pattern.text };
  if (pattern.kind === 'unary' && pattern.operator === '-' && pattern.operand.kind === 'int') {
    return { kind: 'literal', value: -pattern.operand.value };
  }
  return { kind: 'broken' };
}

const isBroken = ({ parts }: Rule, arity: number): boolean =>
  parts.length !== arity || parts.some((p) => p.kind === 'broken');

const fits = ({ parts }: Rule, index: readonly number[]): boolean =>
  parts.every((p, k) => p.kind !== 'literal' || p.value === index[k]);

/** The first rule that takes the cell. `env` is null where the rule is broken, or its guard: the cell is poison then. */
function firstMatch(
  evaluator: Evaluator,
  rules: readonly Rule[],
  index: readonly number[],
  outer: Environment,
): { rule: Rule; env: Environment | null } | null {
  for (const rule of rules) {
    if (isBroken(rule, index.length)) return { rule, env: null };
    if (!fits(rule, index)) continue;
    const env = new Environment(outer);
    rule.parts.forEach((p, k) => {
      if (p.kind === 'bind') env.defineValue(p.name, int(index[k] ?? 0));
    });
    if (rule.rule.guard === undefined) return { rule, env };
    const wanted = evaluator.condition(rule.rule.guard, env, 'when');
    if (wanted === null) return { rule, env: null };
    if (wanted) return { rule, env };
  }
  return null;
}

/** `X[i, 0]`, without guard and body. */
export function headerOf(rule: RuleDecl): Span {
  const last = rule.patterns.at(-1)?.span.end ?? rule.name.span.end;
  return { start: rule.name.span.start, end: { line: last.line, column: last.column + 1, offset: last.offset + 1 } };
}

/** `X[0,1], X[0,2] and 3 more` */
export function someOf(labels: readonly string[], most = 4): string {
  if (labels.length <= most) return labels.join(', ');
  return `${labels.slice(0, most).join(', ')} and ${labels.length - most} more`;
}

function reportUndefined(evaluator: Evaluator, grid: Grid, cells: ReadonlyMap<string, GridCell>): void {
  const without = [...cells.values()].filter((c) => c.rule === null).map((c) => c.label);
  if (without.length === 0) return;
  evaluator.fail(say.undefinedCell.cells({ cells: someOf(without) }), grid.decl.name.span, {
    hints: [
      `add a rule ${grid.name}[${grid.decl.indices.map((d) => d.name.text).join(', ')}] = ..., or narrow the ranges`,
    ],
  });
}

function reportUnusedRules(
  evaluator: Evaluator,
  grid: Grid,
  cells: ReadonlyMap<string, GridCell>,
  rules: readonly Rule[],
): void {
  const used = new Set([...cells.values()].map((c) => c.rule));
  for (const rule of rules) {
    // A broken rule takes every cell that reaches it, so nothing can be said of those after it.
    if (isBroken(rule, grid.decl.indices.length)) return;
    if (used.has(rule.rule)) continue;
    const wanted = [...cells.values()].filter((c) => fits(rule, c.index));
    const taken = wanted.find((c) => c.rule !== null && c.rule.span.start.offset < rule.rule.span.start.offset)?.rule;
    const why =
      wanted.length === 0
        ? 'no cell of the grid matches it'
        : taken
          ? 'rules above it take every cell it matches'
          : 'its guard never holds';
    evaluator.fail(say.unusedRule.rule({ why }), headerOf(rule.rule), {
      hints: [
        wanted.length === 0 || !taken
          ? 'correct the pattern, or remove the rule'
          : 'move it above the wider rule, or remove it',
      ],
      related: taken ? [{ span: headerOf(taken), message: `${wanted[0]?.label} is defined by this rule` }] : [],
    });
  }
}

/** The cells of `X[i, 0..j-1]`: one value if every index is a number, else a list in the order of the slices. */
export function readCells(evaluator: Evaluator, grid: Grid, picks: readonly Pick[], span: Span): Value {
  evaluator.force(grid.layout, span);
  const { cells } = grid;
  if (cells === null) return poison;
  const arity = grid.decl.indices.length;
  if (picks.length !== arity) {
    const said = picks.length < arity ? say.missingArgument.grid : say.extraArgument.grid;
    return evaluator.fail(said({ grid: grid.name, arity, given: picks.length }), span);
  }
  if (
    !evaluator.room(
      picks.reduce((n, p) => n * p.numbers.length, 1),
      span,
    )
  )
    return poison;
  let tuples: number[][] = [[]];
  for (const pick of picks) tuples = tuples.flatMap((t) => pick.numbers.map((n) => [...t, n]));
  const values: Value[] = [];
  for (const index of tuples) {
    const cell = cells.get(keyOf(index));
    if (cell === undefined) return outside(evaluator, grid, index, picks, span);
    evaluator.reads.push({ from: cell.lazy, to: evaluator.scope, span });
    values.push(evaluator.force(cell.lazy, span));
  }
  return picks.every((p) => p.one) ? (values[0] ?? poison) : evaluator.list(values, span);
}

function outside(
  evaluator: Evaluator,
  grid: Grid,
  index: readonly number[],
  picks: readonly Pick[],
  span: Span,
): Value {
  const label = cellLabel({ grid: grid.name, index });
  for (const [k, decl] of grid.decl.indices.entries()) {
    const run = grid.runs.get(keyOf(index.slice(0, k))) ?? [];
    const value = index[k] ?? 0;
    if (run.includes(value)) continue;
    const before = grid.decl.indices.slice(0, k).map((d, n) => `${d.name.text} = ${index[n]}`);
    const under = before.length > 0 ? ` where ${before.join(', ')}` : '';
    return evaluator.fail(
      say.indexOutOfGrid.cell({ cell: label, index: decl.name.text, run: printRun(run), under }),
      picks[k]?.one ? span : (picks[k]?.span ?? span),
      {
        hints: [
          run.length === 0
            ? `the range of ${decl.name.text} is empty: ranges run upwards, from the smaller end to the larger`
            : evaluator.scope.cell === undefined
              ? 'correct the index or the range it comes from'
              : 'correct the index, or give the cells at the border a rule of their own above this one',
        ],
      },
    );
  }
  return poison;
}

function printRun(run: readonly number[]): string {
  if (run.length === 0) return 'nothing';
  const steady = run.every((n, k) => n === (run[0] ?? 0) + k);
  return steady && run.length > 1 ? `${run[0]}..${run.at(-1)}` : someOf(run.map(String), 8);
}

/** A grid's name alone: all its cells, if it has one index. */
export function wholeGrid(evaluator: Evaluator, grid: Grid, span: Span): Value {
  evaluator.force(grid.layout, span);
  if (grid.cells === null) return poison;
  if (grid.decl.indices.length !== 1) {
    const places = grid.decl.indices.map(() => '0').join(', ');
    return evaluator.fail(say.wrongType.grid({ name: grid.name, indices: grid.decl.indices.length }), span, {
      hints: [`name a cell or a slice: ${grid.name}[${places}]`],
    });
  }
  return readCells(
    evaluator,
    grid,
    [{ numbers: [...grid.cells.values()].map((c) => c.index[0] ?? 0), one: false, span }],
    span,
  );
}
