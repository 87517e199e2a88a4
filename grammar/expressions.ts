import { BracketParser } from './brackets.js';
import { EOF, type IToken } from './chevrotain.js';
import { textValue } from './lex.js';
import { limits } from './limits.js';
import type { Chain, Operand } from './operators.js';
import { say } from './say.js';

import * as T from './tokens.js';
import type { Arg, Expr, Name } from './tree.js';

/**
 * Expressions. The grammar parses a chain of operands with operators between them, and `TreeBuilder` gives it its
 * structure: two rules instead of one for each precedence, so that nesting takes little of the stack.
 *
 * An expression goes on over a line break if the next line begins with an operator. A `(` or `[` at the beginning of
 * a line does not go on with the expression before it: it is no call and no index, unless the expression stands in
 * parentheses or brackets, where lines mean nothing.
 */
export abstract class ExpressionParser extends BracketParser {
  private depth = 0;

  protected override begin(...work: Parameters<BracketParser['begin']>): void {
    super.begin(...work);
    this.depth = 0;
  }

  /** An expression with the stretch of text it stands in. */
  private readonly chain = this.RULE('chain', (): Operand => {
    const chain: Chain = { operands: [], prefixes: [], infixes: [] };
    this.ACTION(() => this.enter());
    this.SUBRULE(this.operand, { ARGS: [chain] });
    this.MANY(() => {
      const infix = this.CONSUME(T.InfixOperator);
      this.ACTION(() => chain.infixes.push(infix));
      this.SUBRULE1(this.operand, { ARGS: [chain] });
    });
    return this.ACTION(() => {
      this.depth--;
      return this.work.tree.resolve(chain);
    });
  });

  protected readonly expression = this.RULE('expression', (): Expr => {
    const { expr } = this.SUBRULE(this.chain);
    return expr;
  });

  private readonly operand = this.RULE('operand', (chain: Chain): void => {
    const prefixes: IToken[] = [];
    this.MANY(() => {
      const prefix = this.CONSUME(T.PrefixOperator);
      this.ACTION(() => prefixes.push(prefix));
    });
    let value = this.atOperand()
      ? this.OR<Operand>([
          { ALT: () => this.leaf(this.CONSUME(T.Identifier)) },
          { ALT: () => this.leaf(this.CONSUME(T.Int)) },
          { ALT: () => this.leaf(this.CONSUME(T.Float)) },
          { ALT: () => this.leaf(this.CONSUME(T.Text)) },
          { ALT: () => this.leaf(this.CONSUME(T.True)) },
          { ALT: () => this.leaf(this.CONSUME(T.False)) },
          { ALT: () => this.leaf(this.CONSUME(T.Size)) },
          { ALT: () => this.group() },
          { ALT: () => this.list() },
          { ALT: () => this.conditional() },
        ])
      : this.hole();
    this.MANY1({
      GATE: () => this.brackets.length > 0 || !this.onNewLine(),
      DEF: () => {
        const target = value;
        value = this.OR1<Operand>([{ ALT: () => this.indexed(target) }, { ALT: () => this.called(target) }]);
      },
    });
    this.ACTION(() => {
      chain.prefixes.push(prefixes);
      chain.operands.push(value);
    });
  });

  /** Whether an operand begins here, and not the next statement, on a new line behind one that broke off. */
  private atOperand(): boolean {
    return this.when(T.ExpressionStart) && (this.RECORDING_PHASE || !this.onNewLine() || !this.atStatement());
  }

  // The pieces of `operand`: each is called in one place of it.

  private leaf(token: IToken): Operand {
    return this.ACTION(() => this.operandOf(this.leafValue(token)));
  }

  private leafValue(token: IToken): Expr {
    const span = this.spanOf(token);
    switch (token.tokenType) {
      case T.Int:
      case T.Float: {
        const value = Number(token.image.replaceAll('_', ''));
        // What is not a number was reported when it was lexed.
        if (Number.isNaN(value)) return { kind: 'missing', span };
        return { kind: token.tokenType === T.Int ? 'int' : 'float', span, value };
      }
      case T.Text:
        return { kind: 'string', span, value: textValue(token.image) };
      case T.True:
      case T.False:
        return { kind: 'bool', span, value: token.tokenType === T.True };
      case T.Size: {
        const list = `[${token.image.split('x').join(', ')}]`;
        this.work.mistakes.add(say.syntax.list({ text: token.image }), span, `write a list: \`${list}\``);
        return { kind: 'missing', span };
      }
      default:
        return { kind: 'name', span, text: token.image };
    }
  }

  /** `(a + b)`: no node of its own. */
  private group(): Operand {
    const open = this.CONSUME(T.LeftParen);
    this.ACTION(() => this.brackets.push({ token: open, closer: T.RightParen }));
    const inner = this.SUBRULE(this.chain);
    this.ACTION(() => this.endElement());
    this.closeBracket(9, open, T.RightParen);
    return this.ACTION(() => ({ expr: inner.expr, start: open.startOffset, end: this.lastEnd() }));
  }

  /** `[1, 2, 3]` or `[2 ^ i for i in 0..4 if i != 2]`. */
  private list(): Operand {
    const open = this.CONSUME(T.LeftBracket);
    let comprehension: { index: Name; source: Expr; condition?: Expr } | undefined;
    const items = this.elements(8, open, T.RightBracket, (items: Expr[]) => {
      items.push(this.SUBRULE(this.expression));
      this.OPTION({
        GATE: () => comprehension === undefined,
        DEF: () => {
          this.ACTION(() => {
            if (items.length > 1) this.failExpected('`,` or `]`', 'a comprehension has one value before `for`');
          });
          this.CONSUME(T.For);
          const index = this.wantName(2, 'a name', 'write `[value for i in 0..3]`');
          this.want(3, T.In, 'write `[value for i in 0..3]`');
          const source = this.SUBRULE1(this.expression);
          const condition = this.OPTION1(() => {
            this.CONSUME1(T.If);
            return this.SUBRULE2(this.expression);
          });
          comprehension = { index, source, condition };
        },
      });
    });
    return this.ACTION(() => {
      const span = this.spanFrom(open.startOffset);
      if (comprehension === undefined) return this.operandOf(this.work.tree.grow({ kind: 'list', span, items }, items));
      const { index, source, condition } = comprehension;
      const value = items[0]!;
      const parts = condition === undefined ? [value, source] : [value, source, condition];
      return this.operandOf(
        this.work.tree.grow({ kind: 'comprehension', span, value, index, source, condition }, parts),
      );
    });
  }

  /** `if c then a else b` */
  private conditional(): Operand {
    const hint = 'write `if condition then a else b`';
    const start = this.CONSUME(T.If);
    const condition = this.SUBRULE3(this.expression);
    this.ACTION(() => {
      if (!this.isNext(T.Equals)) return;
      this.failExpected('`then`', 'to compare, write `==`');
      this.skip(() => this.isNext(T.Then) || this.isNext(T.Else) || this.onNewLine());
    });
    this.want(4, T.Then, hint);
    const consequent = this.SUBRULE4(this.expression);
    this.want(5, T.Else, 'every `if` needs an `else`: `if condition then a else b`');
    const alternative = this.SUBRULE5(this.expression);
    return this.ACTION(() => {
      const span = this.spanFrom(start.startOffset);
      const expr: Expr = { kind: 'if', span, condition, consequent, alternative };
      return this.operandOf(this.work.tree.grow(expr, [condition, consequent, alternative]));
    });
  }

  /** Nothing where an operand is due, or a keyword in place of a name. */
  private hole(): Operand {
    if (this.keywordIsValue()) return this.leaf(this.keywordAsName());
    const hint = `write a value before ${this.found()}`;
    this.failExpected('an expression', hint);
    return this.operandOf({ kind: 'missing', span: this.spanFrom(this.lastEnd()) });
  }

  /** `X[i, 0..j-1]` */
  private indexed(target: Operand): Operand {
    const open = this.CONSUME1(T.LeftBracket);
    const indices = this.elements(6, open, T.RightBracket, (items: Expr[]) => {
      items.push(this.SUBRULE6(this.expression));
    });
    return this.ACTION(() => {
      const span = this.spanFrom(target.start);
      const expr: Expr = { kind: 'index', span, target: target.expr, indices };
      return this.operandOf(this.work.tree.grow(expr, [target.expr, ...indices]));
    });
  }

  /** `conv(32, kernel: 3)` */
  private called(target: Operand): Operand {
    const open = this.CONSUME1(T.LeftParen);
    const args = this.elements(7, open, T.RightParen, (items: Arg[]) => {
      const start = this.ACTION(() => this.nextOffset());
      const name = this.OPTION2({
        GATE: () => this.isNext(T.Colon, 2) || this.isNext(T.Equals, 2),
        DEF: () => {
          const token = this.CONSUME1(T.Identifier);
          const colon = this.want(7, T.Colon, `named arguments are written \`${token.image}: value\``);
          return this.ACTION((): Name => {
            if (colon === undefined) this.SKIP_TOKEN();
            return this.nameOf(token);
          });
        },
      });
      const value = this.SUBRULE7(this.expression);
      this.ACTION(() =>
        items.push({
          span: this.work.source.span(Math.min(start, value.span.start.offset), this.lastEnd()),
          name,
          value,
        }),
      );
    });
    return this.ACTION(() => {
      const span = this.spanFrom(target.start);
      if (target.expr.kind !== 'name') {
        this.work.mistakes.add(
          say.callTarget.name(),
          this.spanOf(open),
          'write the name of an operator or a block before `(`',
        );
        return this.operandOf({ kind: 'missing', span });
      }
      const callee: Name = { text: target.expr.text, span: target.expr.span };
      return this.operandOf(
        this.work.tree.grow(
          { kind: 'call', span, callee, args },
          args.map((arg) => arg.value),
        ),
      );
    });
  }

  private operandOf(expr: Expr): Operand {
    return { expr, start: expr.span.start.offset, end: expr.span.end.offset };
  }

  /** One level deeper; beyond the limit all of the level is skipped, so that nothing is deeper than the stack. */
  private enter(): void {
    this.depth++;
    // The expression itself is the first level.
    if (this.depth <= limits.nesting + 1) return;
    this.fail(
      say.limitDepth.nesting({ limit: limits.nesting }),
      this.LA(1).tokenType === EOF ? this.spanOf(this.LA(0)) : this.spanOf(this.LA(1)),
      'name a part of it with `let`',
    );
    this.skip(() => false);
    this.hush();
  }

  /** Whether a keyword stands where a value is due because something was given its name: `input |> relu`. */
  private keywordIsValue(): boolean {
    if (!this.isNext(T.ItemKeyword)) return false;
    return [T.InfixOperator, T.Comma, T.LeftBracket, T.RightBracket, T.RightParen, T.RightBrace].some((type) =>
      this.isNext(type, 2),
    );
  }
}
