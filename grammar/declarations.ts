import { ExpressionParser } from './expressions.js';
import { say } from './say.js';
import * as T from './tokens.js';
import type { BlockDecl, Body, Expr, IndexDecl, InputDecl, LetDecl, ParamDecl } from './tree.js';

type Parameter = BlockDecl['parameters'][number];

const bodyHint = 'write `= expression`, or `{ let ... expression }`';
export const indexHint = 'indices are written `[i in 0..4, j in 0..4 - i]`';

/** What gives names to values: `param`, `let`, `input` and `block`; and the bodies and indices that grids and heads have too. */
export abstract class DeclarationParser extends ExpressionParser {
  protected readonly param = this.RULE('param', (): ParamDecl => {
    const hint = 'write `param name = value`';
    const start = this.CONSUME(T.Param);
    const name = this.wantName(1, 'a name', hint);
    this.wantEquals(2, hint);
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => ({ kind: 'param', span: this.spanFrom(start.startOffset), name, value }));
  });

  protected readonly local = this.RULE('local', (): LetDecl => {
    const hint = 'write `let name = value`';
    const start = this.CONSUME(T.Let);
    const name = this.wantName(1, 'a name', hint);
    this.wantEquals(2, hint);
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => ({ kind: 'let', span: this.spanFrom(start.startOffset), name, value }));
  });

  protected readonly input_ = this.RULE('input_', (): InputDecl => {
    const hint = 'write `input image: f32[N, 1, H, W]`';
    const start = this.CONSUME(T.Input);
    const name = this.wantName(1, 'a name', hint);
    this.want(2, T.Colon, hint);
    const dtype = this.wantName(3, 'a type', hint);
    const dims = this.bracketed(4, T.LeftBracket, hint, (items: Expr[]) => items.push(this.SUBRULE(this.expression)));
    return this.ACTION(() => ({ kind: 'input', span: this.spanFrom(start.startOffset), name, dtype, dims }));
  });

  protected readonly block = this.RULE('block', (): BlockDecl => {
    const hint = 'write `block Name(x, c) { ... }`';
    const start = this.CONSUME(T.Block);
    const name = this.wantName(1, 'a name', hint);
    const parameters = this.bracketed(2, T.LeftParen, hint, (items: Parameter[]) => {
      const parameter = this.wantName(3, 'a name', 'parameters are written `x, c, k = 3`');
      const value = this.OPTION({
        GATE: () => this.isNext(T.Equals) || this.isNext(T.Colon),
        DEF: () => {
          this.wantEquals(4, 'defaults are written `k = 3`');
          return this.SUBRULE(this.expression);
        },
      });
      items.push(value === undefined ? { name: parameter } : { name: parameter, default: value });
    });
    const equals = this.OPTION1(() => this.CONSUME1(T.Equals));
    const body = this.SUBRULE(this.body, { ARGS: [equals === undefined] });
    return this.ACTION(() => ({ kind: 'block', span: this.spanFrom(start.startOffset), name, parameters, body }));
  });

  /**
   * What `=` is followed by: an expression, or `{ lets expression }`.
   *
   * @param braced whether only the latter may stand here
   */
  protected readonly body = this.RULE('body', (braced = false): Body => {
    if (braced && !this.RECORDING_PHASE) return this.braces();
    return this.either(
      1,
      T.LeftBrace,
      () => this.braces(),
      () => {
        const result = this.SUBRULE(this.expression);
        return this.ACTION(() => ({ span: result.span, lets: [], result }));
      },
    );
  });

  private braces(): Body {
    const before = this.ACTION(() => this.lastEnd());
    const open = this.want(4, T.LeftBrace, bodyHint);
    const start = this.ACTION(() => open?.startOffset ?? before);
    const lets: LetDecl[] = [];
    let result: Expr | undefined;
    this.repeat(
      () => !this.isNext(T.RightBrace) && (this.isNext(T.Let) ? !this.isOutdented(start, result) : !this.atItem()),
      () => {
        this.either(
          2,
          T.Let,
          () => {
            this.ACTION(() => this.failBehindResult(result, 'a `let`', 'move it above the final expression'));
            lets.push(this.SUBRULE(this.local));
          },
          () => {
            if (this.when(T.ExpressionStart)) {
              const hint = 'give all but the last a name with `let`, or join them with an operator';
              this.ACTION(() => this.failBehindResult(result, 'another expression', hint));
              result = this.SUBRULE1(this.expression);
            } else {
              const what = result === undefined ? '`let` or an expression' : 'an operator or `}`';
              this.junk(what, bodyHint, () => this.isNext(T.Let));
            }
          },
        );
      },
    );
    this.ACTION(() => {
      if (result !== undefined) return;
      this.failExpected('an expression', 'a body ends with the expression that is its value');
      result = { kind: 'missing', span: this.spanFrom(this.lastEnd()) };
    });
    this.wantRightBrace(3, open, 'the body');
    return this.ACTION(() => ({ span: this.spanFrom(start), lets, result: result! }));
  }

  private failBehindResult(result: Expr | undefined, what: string, hint: string): void {
    if (result === undefined) return;
    const related = [{ span: result.span, message: 'this is the final expression' }];
    this.fail(say.bodyResult.body({ what }), this.spanOf(this.LA(1)), hint, related);
  }

  /** Whether a `let` behind a body's final expression stands no deeper than the line that opened the body: not in it. */
  private isOutdented(start: number, result: Expr | undefined): boolean {
    if (result === undefined || !this.onNewLine()) return false;
    const { source } = this.work;
    return source.indentAt(this.nextOffset()) <= source.indentAt(start);
  }

  protected readonly index = this.RULE('index', (): IndexDecl => {
    const name = this.wantName(1, 'an index', indexHint);
    this.want(2, T.In, indexHint);
    const range = this.SUBRULE(this.expression);
    return this.ACTION(() => ({ span: this.spanFrom(name.span.start.offset), name, range }));
  });
}
