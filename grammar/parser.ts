import type { IToken, TokenType } from './chevrotain.js';
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

/** A network that items which strayed out of its braces can be given back to. */
type OpenNetwork = Omit<NetworkDecl, 'span' | 'items'> & { span: NetworkDecl['span']; readonly items: NetworkItem[] };
/** A setting of a `train`, or a mode of an output. */
type Setting = TrainDecl['settings'][number];
type Parameter = BlockDecl['parameters'][number];

const itemWords = [T.Param, T.Let, T.Input, T.Block, T.Grid, T.Head, T.Output, T.Expect];
const topWords = [T.Network, T.Train, T.Block];

const bodyHint = 'write `= expression`, or `{ let ... expression }`';
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
    const networks: OpenNetwork[] = [];
    const trains: TrainDecl[] = [];
    /** Whether items were found outside the networks: a `}` behind them is then what is left of the network. */
    let strayed = false;
    this.repeat(
      () => true,
      () => {
        this.ACTION(() => this.mendKeyword(topWords));
        if (this.when(T.ItemKeyword)) {
          this.OR([
            { ALT: () => networks.push(this.SUBRULE(this.network)) },
            { ALT: () => blocks.push(this.SUBRULE(this.block)) },
            { ALT: () => trains.push(this.SUBRULE(this.train)) },
            { ALT: () => this.SUBRULE(this.importing) },
            {
              ALT: () => {
                this.ACTION(() => this.failOutside(strayed, networks.length > 0));
                strayed = true;
                const item = this.SUBRULE(this.item);
                this.ACTION(() => adopt(networks[networks.length - 1], item));
              },
            },
          ]);
        } else if (strayed && this.isNext(T.RightBrace)) {
          strayed = false;
          this.SKIP_TOKEN();
        } else {
          const hint = 'a spec is a `network`, with an optional `train`';
          this.junk('`network`, `block` or `train`', hint, () => false);
        }
      },
    );
    return this.ACTION(() => {
      const span = this.work.source.span(0, this.work.source.text.length);
      return { kind: 'spec', span, blocks, networks, trains };
    });
  });

  private failOutside(again: boolean, afterNetwork: boolean): void {
    if (again) return;
    const message = `\`${this.LA(1).image}\` belongs in a network`;
    const hint = afterNetwork
      ? 'remove the `}` too many that ends the network above'
      : 'write it between the braces of `network Name { ... }`';
    this.fail('outside-network', this.spanOf(this.LA(1)), message, hint);
  }

  /** `import "blocks.unet"`: part of the language, but nothing reads it yet. */
  private readonly importing = this.RULE('importing', (): void => {
    const start = this.CONSUME(T.Import);
    this.OPTION(() => this.CONSUME(T.Text));
    this.ACTION(() => {
      const span = this.spanFrom(start.startOffset);
      const hint = 'paste the blocks in above the network';
      this.work.mistakes.add('import-unsupported', span, '`import` is not available yet', hint);
    });
  });

  private readonly network = this.RULE('network', (): OpenNetwork => {
    const hint = 'write `network Name { ... }`';
    const start = this.CONSUME(T.Network);
    const name = this.wantName(1, 'a name', hint);
    const open = this.want(2, T.LeftBrace, hint);
    const items: NetworkItem[] = [];
    this.repeat(
      () => !this.isNext(T.RightBrace) && !this.isNext(T.Network) && !this.isNext(T.Train),
      () => {
        this.ACTION(() => this.mendKeyword(itemWords));
        if (this.when(T.ItemKeyword)) {
          this.OR([{ ALT: () => items.push(this.SUBRULE(this.item)) }, { ALT: () => this.SUBRULE(this.importing) }]);
        } else {
          const inLine = !this.onNewLine() && !this.isNext(T.LeftBrace, 0);
          const what = inLine ? 'an operator or the next item' : itemWords.map((word) => word.LABEL).join(', ');
          this.junk(what, 'remove it, or begin an item with its keyword', () => false);
        }
      },
    );
    this.wantRightBrace(3, open, 'the network');
    return this.ACTION(() => ({ kind: 'network', span: this.spanFrom(start.startOffset), name, items }));
  });

  private readonly item = this.RULE(
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
    const dims = this.bracketed(4, T.LeftBracket, hint, (items: Expr[]) => items.push(this.SUBRULE(this.expression)));
    return this.ACTION(() => ({ kind: 'input', span: this.spanFrom(start.startOffset), name, dtype, dims }));
  });

  private readonly block = this.RULE('block', (): BlockDecl => {
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
    this.OPTION1(() => this.CONSUME1(T.Equals));
    const body = this.SUBRULE(this.body);
    return this.ACTION(() => ({ kind: 'block', span: this.spanFrom(start.startOffset), name, parameters, body }));
  });

  /** What `=` is followed by: an expression, or `{ lets expression }`. */
  private readonly body = this.RULE(
    'body',
    (): Body =>
      this.either(
        1,
        T.LeftBrace,
        () => this.braces(),
        () => {
          const result = this.SUBRULE(this.expression);
          return this.ACTION(() => ({ span: result.span, lets: [], result }));
        },
      ),
  );

  private braces(): Body {
    const open = this.CONSUME(T.LeftBrace);
    const lets: LetDecl[] = [];
    let result: Expr | undefined;
    this.repeat(
      () => !this.isNext(T.RightBrace) && (this.isNext(T.Let) ? !this.isOutdented(open, result) : !this.atItem()),
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
    const indices = this.bracketed(2, T.LeftBracket, indexHint, (items: IndexDecl[]) =>
      items.push(this.SUBRULE(this.index)),
    );
    const open = this.want(3, T.LeftBrace, hint);
    const rules: RuleDecl[] = [];
    this.repeat(
      () => !this.isNext(T.RightBrace) && !this.atItem(),
      () => {
        if (this.when(T.Identifier) && !this.isNext(T.Identifier, 2)) {
          rules.push(this.SUBRULE(this.rule));
        } else {
          this.junk('a rule', ruleHint, () => this.atStatement() || this.atBrokenRule());
        }
      },
    );
    this.wantRightBrace(6, open, 'the grid');
    return this.ACTION(() => ({ kind: 'grid', span: this.spanFrom(start.startOffset), name, indices, rules }));
  });

  /** Whether a line begins as a rule does, whatever follows. */
  private atBrokenRule(): boolean {
    return this.onNewLine() && this.isNext(T.Identifier) && this.isNext(T.LeftBracket, 2);
  }

  private readonly index = this.RULE('index', (): IndexDecl => {
    const name = this.wantName(1, 'an index', indexHint);
    this.want(2, T.In, indexHint);
    const range = this.SUBRULE(this.expression);
    return this.ACTION(() => ({ span: this.spanFrom(name.span.start.offset), name, range }));
  });

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
        this.ACTION(() => modes.push({ name: { text: 'default', span: name.span }, value, span: value.span }));
      },
    );
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
    this.wantEquals(7, hint);
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
    const settings = this.settings('a setting', 'settings are written `name = value`');
    this.wantRightBrace(4, open, '`train`');
    return this.ACTION(() => ({ kind: 'train', span: this.spanFrom(start.startOffset), settings }));
  });

  /** What stands in the braces of a `train` or an output: `name = value`, any number of times. */
  private settings(what: string, hint: string): Setting[] {
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

  /** A list in brackets that has to be there. */
  private bracketed<Item>(idx: number, opener: TokenType, hint: string, element: (items: Item[]) => void): Item[] {
    const open = this.want(idx, opener, hint);
    if (open === undefined) return [];
    return this.elements(idx, open, opener === T.LeftParen ? T.RightParen : T.RightBracket, element);
  }
}

function adopt(network: OpenNetwork | undefined, item: NetworkItem): void {
  if (network === undefined) return;
  network.items.push(item);
  network.span = { start: network.span.start, end: item.span.end };
}

// The grammar is analysed when a parser is made, which takes longer than parsing: one instance serves all texts.
let parser: SpecParser | undefined;

/** Parses the tokens of a text; whatever they are, the result is a tree. */
export function parseSpec(source: Source, mistakes: Mistakes): SpecTree {
  const lexed = lex(source, mistakes);
  parser ??= new SpecParser();
  return parser.run(source, lexed, mistakes);
}
