import { EOF, type IToken, type TokenType } from './chevrotain.js';
import { RecoveringParser } from './recovery.js';
import * as T from './tokens.js';

interface OpenBracket {
  readonly token: IToken;
  readonly closer: TokenType;
}

/** Lists in brackets, and what goes wrong in them: commas and closing brackets forgotten, and the wrong ones. */
export abstract class BracketParser extends RecoveringParser {
  /** The parentheses and brackets around the next token, innermost last; braces are not among them. */
  protected brackets: OpenBracket[] = [];

  protected override begin(...work: Parameters<RecoveringParser['begin']>): void {
    super.begin(...work);
    this.brackets = [];
  }

  /** A list in brackets that has to be there. */
  protected bracketed<Item>(idx: number, opener: TokenType, hint: string, element: (items: Item[]) => void): Item[] {
    const open = this.want(idx, opener, hint);
    if (open === undefined) return [];
    return this.elements(idx, open, opener === T.LeftParen ? T.RightParen : T.RightBracket, element);
  }

  /**
   * What stands between brackets, separated by commas; one may follow the last.
   *
   * @param element parses one and adds it to the list
   */
  protected elements<Item>(idx: number, open: IToken, closer: TokenType, element: (items: Item[]) => void): Item[] {
    const items: Item[] = [];
    let going = true;
    this.ACTION(() => this.brackets.push({ token: open, closer }));
    this.repeat(
      () => going && !this.atCloser() && !this.atEndOfBracket(),
      () => {
        const start = this.ACTION(() => this.nextOffset());
        element(items);
        this.ACTION(() => {
          going = this.endElement(start);
        });
        if (this.when(T.Comma)) this.consume(idx, T.Comma);
      },
    );
    this.closeBracket(idx, open, closer);
    return items;
  }

  /** Whether what follows cannot stand in brackets, so that they must have ended. */
  private atEndOfBracket(): boolean {
    return this.LA(1).tokenType === EOF || this.isNext(T.LeftBrace) || this.atItem();
  }

  /**
   * Behind an element: reports what is neither a comma nor a closing bracket, and skips to one of them.
   *
   * @param start where the element began, if another may follow it
   * @returns whether there may be another
   */
  protected endElement(start?: number): boolean {
    const many = start !== undefined;
    const statement = (): boolean => this.onNewLine() && this.atStatement();
    if ((many && this.isNext(T.Comma)) || this.atCloser()) return true;
    if (this.atEndOfBracket() || statement()) return false;
    const { token, closer } = this.brackets[this.brackets.length - 1]!;
    const hint = many ? 'separate the items with `,`' : `close the \`${token.image}\` with ${closer.LABEL}`;
    this.failExpected(`${many ? '`,`' : 'an operator'} or ${closer.LABEL}`, hint);
    // A comma was forgotten, unless nothing was taken: then the same token would be tried again and again.
    if (many && this.isNext(T.ExpressionStart) && this.nextOffset() > start) return true;
    this.skip(() => (many && this.isNext(T.Comma)) || statement());
    return !statement();
  }

  /** Takes the closing bracket, or reports that it is missing or the wrong one. */
  protected closeBracket(idx: number, open: IToken, closer: TokenType): void {
    this.ACTION(() => {
      this.brackets.pop();
      if (!this.isNext(closer)) this.failUnclosed(open, closer);
    });
    if (this.when(closer)) this.consume(idx, closer);
  }

  private failUnclosed(open: IToken, closer: TokenType): void {
    const next = this.LA(1);
    const wrong = next.tokenType === T.RightParen || next.tokenType === T.RightBracket;
    if (wrong && !this.brackets.some((outer) => outer.closer === next.tokenType)) {
      const related = [{ span: this.spanOf(open), message: 'opened here' }];
      const message = `expected ${closer.LABEL} to close \`${open.image}\`, found ${this.found()}`;
      this.fail('stray-bracket', this.spanOf(next), message, `write ${closer.LABEL}`, related);
      this.SKIP_TOKEN();
      return;
    }
    const related =
      next.tokenType === EOF ? [] : [{ span: this.spanOf(next), message: `${closer.LABEL} is due before this` }];
    this.fail(
      'unclosed-bracket',
      this.spanOf(open),
      `this \`${open.image}\` is never closed`,
      this.commentHides(open, closer)
        ? `\`//\` begins a comment, and ${closer.LABEL} stands in it; to divide, write \`/\``
        : `add ${closer.LABEL}`,
      related,
    );
  }

  /** Whether a comment on the bracket's own line holds what would close it, as in Python's `conv(c // 2)`. */
  private commentHides(open: IToken, closer: TokenType): boolean {
    const { text } = this.work.source;
    const end = text.indexOf('\n', open.startOffset);
    const line = text.slice(open.startOffset, end < 0 ? undefined : end);
    const comment = line.indexOf('//');
    return comment >= 0 && line.includes(closer === T.RightParen ? ')' : ']', comment);
  }
}
