import type { BinaryOperator, Expr } from '../tree.js';

/** What is around an expression. */
export type Around =
  /** Delimiters on both sides: `= e`, `(e)`, `[e, e]`. */
  | 'whole'
  /** The final expression of a body: it follows another expression, with only a line break between. */
  | 'result'
  /** Keywords: `if e then e`, `for i in e if e`. */
  | 'clause'
  | 'else'
  /** `e(...)`, `e[...]`, `|> e` */
  | 'target'
  | { readonly operator: Operator; readonly side: 'left' | 'right' };

export type Operator = BinaryOperator | '|>' | '..' | 'sign' | 'not';

const sums: readonly string[] = ['+', '-'];
const arithmetic: readonly string[] = ['+', '-', '*', '/', '%', '^'];
const comparisons: readonly string[] = ['==', '!=', '<', '<=', '>', '>='];

/** Operators of which everybody knows that the first is taken before the second, parentheses or not. */
function isKnownToBind(inner: string, outer: Operator): boolean {
  if (comparisons.includes(outer)) return arithmetic.includes(inner);
  if (outer === 'and' || outer === 'or') return comparisons.includes(inner);
  if (sums.includes(outer)) return ['*', '/', '^'].includes(inner);
  return (outer === '*' || outer === '/') && inner === '^';
}

/** Operators that one reads from the left to the right, so that parentheses around the first of the two say nothing. */
function isReadOn(inner: string, outer: Operator): boolean {
  if (sums.includes(outer)) return sums.includes(inner);
  return inner === outer && ['*', 'and', 'or'].includes(outer);
}

/**
 * Whether the parentheses written around an expression can go. They stay where the tree would be another without them;
 * and where a reader might doubt what belongs together: `(a and b) or c`, `(a / b) * c`, `(n + 1)..m`, `a + (-b)`,
 * `(a + b) |> f`. None are ever added.
 *
 * @param first text of the first token within the parentheses
 */
export function areNeedless(inner: Expr, first: string, around: Around): boolean {
  if (isAtom(inner)) return true;
  switch (around) {
    case 'whole':
      return true;
    case 'result':
      // `-x` would go on with the line above.
      return first !== '-';
    case 'clause':
      return !endsOpen(inner);
    case 'else':
      return inner.kind !== 'pipe';
    case 'target':
      return false;
  }
  if (first === '-' || first === 'not') return false;
  if (inner.kind === 'pipe') return around.operator === '|>' && around.side === 'left';
  if (inner.kind !== 'binary' || endsOpen(inner)) return false;
  const { operator } = inner;
  return isKnownToBind(operator, around.operator) || (around.side === 'left' && isReadOn(operator, around.operator));
}

function isAtom({ kind }: Expr): boolean {
  return !['range', 'pipe', 'unary', 'binary', 'if', 'missing'].includes(kind);
}

/** Whether an expression ends with one that takes in what follows: `1 + if a then b else c`, `a * not b`. */
function endsOpen(expr: Expr): boolean {
  for (let at = expr; ; ) {
    if (at.kind === 'if' || (at.kind === 'unary' && at.operator === 'not')) return true;
    const last = at.kind === 'unary' ? at.operand : at.kind === 'binary' ? at.right : at.kind === 'range' ? at.to : at;
    // One that ends before its parent stands in parentheses.
    if (last === at || last.span.end.offset !== at.span.end.offset) return false;
    at = last;
  }
}
