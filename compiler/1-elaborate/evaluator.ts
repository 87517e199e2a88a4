import type { Said } from '../../grammar/diagnostic.js';
import { type Related, type Span, sameSpan } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import type { Body, Expr } from '../../grammar/tree.js';
import { type Code, type Collector, diagnose, type More } from '../diagnostics/index.js';
import type { Attrs } from '../ir/graph.js';
import type { OpName } from '../ops/index.js';
import { type Pick, readItems, readPick } from './access.js';
import { binary, negate, type Toolbox } from './arithmetic.js';
import { builtin, isBuiltin } from './builtins.js';
import { callBlock } from './call-block.js';
import { Environment, type Lazy } from './environment.js';
import { readCells, wholeGrid } from './grid.js';
import { readHeads, wholeFamily } from './heads.js';
import { limits } from './limits.js';
import type { Reported } from './names.js';
import { argumentWords, type CallArg, callOperator, isLanguageOp } from './operators.js';
import type { RawValue } from './raw.js';
import { type Scope, type Steps, scopeOf } from './steps.js';
import { unknownCallee, unknownValue } from './unknown.js';
import {
  containsTensor,
  describe,
  int,
  isNumber,
  isPoisoned,
  list,
  poison,
  shortNumber,
  tensor,
  type Value,
  wholeNumber,
} from './values.js';

/** A reference from one scope to a lazy value, for edges and lints. */
export interface Read {
  readonly from: Lazy;
  readonly to: Scope;
  readonly span: Span;
}

/** A block being called, and where. */
interface Call {
  readonly name: string;
  readonly span: Span;
}

type CallExpr = Extract<Expr, { kind: 'call' }>;

/**
 * Evaluates expressions, and makes a step of every operator it meets. A mistake is reported where it is made;
 * its value is poison, which spreads without another word.
 */
export class Evaluator implements Toolbox {
  /** Heads above this level do not exist; null: all do. */
  level: number | null = null;
  /** Where nodes are made now. */
  scope: Scope = scopeOf('');
  readonly reads: Read[] = [];
  /** Blocks being called, outermost first. */
  calls: Call[] = [];
  /** Blocks that passed the limit of recursion: further calls are poison, so that unwinding is quick. */
  readonly runaway = new Set<object>();
  /** Of names that stand for what a block was given: where it was given last. By their places in the text. */
  readonly given = new Map<Span, Span>();
  /** What was reported at a block's argument, by the place in the block that it was wrong for. */
  private readonly blamed = new Map<Span, Code>();

  private readonly running: { readonly lazy: Lazy; readonly span: Span }[] = [];
  private depth = 0;
  private stepsLeft: number = limits.steps;

  /** @param names what the walk over the names reported. */
  constructor(
    public report: Collector,
    readonly steps: Steps,
    readonly names: Reported,
  ) {}

  fail(said: Said<Code>, span: Span, more: More = {}): Value {
    if (this.report.muted || this.report.has(said.code, span) || this.blamed.get(span) === said.code) return poison;
    const given = this.given.get(span);
    if (given === undefined) {
      const related = [...(more.related ?? []), ...this.context(span)];
      this.report.add(diagnose(said, span, { ...more, related }));
      return poison;
    }
    // A value that a block was given is wrong where it was given.
    this.blamed.set(span, said.code);
    const block = this.calls.at(-1)?.name;
    const use = { span, message: block === undefined ? 'needed here' : `needed here, in ${block}` };
    const related = [...(more.related ?? []), use, ...this.cell()];
    this.report.add(diagnose(said, given, { ...more, related }));
    return poison;
  }

  private noteGiven(span: Span, given: Span | undefined): void {
    if (given !== undefined) this.given.set(span, given);
    else if (this.given.size > 0) this.given.delete(span);
  }

  /** A rule speaks for many cells and a block for many calls: which one is it? */
  private context(span: Span): Related[] {
    const out: Related[] = [];
    const call = this.calls.at(-1);
    if (call !== undefined) out.push({ span: call.span, message: `in ${call.name}, called here` });
    const own = this.ownCall();
    if (own !== undefined && own !== call) out.push({ span: own.span, message: `in ${own.name}, called here` });
    return [...out, ...this.cell()].filter((r) => !sameSpan(r.span, span));
  }

  private cell(): Related[] {
    const now = this.running.at(-1)?.lazy;
    return now?.scope.cell === undefined
      ? []
      : [{ span: now.span, message: `in ${now.label}, which this rule defines` }];
  }

  /** Of the blocks being called, the innermost that the spec's own text calls. */
  private ownCall(): Call | undefined {
    return this.calls.findLast((c) => c.span.file === undefined);
  }

  apply(op: OpName, attrs: Attrs, inputs: readonly RawValue[], span: Span, biasUnsaid = false): Value {
    if (this.steps.full) {
      // Once: every further node would be one too many as well.
      if (!this.exhausted) this.fail(say.limitNodes.nodes({ limit: limits.nodes }), span);
      this.exhausted = true;
      return poison;
    }
    const call = span.file === undefined ? undefined : this.ownCall();
    return tensor(this.steps.apply(op, attrs, inputs, span, this.scope, call, biasUnsaid));
  }

  private exhausted = false;

  spend(steps: number, span: Span): boolean {
    if (this.stepsLeft < 0) return false;
    this.stepsLeft -= steps;
    if (this.stepsLeft < 0) this.fail(say.limitSteps.steps({ limit: limits.steps }), span);
    return this.stepsLeft >= 0;
  }

  /** The value of something lazy: evaluated now if it never was. */
  force(lazy: Lazy, span: Span): Value {
    if (lazy.state === 'done') return lazy.value;
    if (lazy.state === 'running') return this.cycle(lazy, span);
    lazy.state = 'running';
    this.running.push({ lazy, span });
    const { calls } = this;
    this.calls = [];
    this.depth += limits.forcing;
    lazy.value = this.within(lazy.scope, lazy.compute);
    this.depth -= limits.forcing;
    this.calls = calls;
    this.running.pop();
    lazy.state = 'done';
    return lazy.value;
  }

  /** Evaluates with nodes going to another scope. */
  within<T>(scope: Scope, compute: () => T): T {
    const before = this.scope;
    this.scope = scope;
    const result = compute();
    this.scope = before;
    return result;
  }

  private cycle(lazy: Lazy, span: Span): Value {
    const loop = this.running.slice(this.running.findIndex((r) => r.lazy === lazy));
    const labels = [...loop.map((r) => r.lazy.label), lazy.label];
    const shown = labels.length > 14 ? [...labels.slice(0, 7), '...', ...labels.slice(-6)] : labels;
    const related = loop
      .slice(1, 8)
      .map((r, k): Related => ({ span: r.span, message: `${loop[k]?.lazy.label} needs ${r.lazy.label}` }));
    if (!this.report.muted && !this.report.has('cycle', span)) {
      this.report.add(
        diagnose(say.cycle.cell({ name: lazy.label, way: shown.join(' -> ') }), span, {
          hints: ['break the loop at one of its arrows; often an index is off by one'],
          related,
        }),
      );
    }
    return poison;
  }

  /** `let`s in order, each evaluated once, then the result. */
  body(body: Body, outer: Environment): Value {
    if (body.lets.length === 0) return this.expression(body.result, outer);
    const env = new Environment(outer);
    for (const decl of body.lets) env.defineValue(decl.name.text, this.expression(decl.value, env));
    return this.expression(body.result, env);
  }

  expression(expr: Expr, env: Environment): Value {
    if (!this.spend(1, expr.span) || this.names.rejected.has(expr)) return poison;
    if (this.depth >= limits.nesting) {
      return this.fail(say.limitNesting.evaluation(), expr.span, {
        hints: ['let a long chain of cells run from low indices to high, and a block end its recursion earlier'],
      });
    }
    this.depth++;
    const value = this.dispatch(expr, env);
    this.depth--;
    return value;
  }

  private dispatch(expr: Expr, env: Environment): Value {
    switch (expr.kind) {
      case 'int':
        return int(expr.value);
      case 'float':
        return { kind: 'float', value: expr.value };
      case 'bool':
        return { kind: 'bool', value: expr.value };
      case 'string':
        return { kind: 'string', value: expr.value };
      case 'missing':
        return poison;
      case 'name':
        return this.name(expr.text, expr.span, env);
      case 'list':
        return this.listLiteral(expr.items, expr.span, env);
      case 'range':
        return this.range(expr, env);
      case 'comprehension':
        return this.comprehension(expr, env);
      case 'index':
        return this.index(expr, env);
      case 'call':
        return this.call(expr, null, env);
      case 'pipe':
        return this.call(expr.call, expr.left, env);
      case 'unary':
        return expr.operator === '-' ? this.negation(expr.operand, env) : this.not(expr.operand, env);
      case 'binary':
        return this.binary(expr, env);
      case 'if': {
        const condition = this.condition(expr.condition, env, 'if');
        return condition === null ? poison : this.expression(condition ? expr.consequent : expr.alternative, env);
      }
    }
  }

  private name(text: string, span: Span, env: Environment): Value {
    const entry = env.lookup(text);
    switch (entry?.kind) {
      case 'value':
        // Blocks are there to be given tensors: one that does not fit is not what is wrong.
        this.noteGiven(span, entry.value.kind === 'tensor' ? undefined : entry.given);
        return entry.value;
      case 'lazy':
        return this.force(entry.lazy, span);
      case 'grid':
        return wholeGrid(this, entry.grid, span);
      case 'heads':
        return wholeFamily(this, entry.family, span);
    }
    if (argumentWords.has(text)) return { kind: 'string', value: text };
    if (this.known('unknown-name', span)) return poison;
    const unknown = unknownValue(text, span, { values: () => env.allNames(), blocks: () => env.allBlocks() });
    return unknown ? this.fail(unknown, span, unknown) : poison;
  }

  /** Whether a name is reported already: looking for what was meant takes long. */
  private known(code: Code, span: Span): boolean {
    return (
      this.report.muted ||
      this.names.unknown.has(span) ||
      this.report.has(code, span) ||
      this.report.has('not-callable', span)
    );
  }

  /** Whether a list of this length may be made. */
  room(length: number, span: Span): boolean {
    if (length > limits.list) {
      this.fail(say.limitList.list({ length, limit: limits.list }), span);
      return false;
    }
    return this.spend(length, span);
  }

  /** A list within the limits; poison, reported, beyond them. */
  list(items: readonly Value[], span: Span): Value {
    if (!this.room(items.length, span)) return poison;
    const made = list(items);
    if (made.total > limits.list) {
      return this.fail(say.limitList.nested({ length: made.total, limit: limits.list }), span);
    }
    if (made.height > limits.lists) return this.fail(say.limitNesting.lists({ limit: limits.lists }), span);
    return made;
  }

  private listLiteral(exprs: readonly Expr[], span: Span, env: Environment): Value {
    const items: Value[] = [];
    for (const expr of exprs) items.push(this.expression(expr, env));
    return this.list(items, span);
  }

  private range(expr: Extract<Expr, { kind: 'range' }>, env: Environment): Value {
    const a = this.expression(expr.from, env);
    const b = this.expression(expr.to, env);
    const from = this.whole(a, expr.from.span, 'the start of a range');
    const to = this.whole(b, expr.to.span, 'the end of a range');
    if (from === null || to === null) return poison;
    const length = Math.max(0, to - from + 1);
    if (!this.room(length, expr.span)) return poison;
    return list(Array.from({ length }, (_, k) => int(from + k)));
  }

  /** A value as an integer; null, and reported, if it is not one. `what` begins the message. */
  whole(v: Value, span: Span, what: string): number | null {
    if (isPoisoned(v)) return null;
    const n = wholeNumber(v);
    if (n !== undefined) return n;
    if (v.kind === 'float') this.fail(say.notAnInt.number({ what, number: shortNumber(v.value) }), span);
    else this.fail(say.wrongType.whole({ what, found: describe(v) }), span);
    return null;
  }

  /** The truth of an expression; null, reported, if it has none. */
  condition(expr: Expr, env: Environment, what: string): boolean | null {
    const v = this.expression(expr, env);
    if (v.kind === 'bool') return v.value;
    if (!isPoisoned(v)) this.fail(say.wrongType.condition({ what, found: describe(v) }), expr.span);
    return null;
  }

  private not(operand: Expr, env: Environment): Value {
    const value = this.condition(operand, env, 'not');
    return value === null ? poison : { kind: 'bool', value: !value };
  }

  private negation(operand: Expr, env: Environment): Value {
    return negate(this, this.expression(operand, env), operand.span);
  }

  private binary(expr: Extract<Expr, { kind: 'binary' }>, env: Environment): Value {
    const { operator } = expr;
    if (operator === 'and' || operator === 'or') {
      const left = this.condition(expr.left, env, operator);
      if (left === null) return poison;
      if (left === (operator === 'or')) return { kind: 'bool', value: left };
      const right = this.condition(expr.right, env, operator);
      return right === null ? poison : { kind: 'bool', value: right };
    }
    const left = this.expression(expr.left, env);
    const right = this.expression(expr.right, env);
    // Arithmetic that fails for what is no number is wrong where that was given.
    const wrong = isNumber(left) ? (isNumber(right) ? undefined : expr.right) : expr.left;
    this.noteGiven(expr.span, wrong && this.given.get(wrong.span));
    return binary(this, operator, left, right, expr.span, expr.right.span);
  }

  private comprehension(expr: Extract<Expr, { kind: 'comprehension' }>, env: Environment): Value {
    const source = this.expression(expr.source, env);
    if (source.kind === 'poison') return poison;
    if (source.kind !== 'list') {
      return this.fail(say.wrongType.comprehension({ found: describe(source) }), expr.source.span);
    }
    const items: Value[] = [];
    for (const item of source.items) {
      const inner = new Environment(env);
      inner.defineValue(expr.index.text, item);
      if (expr.condition !== undefined) {
        const wanted = this.condition(expr.condition, inner, 'the condition');
        if (wanted === null) return poison;
        if (!wanted) continue;
      }
      items.push(this.expression(expr.value, inner));
    }
    return this.list(items, expr.span);
  }

  private index(expr: Extract<Expr, { kind: 'index' }>, env: Environment): Value {
    const entry = expr.target.kind === 'name' ? env.lookup(expr.target.text) : undefined;
    const target = entry?.kind === 'grid' || entry?.kind === 'heads' ? null : this.expression(expr.target, env);
    const picks: Pick[] = [];
    for (const e of expr.indices) {
      const pick = readPick(this, this.expression(e, env), e.span);
      if (pick !== null) picks.push(pick);
    }
    if (picks.length < expr.indices.length) return poison;
    if (entry?.kind === 'grid') return readCells(this, entry.grid, picks, expr.span);
    if (entry?.kind === 'heads') return readHeads(this, entry.family, picks, expr.span);
    return readItems(this, target ?? poison, picks, expr.target.span);
  }

  private call(expr: CallExpr, left: Expr | null, env: Environment): Value {
    const args: CallArg[] = [];
    if (left !== null) args.push({ value: this.expression(left, env), span: left.span });
    for (const arg of expr.args) {
      args.push({ name: arg.name, value: this.expression(arg.value, env), span: arg.value.span });
    }
    const name = expr.callee.text;
    const block = env.block(name);
    if (block !== undefined) return callBlock(this, block, args, expr.span);
    if (isBuiltin(name)) {
      const values = args.map((a) => a.value);
      const joins = name === 'sum' ? 'add' : name;
      if (joins !== 'last' && joins !== 'len' && isLanguageOp(joins) && values.some(containsTensor)) {
        return callOperator(this, joins, args, expr.span);
      }
      const named = args.find((a) => a.name !== undefined);
      if (named?.name)
        return this.fail(say.unknownArgument.callee({ callee: name, name: named.name.text }), named.name.span);
      return builtin(this, name, values, expr.span);
    }
    if (isLanguageOp(name)) return callOperator(this, name, args, expr.span);
    if (this.known('unknown-name', expr.callee.span)) return poison;
    const unknown = unknownCallee(name, expr.callee.span, {
      values: () => env.allNames(),
      blocks: () => env.allBlocks(),
    });
    return this.fail(unknown, expr.callee.span, unknown);
  }
}
