import type { IToken } from './chevrotain.js';
import { behind, replace, type Span } from './diagnostic.js';
import { clip } from './lex.js';
import { limits } from './limits.js';
import type { Mistakes } from './mistakes.js';
import { say } from './say.js';
import type { Source } from './source.js';
import * as T from './tokens.js';
import type { BinaryOperator, Expr, Name } from './tree.js';

/**
 * An expression and the stretch of text it was written in, which is wider than the expression's own span where it
 * stands in parentheses.
 */
export interface Operand {
  readonly expr: Expr;
  readonly start: number;
  readonly end: number;
}

/** `operands[i]` stands behind `prefixes[i]` and in front of `infixes[i]`; there is one infix less than operands. */
export interface Chain {
  readonly operands: Operand[];
  readonly prefixes: IToken[][];
  readonly infixes: IToken[];
}

/** How tightly each operator binds: a higher one takes its operands first. `if` binds loosest of all, an index tightest. */
const precedence: Readonly<Record<string, number>> = {
  '|>': 1,
  or: 2,
  and: 3,
  not: 4,
  ...{ '==': 5, '!=': 5, '<': 5, '<=': 5, '>': 5, '>=': 5 },
  '..': 6,
  ...{ '+': 7, '-': 7 },
  ...{ '*': 8, '/': 8, '%': 8 },
  negate: 9,
  '^': 10,
};
const comparison = precedence['==']!;

interface Pending {
  /** The operator as `precedence` knows it. */
  readonly name: string;
  readonly level: number;
  readonly token: IToken;
  readonly prefix: boolean;
}

/**
 * Builds the tree of a chain of operands and operators by precedence. Iterative, so that a chain may be long; a tree
 * that grows higher than `limits.height` is reported and cut.
 */
export class TreeBuilder {
  private readonly heights = new Map<Expr, number>();

  constructor(
    private readonly source: Source,
    private readonly mistakes: Mistakes,
  ) {}

  resolve(chain: Chain): Operand {
    const values: Operand[] = [];
    const pending: Pending[] = [];
    for (const [i, operand] of chain.operands.entries()) {
      for (const token of chain.prefixes[i]!) pending.push(pend(token, true));
      values.push(operand);
      const infix = chain.infixes[i];
      if (infix === undefined) break;
      const next = pend(infix, false);
      // `^` alone takes from the right: 2^3^2 is 2^(3^2).
      while (
        pending.length > 0 &&
        (top(pending).level > next.level || (top(pending).level === next.level && next.name !== '^'))
      ) {
        this.reduce(values, pending);
      }
      pending.push(next);
    }
    while (pending.length > 0) this.reduce(values, pending);
    return values[0]!;
  }

  /** Notes how high a tree has grown, and cuts it where that is too high. */
  grow(expr: Expr, parts: readonly Expr[]): Expr {
    let height = 0;
    for (const part of parts) height = Math.max(height, this.heights.get(part) ?? 0);
    if (height < limits.height) {
      this.heights.set(expr, height + 1);
      return expr;
    }
    this.mistakes.add(say.limitDepth.height({ limit: limits.height }), expr.span, 'name a part of it with `let`');
    return { kind: 'missing', span: expr.span };
  }

  private reduce(values: Operand[], pending: Pending[]): void {
    const operator = pending.pop()!;
    const right = values.pop()!;
    if (operator.prefix) {
      const start = operator.token.startOffset;
      const span = this.source.span(start, right.end);
      const sign = operator.name === 'not' ? 'not' : '-';
      values.push({
        expr: this.grow({ kind: 'unary', span, operator: sign, operand: right.expr }, [right.expr]),
        start,
        end: right.end,
      });
      return;
    }
    const left = values.pop()!;
    const span = this.source.span(left.start, right.end);
    values.push({
      expr: this.grow(this.join(operator, left, right, span), [left.expr, right.expr]),
      start: left.start,
      end: right.end,
    });
  }

  private join(operator: Pending, left: Operand, right: Operand, span: Span): Expr {
    if (operator.name === '|>') return this.pipe(left, right, span);
    if (operator.name === '..') {
      if (bare(left)?.kind === 'range') {
        const at = this.source.span(operator.token.startOffset, operator.token.startOffset + 2);
        this.mistakes.add(say.operatorChain.range(), at, 'write `first..last`; a range has no step');
      }
      return { kind: 'range', span, from: left.expr, to: right.expr };
    }
    const before = bare(left);
    if (operator.level === comparison && before?.kind === 'binary' && precedence[before.operator] === comparison) {
      const at = this.source.span(operator.token.startOffset, operator.token.startOffset + operator.token.image.length);
      const middle = clip(this.source.text.slice(before.right.span.start.offset, before.right.span.end.offset));
      const hint = `write \`and\` between the two: \`... ${before.operator} ${middle} and ${middle} ${operator.name} ...\``;
      const { start, end } = before.right.span;
      const again = ` and ${this.source.text.slice(start.offset, end.offset)}`;
      const fix = replace(behind(before.right.span), again, true, `insert${clip(again)}`);
      this.mistakes.add(say.operatorChain.comparison(), at, hint, [], [fix]);
    }
    return { kind: 'binary', span, operator: operator.name as BinaryOperator, left: left.expr, right: right.expr };
  }

  private pipe(left: Operand, right: Operand, span: Span): Expr {
    const target = right.expr;
    if (target.kind === 'call') return { kind: 'pipe', span, left: left.expr, call: target };
    if (target.kind === 'name') {
      const callee: Name = { text: target.text, span: target.span };
      return { kind: 'pipe', span, left: left.expr, call: { kind: 'call', span: target.span, callee, args: [] } };
    }
    if (target.kind !== 'missing') {
      const at = this.source.span(right.start, right.end);
      const written = clip(this.source.text.slice(right.start, right.end).replace(/\s+/g, ' '));
      const hint =
        target.kind === 'binary'
          ? `put the pipe in parentheses before \`${target.operator}\`: \`(x |> f) ${target.operator} y\``
          : 'name an operator or a block there: `x |> relu`';
      this.mistakes.add(say.pipeTarget.pipe({ written }), at, hint);
    }
    return { kind: 'missing', span };
  }
}

function pend(token: IToken, prefix: boolean): Pending {
  const name = prefix
    ? token.tokenType === T.Not
      ? 'not'
      : 'negate'
    : token.tokenType === T.And
      ? 'and'
      : token.tokenType === T.Or
        ? 'or'
        : token.image;
  return { name, level: precedence[name]!, token, prefix };
}

const top = (pending: readonly Pending[]): Pending => pending[pending.length - 1]!;

/** The expression of an operand that stands in no parentheses of its own. */
function bare(operand: Operand): Expr | undefined {
  const { span } = operand.expr;
  return span.start.offset === operand.start && span.end.offset === operand.end ? operand.expr : undefined;
}
