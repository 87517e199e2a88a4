import type { IToken, TokenType } from './chevrotain.js';
import { DeclarationParser, indexHint } from './declarations.js';
import type { Span } from './diagnostic.js';
import { say } from './say.js';
import * as T from './tokens.js';
import type {
  ExpectDecl,
  Expr,
  GridDecl,
  HeadDecl,
  IndexDecl,
  Name,
  NetworkItem,
  OutputDecl,
  RuleDecl,
  TrainDecl,
} from './tree.js';

/** A setting of a `train`, or a mode of an output. */
export type Setting = TrainDecl['settings'][number];

const modeHint = 'modes are written `name = expression`';
const ruleHint = 'rules are written `X[i, j] = expression`';

/** What a network is made of: the declarations, and `grid`, `head`, `output` and `expect`. */
export abstract class ItemParser extends DeclarationParser {
  protected readonly item = this.RULE(
    'item',
    (): NetworkItem =>
      this.OR<NetworkItem>([
        { ALT: () => this.SUBRULE(this.param) },
        { ALT: () => this.SUBRULE(this.local) },
        { ALT: () => this.SUBRULE(this.input_) },
        { ALT: () => this.SUBRULE(this.block) },
        { ALT: () => this.SUBRULE(this.grid) },
        { ALT: () => this.SUBRULE(this.head) },
        { ALT: () => this.SUBRULE(this.output) },
        { ALT: () => this.SUBRULE(this.expectation) },
      ]),
  );

  private readonly grid = this.RULE('grid', (): GridDecl => {
    const hint = 'write `grid X[i in 0..4] { X[i] = ... }`';
    const start = this.CONSUME(T.Grid);
    const name = this.wantName(1, 'a name', hint);
    const indices = this.bracketed(2, T.LeftBracket, indexHint, (items: IndexDecl[]) =>
      items.push(this.SUBRULE(this.index)),
    );
    const open = this.want(3, T.LeftBrace, hint);
    const rules: RuleDecl[] = [];
    const indent = this.ACTION(() => this.nextIndent());
    this.repeat(
      () => !this.isNext(T.RightBrace) && !this.atItem(),
      () => {
        if (this.when(T.Identifier) && !this.isNext(T.Identifier, 2)) {
          rules.push(this.SUBRULE(this.rule));
        } else {
          this.junk('a rule', ruleHint, () => this.atStatement() || this.atBrokenRule(indent));
        }
      },
    );
    this.wantRightBrace(6, open, 'the grid');
    return this.ACTION(() => ({ kind: 'grid', span: this.spanFrom(start.startOffset), name, indices, rules }));
  });

  /** Whether a line begins as a rule does, whatever follows; one that stands deeper than the first rule goes on with another. */
  private atBrokenRule(indent: number): boolean {
    const looksSo = this.onNewLine() && this.isNext(T.Identifier) && this.isNext(T.LeftBracket, 2);
    return looksSo && this.nextIndent() <= indent;
  }

  private nextIndent(): number {
    return this.work.source.indentAt(this.nextOffset());
  }

  private readonly rule = this.RULE('rule', (): RuleDecl => {
    const name = this.wantName(1, 'a name', ruleHint);
    const patterns = this.bracketed(2, T.LeftBracket, ruleHint, (items: Expr[]) =>
      items.push(this.SUBRULE(this.expression)),
    );
    const guard = this.OPTION(() => {
      this.CONSUME(T.When);
      return this.SUBRULE1(this.expression);
    });
    this.wantEquals(3, ruleHint);
    const body = this.SUBRULE(this.body);
    return this.ACTION(() => ({
      kind: 'rule',
      span: this.spanFrom(name.span.start.offset),
      name,
      patterns,
      guard,
      body,
    }));
  });

  private readonly head = this.RULE('head', (): HeadDecl => {
    const hint = 'write `head S[j in 1..4] = expression`';
    const start = this.CONSUME(T.Head);
    const name = this.wantName(1, 'a name', hint);
    const indices = this.OPTION({
      GATE: () => this.isNext(T.LeftBracket),
      DEF: () =>
        this.bracketed(2, T.LeftBracket, indexHint, (items: IndexDecl[]) => items.push(this.SUBRULE(this.index))),
    });
    this.wantEquals(3, hint);
    const body = this.SUBRULE(this.body);
    return this.ACTION(() => ({
      kind: 'head',
      span: this.spanFrom(start.startOffset),
      name,
      indices: indices ?? [],
      body,
    }));
  });

  private readonly output = this.RULE('output', (): OutputDecl => {
    const hint = 'write `output name = expression`, or `output name { mode = expression ... }`';
    const start = this.CONSUME(T.Output);
    const name = this.wantName(1, 'a name', hint);
    let modes: Setting[] = [];
    this.either(
      2,
      T.LeftBrace,
      () => {
        const open = this.CONSUME(T.LeftBrace);
        modes = this.settings('a mode', modeHint);
        this.wantRightBrace(3, open, 'the output');
      },
      () => {
        this.wantEquals(4, hint);
        const value = this.SUBRULE(this.expression);
        this.ACTION(() => {
          const span = this.spanFrom(name.span.start.offset);
          modes.push({ name: { text: 'default', span: name.span }, value, span });
        });
      },
    );
    return this.ACTION(() => ({ kind: 'output', span: this.spanFrom(start.startOffset), name, modes }));
  });

  /** `expect parameters at L3 in fast = 2_204_961`, `expect receptive_field at L1 >= 44` */
  private readonly expectation = this.RULE('expectation', (): ExpectDecl => {
    const hint = 'write `expect parameters = 9_041_700`; `at L3`, `at 256x256` and `in fast` may stand before `=`';
    const start = this.CONSUME(T.Expect);
    const what = this.wantName(1, 'what to expect', hint);
    let level: Name | undefined;
    let size: ExpectDecl['size'];
    let mode: Name | undefined;
    const again = (given: unknown, word: string): void => {
      if (given === undefined) return;
      this.fail(say.syntax.size({ word }), this.spanOf(this.LA(1)), 'write another `expect` for it');
    };
    const takeSize = (type: TokenType) => (): void => {
      this.ACTION(() => again(size, 'size'));
      const token = this.CONSUME(type);
      size = this.ACTION(() => this.sizeOf(token));
    };
    this.MANY(() =>
      this.OR2([
        {
          ALT: () => {
            this.CONSUME(T.At);
            this.either(3, T.Size, takeSize(T.Size), () =>
              // One dimension: `at 256`.
              this.either(4, T.Int, takeSize(T.Int), () => {
                this.ACTION(() => again(level, 'level'));
                level = this.wantName(5, 'a level or a size', 'write `at L3` or `at 256x256`');
              }),
            );
          },
        },
        {
          ALT: () => {
            this.CONSUME(T.In);
            this.ACTION(() => again(mode, 'mode'));
            mode = this.wantName(6, 'a mode', 'write `in fast`');
          },
        },
      ]),
    );
    let relation: ExpectDecl['relation'] = '=';
    const takeRelation = (type: TokenType, sign: ExpectDecl['relation']) => (): void => {
      this.CONSUME1(type);
      this.ACTION(() => {
        relation = sign;
      });
    };
    this.either(8, T.AtLeast, takeRelation(T.AtLeast, '>='), () =>
      this.either(9, T.AtMost, takeRelation(T.AtMost, '<='), () => this.wantEquals(7, hint)),
    );
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => ({
      kind: 'expect',
      span: this.spanFrom(start.startOffset),
      what,
      level,
      mode,
      size,
      relation,
      value,
    }));
  });

  private sizeOf(token: IToken): { dims: readonly number[]; span: Span } {
    const dims = token.image.split('x').map((dim) => Number(dim.replaceAll('_', '')));
    const span = this.spanOf(token);
    if (dims.length > 3)
      this.work.mistakes.add(
        say.syntax.dimensions({ count: dims.length }),
        span,
        'write one to three: `256`, `256x256`, `64x64x64`',
      );
    return { dims, span };
  }

  /** What stands in the braces of a `train` or an output: `name = value`, any number of times. */
  protected settings(what: string, hint: string): Setting[] {
    const settings: Setting[] = [];
    this.repeat(
      () => !this.isNext(T.RightBrace) && !this.atItem(),
      () => {
        if (this.when(T.Identifier) && !this.isNext(T.Identifier, 2)) {
          settings.push(this.SUBRULE(this.setting, { ARGS: [hint] }));
        } else {
          this.junk(what, hint, () => this.atStatement());
        }
      },
    );
    return settings;
  }

  private readonly setting = this.RULE('setting', (hint: string): Setting => {
    const token = this.CONSUME(T.Identifier);
    this.wantEquals(1, hint);
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => ({ name: this.nameOf(token), value, span: this.spanFrom(token.startOffset) }));
  });
}
