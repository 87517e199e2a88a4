import type { IToken } from './chevrotain.js';
import { ExpressionParser } from './expressions.js';
import { type Lexed, lex } from './lex.js';
import type { Mistakes } from './mistakes.js';
import type { Source } from './source.js';
import * as T from './tokens.js';
import type {
  BlockDecl,
  Body,
  ExpectDecl,
  Expr,
  GridDecl,
  HeadDecl,
  IndexDecl,
  InputDecl,
  LetDecl,
  Name,
  NetworkDecl,
  NetworkItem,
  OutputDecl,
  ParamDecl,
  RuleDecl,
  SpecTree,
  TrainDecl,
} from './tree.js';

type Open<T> = { -readonly [K in keyof T]: T[K] };
type Mode = OutputDecl['modes'][number];
type Setting = TrainDecl['settings'][number];
type Parameter = BlockDecl['parameters'][number];

const itemWords = [T.Param, T.Let, T.Input, T.Block, T.Grid, T.Head, T.Output, T.Expect];
const topWords = [T.Network, T.Train, T.Block];

const bodyHint = 'write `= expression`, or `{ let ... expression }`';
const settingHint = 'settings are written `name = value`';
const modeHint = 'modes are written `name = expression`';
const ruleHint = 'rules are written `X[i, j] = expression`';
const indexHint = 'indices are written `[i in 0..4, j in 0..4 - i]`';

/** The grammar of a spec: declarations, over the expressions of `ExpressionParser`. One method a construct, in reading order. */
class SpecParser extends ExpressionParser {
  constructor() {
    super();
    this.performSelfAnalysis();
  }

  run(source: Source, lexed: Lexed, mistakes: Mistakes): SpecTree {
    this.begin(source, lexed, mistakes);
    return this.spec();
  }

  private readonly spec = this.RULE('spec', (): SpecTree => {
    const blocks: BlockDecl[] = [];
    const networks: Open<NetworkDecl>[] = [];
    const trains: TrainDecl[] = [];
    /** Whether items were found outside the networks: a `}` behind them is then what is left of the network. */
    let strayed = false;
    const always = (): boolean => true;
    this.repeat(always, () => {
      this.ACTION(() => this.mendKeyword(topWords));
      this.OR([
        { ALT: () => networks.push(this.SUBRULE(this.network)) },
        { ALT: () => blocks.push(this.SUBRULE(this.block)) },
        { ALT: () => trains.push(this.SUBRULE(this.train)) },
        { ALT: () => this.SUBRULE(this.importing) },
        {
          ALT: () => {
            this.ACTION(() => {
              if (!strayed) this.failOutside(networks.length > 0);
              strayed = true;
            });
            const item = this.SUBRULE(this.item);
            this.ACTION(() => this.adopt(networks[networks.length - 1], item));
          },
        },
        {
          GATE: () => strayed,
          ALT: () => {
            this.CONSUME(T.RightBrace);
            strayed = false;
          },
        },
        {
          ALT: () =>
            this.junk(
              1,
              '`network`, `block` or `train`',
              'a spec is a `network`, with an optional `train`',
              () => false,
            ),
        },
      ]);
    });
    return this.ACTION(() => {
      const span = this.work.source.span(0, this.work.source.text.length);
      return { kind: 'spec', span, blocks, networks, trains };
    });
  });

  private failOutside(afterNetwork: boolean): void {
    const word = this.LA(1).image;
    const message = `\`${word}\` belongs in a network`;
    const hint = afterNetwork
      ? 'remove the `}` too many that ends the network above'
      : 'write it between the braces of `network Name { ... }`';
    this.fail('outside-network', this.spanOf(this.LA(1)), message, hint);
  }

  /** Gives an item behind a network to that network, where it was meant to be. */
  private adopt(network: Open<NetworkDecl> | undefined, item: NetworkItem | undefined): void {
    if (network === undefined || item === undefined) return;
    network.items = [...network.items, item];
    network.span = { start: network.span.start, end: item.span.end };
  }

  /** `import "blocks.unet"`: part of the language, but nothing reads it yet. */
  private readonly importing = this.RULE('importing', (): void => {
    const start = this.CONSUME(T.Import);
    this.OPTION(() => this.CONSUME(T.Text));
    this.ACTION(() => {
      const span = this.spanFrom(start.startOffset);
      this.fail('import-unsupported', span, '`import` is not available yet', 'paste the blocks in above the network');
    });
  });

  private readonly network = this.RULE('network', (): Open<NetworkDecl> => {
    const hint = 'write `network Name { ... }`';
    const start = this.CONSUME(T.Network);
    const name = this.wantName(1, 'a name', hint);
    const open = this.want(2, T.LeftBrace, hint);
    const items: NetworkItem[] = [];
    this.repeat(
      () => !this.isNext(T.RightBrace) && !this.isNext(T.Network) && !this.isNext(T.Train),
      () => {
        this.ACTION(() => this.mendKeyword(itemWords));
        this.OR3([
          {
            ALT: () => {
              const item = this.SUBRULE(this.item);
              this.ACTION(() => item !== undefined && items.push(item));
            },
          },
          { ALT: () => this.SUBRULE(this.importing) },
          {
            ALT: () => {
              const what = this.afterItem()
                ? 'an operator or the next item'
                : '`param`, `let`, `input`, `block`, `grid`, `head`, `output` or `expect`';
              this.junk(4, what, 'remove it, or begin an item with its keyword', () => false);
            },
          },
        ]);
      },
    );
    this.wantRightBrace(5, open, 'the network');
    return this.ACTION(() => ({ kind: 'network', span: this.spanFrom(start.startOffset), name, items }));
  });

  /** Whether the next token goes on a line on which an item just ended. */
  private afterItem(): boolean {
    return !this.RECORDING_PHASE && !this.onNewLine() && !this.isNext(T.LeftBrace, 0);
  }

  private readonly item = this.RULE('item', (): NetworkItem | undefined =>
    this.OR<NetworkItem | undefined>([
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

  private readonly param = this.RULE('param', (): ParamDecl => {
    const hint = 'write `param name = value`';
    const start = this.CONSUME(T.Param);
    const name = this.wantName(1, 'a name', hint);
    this.wantEquals(2, hint);
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => ({ kind: 'param', span: this.spanFrom(start.startOffset), name, value }));
  });

  private readonly local = this.RULE('local', (): LetDecl => {
    const hint = 'write `let name = value`';
    const start = this.CONSUME(T.Let);
    const name = this.wantName(1, 'a name', hint);
    this.wantEquals(2, hint);
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => ({ kind: 'let', span: this.spanFrom(start.startOffset), name, value }));
  });

  private readonly input_ = this.RULE('input_', (): InputDecl => {
    const hint = 'write `input image: f32[N, 1, H, W]`';
    const start = this.CONSUME(T.Input);
    const name = this.wantName(1, 'a name', hint);
    this.want(2, T.Colon, hint);
    const dtype = this.wantName(3, 'a type', hint);
    const dims = this.bracketed(4, '`[`', hint, (items: Expr[]) => items.push(this.SUBRULE(this.expression)));
    return this.ACTION(() => ({ kind: 'input', span: this.spanFrom(start.startOffset), name, dtype, dims }));
  });

  private readonly block = this.RULE('block', (): BlockDecl => {
    const hint = 'write `block Name(x, c) { ... }`';
    const start = this.CONSUME(T.Block);
    const name = this.wantName(1, 'a name', hint);
    let parameters: Parameter[] = [];
    this.OR2([
      {
        ALT: () => {
          const open = this.CONSUME(T.LeftParen);
          parameters = this.elements(3, open, T.RightParen, (items: Parameter[]) => {
            const parameter = this.wantName(4, 'a name', 'parameters are written `x, c, k = 3`');
            const value = this.OPTION5({
              GATE: () => this.isNext(T.Equals) || this.isNext(T.Colon),
              DEF: () => {
                this.wantEquals(6, 'defaults are written `k = 3`');
                return this.SUBRULE(this.expression);
              },
            });
            items.push(value === undefined ? { name: parameter } : { name: parameter, default: value });
          });
        },
      },
      { ALT: () => this.ACTION(() => this.failExpected('`(`', hint)) },
    ]);
    this.OPTION7(() => this.CONSUME(T.Equals));
    const body = this.SUBRULE(this.body);
    return this.ACTION(() => ({ kind: 'block', span: this.spanFrom(start.startOffset), name, parameters, body }));
  });

  /** What `=` is followed by: an expression, or `{ lets expression }`. */
  private readonly body = this.RULE(
    'body',
    (): Body =>
      this.OR<Body>([
        { ALT: () => this.braces() },
        {
          ALT: () => {
            const result = this.SUBRULE(this.expression);
            return this.ACTION(() => ({ span: result.span, lets: [], result }));
          },
        },
      ]),
  );

  private braces(): Body {
    const open = this.CONSUME(T.LeftBrace);
    const lets: LetDecl[] = [];
    let result: Expr | undefined;
    this.repeat(
      () => !this.isNext(T.RightBrace) && (this.isNext(T.Let) ? !this.isOutdented(open, result) : !this.atItem()),
      () =>
        this.OR1([
          {
            ALT: () => {
              this.ACTION(() => this.failBehindResult(result, 'a `let`', 'move it above the final expression'));
              lets.push(this.SUBRULE(this.local));
            },
          },
          {
            GATE: () => this.isNext(T.ExpressionStart),
            ALT: () => {
              this.ACTION(() =>
                this.failBehindResult(
                  result,
                  'another expression',
                  'give all but the last a name with `let`, or join them with an operator',
                ),
              );
              result = this.SUBRULE1(this.expression);
            },
          },
          {
            ALT: () =>
              this.junk(2, result === undefined ? '`let` or an expression' : '`}`', bodyHint, () => this.isNext(T.Let)),
          },
        ]),
    );
    this.ACTION(() => {
      if (result !== undefined) return;
      this.failExpected('an expression', 'a body ends with the expression that is its value');
      result = { kind: 'missing', span: this.spanFrom(this.lastEnd()) };
    });
    this.wantRightBrace(3, open, 'the body');
    return this.ACTION(() => ({ span: this.spanFrom(open.startOffset), lets, result: result! }));
  }

  private failBehindResult(result: Expr | undefined, what: string, hint: string): void {
    if (result === undefined) return;
    const related = [{ span: result.span, message: 'this is the final expression' }];
    this.fail('body-result', this.spanOf(this.LA(1)), `${what} follows the final expression of a body`, hint, related);
  }

  /** Whether a `let` behind a body's final expression stands no deeper than the line that opened the body: not in it. */
  private isOutdented(open: IToken, result: Expr | undefined): boolean {
    if (result === undefined || !this.onNewLine()) return false;
    const { source } = this.work;
    return source.indentAt(this.nextOffset()) <= source.indentAt(open.startOffset);
  }

  private readonly grid = this.RULE('grid', (): GridDecl => {
    const hint = 'write `grid X[i in 0..4] { X[i] = ... }`';
    const start = this.CONSUME(T.Grid);
    const name = this.wantName(1, 'a name', hint);
    const indices = this.bracketed(2, '`[`', indexHint, (items: IndexDecl[]) => items.push(this.SUBRULE(this.index)));
    const open = this.want(3, T.LeftBrace, hint);
    const rules: RuleDecl[] = [];
    this.repeat(
      () => !this.isNext(T.RightBrace) && !this.atItem(),
      () =>
        this.OR4([
          {
            GATE: () =>
              (this.isNext(T.Identifier) || this.isNext(T.Keyword)) &&
              (this.isNext(T.LeftBracket, 2) || this.isNext(T.Equals, 2)),
            ALT: () => rules.push(this.SUBRULE(this.rule)),
          },
          { ALT: () => this.junk(5, 'a rule', ruleHint, () => this.atStatement()) },
        ]),
    );
    this.wantRightBrace(6, open, 'the grid');
    return this.ACTION(() => ({ kind: 'grid', span: this.spanFrom(start.startOffset), name, indices, rules }));
  });

  private readonly index = this.RULE('index', (): IndexDecl => {
    const name = this.wantName(1, 'an index', indexHint);
    this.want(2, T.In, indexHint);
    const range = this.SUBRULE(this.expression);
    return this.ACTION(() => ({ span: this.spanFrom(name.span.start.offset), name, range }));
  });

  private readonly rule = this.RULE('rule', (): RuleDecl => {
    const name = this.wantName(1, 'a name', ruleHint);
    const patterns = this.bracketed(2, '`[`', ruleHint, (items: Expr[]) => items.push(this.SUBRULE(this.expression)));
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
      DEF: () => this.bracketed(2, '`[`', indexHint, (items: IndexDecl[]) => items.push(this.SUBRULE(this.index))),
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
    const modes: Mode[] = [];
    this.OR2([
      {
        ALT: () => {
          const open = this.CONSUME(T.LeftBrace);
          this.repeat(
            () => !this.isNext(T.RightBrace) && !this.atItem(),
            () =>
              this.OR3([
                {
                  GATE: () => !this.isNext(T.Identifier, 2),
                  ALT: () => modes.push(this.SUBRULE(this.setting, { ARGS: [modeHint] })),
                },
                { ALT: () => this.junk(4, 'a mode', modeHint, () => this.atStatement()) },
              ]),
          );
          this.wantRightBrace(5, open, 'the output');
        },
      },
      {
        ALT: () => {
          this.wantEquals(6, hint);
          const value = this.SUBRULE(this.expression);
          this.ACTION(() => modes.push({ name: { text: 'default', span: name.span }, value, span: value.span }));
        },
      },
    ]);
    return this.ACTION(() => ({ kind: 'output', span: this.spanFrom(start.startOffset), name, modes }));
  });

  /** `expect parameters at L3 in fast = 2_204_961` */
  private readonly expectation = this.RULE('expectation', (): ExpectDecl => {
    const hint = 'write `expect parameters = 9_041_700`; `at L3`, `at 256x256` and `in fast` may stand before `=`';
    const start = this.CONSUME(T.Expect);
    const what = this.wantName(1, 'what to expect', hint);
    let level: Name | undefined;
    let size: ExpectDecl['size'];
    let mode: Name | undefined;
    const again = (given: unknown, word: string): void => {
      if (given === undefined) return;
      this.fail(
        'syntax',
        this.spanOf(this.LA(1)),
        `a second ${word} for one \`expect\``,
        'write another `expect` for it',
      );
    };
    this.MANY(() =>
      this.OR2([
        {
          ALT: () => {
            this.CONSUME(T.At);
            this.OR3([
              {
                ALT: () => {
                  this.ACTION(() => again(size, 'size'));
                  const token = this.CONSUME(T.Size);
                  size = this.ACTION(() => this.sizeOf(token));
                },
              },
              {
                ALT: () => {
                  this.ACTION(() => again(size, 'size'));
                  const token = this.CONSUME(T.Int);
                  size = this.ACTION(() => this.sizeOf(token));
                },
              },
              {
                ALT: () => {
                  this.ACTION(() => again(level, 'level'));
                  level = this.wantName(4, 'a level or a size', 'write `at L3` or `at 256x256`');
                },
              },
            ]);
          },
        },
        {
          ALT: () => {
            this.CONSUME(T.In);
            this.ACTION(() => again(mode, 'mode'));
            mode = this.wantName(5, 'a mode', 'write `in fast`');
          },
        },
      ]),
    );
    this.wantEquals(6, hint);
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => ({
      kind: 'expect',
      span: this.spanFrom(start.startOffset),
      what,
      level,
      mode,
      size,
      value,
    }));
  });

  private sizeOf(token: IToken): { dims: readonly number[]; span: ReturnType<SpecParser['spanOf']> } {
    const dims = token.image.split('x').map((dim) => Number(dim.replaceAll('_', '')));
    const span = this.spanOf(token);
    if (dims.length > 3)
      this.work.mistakes.add(
        'syntax',
        span,
        `a size of ${dims.length} dimensions`,
        'write one to three: `256`, `256x256`, `64x64x64`',
      );
    return { dims, span };
  }

  private readonly train = this.RULE('train', (): TrainDecl => {
    const start = this.CONSUME(T.Train);
    const open = this.want(1, T.LeftBrace, 'write `train { name = value ... }`');
    const settings: Setting[] = [];
    this.repeat(
      () => !this.isNext(T.RightBrace) && !this.atItem(),
      () =>
        this.OR2([
          {
            GATE: () => !this.isNext(T.Identifier, 2),
            ALT: () => settings.push(this.SUBRULE(this.setting, { ARGS: [settingHint] })),
          },
          { ALT: () => this.junk(3, 'a setting', settingHint, () => this.atStatement()) },
        ]),
    );
    this.wantRightBrace(4, open, '`train`');
    return this.ACTION(() => ({ kind: 'train', span: this.spanFrom(start.startOffset), settings }));
  });

  /** `name = value`, of a `train` or an output's modes. */
  private readonly setting = this.RULE('setting', (hint: string): Setting => {
    const token = this.CONSUME(T.Identifier);
    this.wantEquals(1, hint);
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => ({
      name: { text: token.image, span: this.spanOf(token) },
      value,
      span: this.spanFrom(token.startOffset),
    }));
  });

  /** A list in brackets that has to be there. */
  private bracketed<Item>(idx: number, what: string, hint: string, element: (items: Item[]) => void): Item[] {
    return this.or(idx, [
      { ALT: () => this.elements(idx, this.consume(idx, T.LeftBracket), T.RightBracket, element) },
      {
        ALT: () => {
          this.ACTION(() => this.failExpected(what, hint));
          return [];
        },
      },
    ]);
  }
}

// The grammar is analysed when a parser is made, which takes longer than parsing: one instance serves all texts.
let parser: SpecParser | undefined;

/** Parses the tokens of a text; whatever they are, the result is a tree. */
export function parseSpec(source: Source, mistakes: Mistakes): SpecTree {
  const lexed = lex(source, mistakes);
  parser ??= new SpecParser();
  return parser.run(source, lexed, mistakes);
}
