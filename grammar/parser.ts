import type { IToken } from './chevrotain.js';
import { ItemParser } from './items.js';
import { type Lexed, lex, textValue } from './lex.js';
import type { Mistakes } from './mistakes.js';
import { say } from './say.js';
import type { Source } from './source.js';
import * as T from './tokens.js';
import type { BlockDecl, ImportDecl, NetworkDecl, NetworkItem, SpecTree, TrainDecl } from './tree.js';

/** A network that items which strayed out of its braces can be given back to. */
type OpenNetwork = Omit<NetworkDecl, 'span' | 'items'> & { span: NetworkDecl['span']; readonly items: NetworkItem[] };

const itemWords = [T.Param, T.Let, T.Input, T.Block, T.Grid, T.Head, T.Output, T.Expect];
const topWords = [T.Network, T.Train, T.Block, T.Import];

/** A file: imports, networks, blocks outside them, and the recipe of `train`. */
class SpecParser extends ItemParser {
  constructor() {
    super();
    this.performSelfAnalysis();
  }

  run(source: Source, lexed: Lexed, mistakes: Mistakes): SpecTree {
    this.begin(source, lexed, mistakes);
    return this.spec();
  }

  private readonly spec = this.RULE('spec', (): SpecTree => {
    const imports: ImportDecl[] = [];
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
            { ALT: () => imports.push(this.SUBRULE(this.importing)) },
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
          this.junk('`network`, `block`, `import` or `train`', hint, () => false);
        }
      },
    );
    return this.ACTION(() => {
      const span = this.work.source.span(0, this.work.source.text.length);
      return { kind: 'spec', span, imports, blocks, networks, trains };
    });
  });

  private failOutside(again: boolean, afterNetwork: boolean): void {
    if (again) return;
    const hint = afterNetwork
      ? 'remove the `}` too many that ends the network above'
      : 'write it between the braces of `network Name { ... }`';
    this.fail(say.outsideNetwork.item({ word: this.LA(1).image }), this.spanOf(this.LA(1)), hint);
  }

  private readonly importing = this.RULE('importing', (): ImportDecl => {
    const start = this.CONSUME(T.Import);
    const text = this.want(1, T.Text, 'write `import "blocks.unet"`');
    return this.ACTION(() => {
      const span = this.spanFrom(start.startOffset);
      const path = text
        ? { text: textValue(text.image), span: this.spanOf(text) }
        : { text: '', span: this.work.source.span(this.lastEnd(), this.lastEnd()) };
      return { kind: 'import', span, path };
    });
  });

  /** An `import` between the braces of a network. */
  private failImport({ span }: ImportDecl): void {
    const hint = 'move it above `network`';
    this.work.mistakes.add(say.importPlace.network(), span, hint);
  }

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
          this.OR([
            { ALT: () => items.push(this.SUBRULE(this.item)) },
            {
              ALT: () => {
                const decl = this.SUBRULE(this.importing);
                this.ACTION(() => this.failImport(decl));
              },
            },
          ]);
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

  private readonly train = this.RULE('train', (): TrainDecl => {
    const start = this.CONSUME(T.Train);
    const open = this.want(1, T.LeftBrace, 'write `train { name = value ... }`');
    const settings = this.settings('a setting', 'settings are written `name = value`');
    this.wantRightBrace(4, open, '`train`');
    return this.ACTION(() => ({ kind: 'train', span: this.spanFrom(start.startOffset), settings }));
  });
}

function adopt(network: OpenNetwork | undefined, item: NetworkItem): void {
  if (network === undefined) return;
  network.items.push(item);
  network.span = { start: network.span.start, end: item.span.end };
}

// The grammar is analysed when a parser is made, which takes longer than parsing: one instance serves all texts.
let parser: SpecParser | undefined;

/** Parses a text; whatever it is, the result is a tree. The tokens are those that the tree was made of. */
export function parseSpec(source: Source, mistakes: Mistakes): { tree: SpecTree; tokens: readonly IToken[] } {
  const lexed = lex(source, mistakes);
  parser ??= new SpecParser();
  return { tree: parser.run(source, lexed, mistakes), tokens: lexed.tokens };
}
