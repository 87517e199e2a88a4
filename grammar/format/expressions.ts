import type { Arg, Expr } from '../tree.js';
import type { Cursor } from './cursor.js';
import {
  align,
  concat,
  type Doc,
  either,
  empty,
  group,
  hard,
  indent,
  line,
  softly,
  space,
  text,
  tightLine,
} from './document.js';
import { type Around, areNeedless, type Operator } from './parentheses.js';

type Pipe = Extract<Expr, { kind: 'pipe' }>;
type Binary = Extract<Expr, { kind: 'binary' }>;

/** Items in brackets up to this width fill lines, as the numbers of a list do; wider ones have a line each. */
const smallItem = { list: 32, other: 20 } as const;
/** A chain's first operand up to this width stands in front of its first `|>`, and the others under that. */
const smallHead = 16;

/** Lays out expressions. `tight` is how arithmetic is written in an index: `X[i-1, 2*j]`. */
export class ExpressionPrinter {
  constructor(protected readonly cursor: Cursor) {}

  expression(expr: Expr, around: Around = 'whole', tight = false): Doc {
    const { cursor } = this;
    const start = expr.span.start.offset;
    const open = cursor.next;
    while (cursor.peek() === '(' && cursor.startOf(cursor.next) < start) cursor.skip();
    const depth = cursor.next - open;
    if (depth === 0) return this.bare(expr, tight);
    const before = cursor.before(open);
    const needless = areNeedless(expr, cursor.peek(), around);
    const inner = this.bare(expr, tight);
    const close = cursor.next;
    for (let i = 0; i < depth; i++) if (cursor.peek(cursor.skip()) !== ')') cursor.lost = true;
    // A comment that ends a line in parentheses may be all that makes the next line belong to the expression.
    const commented = cursor.gaps.hasComment(open + 1, close + depth - 1);
    const kept = commented ? depth : needless ? 0 : 1;
    if (kept < depth) cursor.simplified = true;
    const parts: Doc[] = [before];
    for (let i = 0; i < kept; i++) {
      if (commented && i > 0) parts.push(cursor.before(open + i));
      parts.push(text('('));
      if (commented) parts.push(cursor.behind(open + i));
    }
    if (kept > 0) parts.push(align(inner));
    else parts.push(inner);
    for (let i = 0; i < kept; i++) {
      if (commented) parts.push(cursor.before(close + i));
      parts.push(text(')'));
      if (commented && i < depth - 1) parts.push(cursor.behind(close + i));
    }
    parts.push(cursor.behind(close + depth - 1));
    return align(concat(parts));
  }

  /** What stands behind `=`. Brackets that take lines of their own go in from where the statement begins. */
  protected value(expr: Expr): Doc {
    const open = this.cursor.peek() === '(';
    if (!open && expr.kind === 'list') return this.expression(expr);
    if (!open && expr.kind === 'call') return this.call(expr, false);
    return align(this.expression(expr));
  }

  private bare(expr: Expr, tight: boolean): Doc {
    const { cursor } = this;
    switch (expr.kind) {
      case 'int':
      case 'float':
      case 'bool':
      case 'string':
        return cursor.leaf(expr.span.start.offset);
      case 'name':
        return cursor.name(expr);
      case 'list':
        return this.brackets(
          expr.items.map((item) => () => this.expression(item, 'whole', tight)),
          smallItem.list,
        );
      case 'comprehension':
        return this.comprehension(expr, tight);
      case 'range':
        return this.range(expr, tight);
      case 'index': {
        const target = this.expression(expr.target, 'target', tight);
        const indices = expr.indices.map((index) => () => this.expression(index, 'whole', true));
        return align(concat([target, this.brackets(indices)]));
      }
      case 'call':
        return align(this.call(expr, tight));
      case 'pipe':
        return this.pipe(expr, tight);
      case 'unary': {
        const sign = cursor.take(expr.operator);
        const apart = expr.operator === 'not' || cursor.peek() === '-';
        const around = { operator: expr.operator === 'not' ? 'not' : 'sign', side: 'right' } as const;
        return concat([sign, apart ? space : empty, this.expression(expr.operand, around, tight)]);
      }
      case 'binary':
        return this.binary(expr, tight);
      case 'if':
        return this.conditional(expr, tight);
      case 'missing':
        cursor.lost = true;
        return empty;
    }
  }

  /** Brackets or parentheses with what is in them, separated by commas. */
  protected brackets(items: readonly (() => Doc)[], most: number = smallItem.other): Doc {
    const { cursor } = this;
    const first = cursor.next;
    const open = cursor.take(cursor.peek() === '(' ? '(' : '[');
    const closer = cursor.peek(first) === '(' ? ')' : ']';
    const docs: Doc[] = [];
    for (const [i, item] of items.entries()) {
      const lead = cursor.lead();
      const doc = item();
      if (i < items.length - 1) docs.push(concat([lead, doc, cursor.take(',')]));
      else docs.push(lead === empty ? doc : concat([lead, doc]));
    }
    const comma = cursor.peek() === ',' && items.length > 0 ? cursor.comma(cursor.skip()) : undefined;
    const commented = cursor.gaps.hasEnding(first + 1, cursor.next);
    const last = cursor.beforeCloser(cursor.next, commented);
    const close = cursor.takeBare(closer);
    if (docs.length === 0) return concat([open, last.inline, last.ending, close]);

    const small = !commented && docs.every((doc) => doc.flat <= most);
    const join = (separator: Doc): Doc[] =>
      docs.flatMap((doc, i) => (i === 0 ? [doc] : small ? [softly(doc)] : [separator, doc]));
    // A comma stands behind the last item if and only if the bracket closes on a line of its own.
    const inline = [comma?.inline ?? empty, last.inline];
    const ending = [comma?.ending ?? empty, last.ending];
    const apart = (): Doc =>
      concat([open, indent(concat([hard, ...join(hard), ...inline, text(','), ...ending])), hard, close]);
    if (commented) return group(apart());
    const hanging = concat([open, align(concat([...join(line), ...inline])), close]);
    return group(either(hanging, apart));
  }

  private comprehension(expr: Extract<Expr, { kind: 'comprehension' }>, tight: boolean): Doc {
    const { cursor } = this;
    const open = cursor.take('[');
    const parts = [this.expression(expr.value, 'clause', tight), line, cursor.take('for'), space];
    parts.push(cursor.name(expr.index), space, cursor.take('in'), space);
    parts.push(this.expression(expr.source, 'clause', tight));
    if (expr.condition) {
      parts.push(line, cursor.take('if'), space, this.expression(expr.condition, 'clause', tight));
    }
    if (cursor.peek() === ',') {
      const { inline, ending } = cursor.comma(cursor.skip());
      parts.push(inline, ending);
    }
    return group(concat([open, align(concat(parts)), cursor.take(']')]));
  }

  private range(expr: Extract<Expr, { kind: 'range' }>, tight: boolean): Doc {
    const from = this.expression(expr.from, { operator: '..', side: 'left' }, tight);
    const points = this.cursor.take('..');
    const to = this.expression(expr.to, { operator: '..', side: 'right' }, tight);
    return group(align(concat([from, tightLine, points, to])));
  }

  private call({ callee, args, span }: Pipe['call'], tight: boolean): Doc {
    const name = this.expression({ kind: 'name', ...callee }, 'target', tight);
    // After `|>` a name alone is a call.
    if (span.end.offset === callee.span.end.offset) return name;
    return concat([name, this.brackets(args.map((arg) => () => this.argument(arg, tight)))]);
  }

  private argument({ name, value }: Arg, tight: boolean): Doc {
    if (name === undefined) return this.expression(value, 'whole', tight);
    const parts = [this.cursor.name(name), this.cursor.take(':'), space];
    return concat([...parts, this.expression(value, 'whole', tight)]);
  }

  /**
   * A chain of pipes breaks where it was broken; one that is too long, before every step that takes arguments, and those
   * that don't stay with the step in front of them. The steps stand under the first one,
   *
   *     x |> conv(c, kernel: 3) |> relu
   *       |> conv(c, kernel: 3) |> relu
   *
   * or, behind a long first operand or a first break, under that operand.
   */
  private pipe(expr: Pipe, tight: boolean): Doc {
    const { cursor } = this;
    const steps: Pipe['call'][] = [];
    let head: Expr = expr;
    for (let start = expr.span.start.offset; head.kind === 'pipe' && head.span.start.offset === start; ) {
      steps.push(head.call);
      head = head.left;
    }
    steps.reverse();
    const first = this.expression(head, { operator: '|>', side: 'left' }, tight);
    const docs: Doc[] = [];
    const broken: boolean[] = [];
    const takesArguments: boolean[] = [];
    for (const call of steps) {
      broken.push(cursor.gaps.broken[cursor.next] === true);
      const arrow = cursor.take('|>');
      takesArguments.push(call.span.end.offset > call.callee.span.end.offset);
      docs.push(concat([arrow, space, this.expression(call, 'target', tight)]));
    }
    const byAuthor = broken.includes(true);
    const others = docs.flatMap((doc, i) => {
      if (i === 0) return [doc];
      if (byAuthor ? broken[i] : takesArguments[i]) return [byAuthor ? hard : line, doc];
      return [softly(doc)];
    });
    const under = (): Doc => concat([first, byAuthor ? hard : line, ...others]);
    if (broken[0] || first.flat > smallHead) return group(align(under()));
    return group(align(either(concat([first, space, align(concat(others))]), under)));
  }

  /** Operators of one level in a row. */
  private binary(expr: Binary, tight: boolean): Doc {
    const { cursor } = this;
    const row = [expr];
    for (let left = expr.left; left.kind === 'binary' && areInRow(left, expr); left = left.left) row.push(left);
    row.reverse();
    const parts = [this.expression(row[0]!.left, { operator: row[0]!.operator, side: 'left' }, tight)];
    for (const { operator, right } of row) {
      const sign = cursor.take(operator);
      const close = operator === '^' || (tight && isArithmetic(operator) && cursor.peek() !== '-');
      parts.push(close ? tightLine : line, sign, close ? empty : space);
      parts.push(this.expression(right, { operator, side: 'right' }, tight));
    }
    return group(align(concat(parts)));
  }

  private conditional(expr: Extract<Expr, { kind: 'if' }>, tight: boolean): Doc {
    const { cursor } = this;
    const parts: Doc[] = [];
    for (let at: Expr = expr; ; ) {
      const condition = [cursor.take('if'), space, this.expression(at.condition, 'clause', tight)];
      const consequent = [line, cursor.take('then'), space, this.expression(at.consequent, 'clause', tight)];
      parts.push(group(concat([...condition, indent(concat(consequent))])), line, cursor.take('else'), space);
      const { alternative }: { alternative: Expr } = at;
      if (alternative.kind !== 'if' || cursor.startOf(cursor.next) !== alternative.span.start.offset) {
        parts.push(this.expression(alternative, 'else', tight));
        return group(align(concat(parts)));
      }
      at = alternative;
    }
  }
}

const levels: readonly (readonly Operator[])[] = [['or'], ['and'], ['+', '-'], ['*', '/', '%']];

/** Whether `left`, the left operand of `expr`, has an operator of the same level and no parentheses around it. */
function areInRow(left: Binary, expr: Binary): boolean {
  const bare = left.span.start.offset === expr.span.start.offset;
  return bare && levels.some((level) => level.includes(left.operator) && level.includes(expr.operator));
}

const isArithmetic = (operator: Operator): boolean => ['+', '-', '*', '/', '%'].includes(operator);
