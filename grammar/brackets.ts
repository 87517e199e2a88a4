import { EOF, type IToken, type TokenType } from './chevrotain.js';
import { RecoveringParser, statementLookahead } from './recovery.js';
import { say } from './say.js';
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
    return this.LA(1).tokenType === EOF || this.isNext(T.LeftBrace) || this.atItem() || this.atOuterArgument();
  }

  /** Whether `name:` follows in a `[` within the `(` of a call: its next argument, the `[` being never closed. */
  private atOuterArgument(): boolean {
    if (!this.isNext(T.Identifier) || !this.isNext(T.Colon, 2)) return false;
    return this.brackets.at(-1)?.closer === T.RightBracket && this.brackets.at(-2)?.closer === T.RightParen;
  }

  /** Passes over a closing bracket whose opening one is missing, if the one that is due here follows later on. */
  private passStray(): boolean {
    const stray = this.LA(1);
    const inner = this.brackets.at(-1);
    if (!this.isNext(T.RightParen) && !this.isNext(T.RightBracket)) return false;
    if (inner === undefined || this.brackets.some((b) => b.closer === stray.tokenType)) return false;
    if (!this.closes(inner.closer)) return false;
    this.failStray(inner.token, inner.closer);
    this.SKIP_TOKEN();
    return true;
  }

  /** Whether what is open here is closed later on, before the next statement. */
  private closes(closer: TokenType): boolean {
    let depth = 0;
    for (let ahead = 2; ahead < statementLookahead; ahead++) {
      const { tokenType } = this.LA(ahead);
      if (tokenType === EOF || tokenType === T.LeftBrace || this.isNext(T.ItemKeyword, ahead)) return false;
      if (tokenType === T.Equals) return false;
      if (tokenType === T.LeftParen || tokenType === T.LeftBracket) depth++;
      else if (tokenType === T.RightParen || tokenType === T.RightBracket) {
        if (depth === 0) return tokenType === closer;
        depth--;
      }
    }
    return false;
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
    if (many && this.passStray()) return this.endElement(start);
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
      this.failStray(open, closer);
      this.SKIP_TOKEN();
      return;
    }
    const { span, related } = this.placeOfUnclosed(open, closer);
    const said = say.unclosedBracket.bracket({ here: span.start.offset === open.startOffset, bracket: open.image });
    const hint = this.commentHides(open, closer)
      ? `\`//\` begins a comment, and ${closer.LABEL} stands in it; to divide, write \`/\``
      : `add ${closer.LABEL}`;
    this.fail(said, span, hint, related);
  }

  private failStray(open: IToken, closer: TokenType): void {
    const related = [{ span: this.spanOf(open), message: 'opened here' }];
    const said = say.strayBracket.other({ closer: `${closer.LABEL}`, open: open.image, found: this.found() });
    this.fail(said, this.spanOf(this.LA(1)), `write ${closer.LABEL}`, related);
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
