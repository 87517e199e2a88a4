import { EmbeddedActionsParser, EOF, type IToken, type TokenType, tokenMatcher } from './chevrotain.js';
import type { Related, Span } from './diagnostic.js';
import { clip, type Lexed } from './lex.js';
import type { Mistakes, SyntaxCode } from './mistakes.js';
import { TreeBuilder } from './operators.js';
import type { Source } from './source.js';
import * as T from './tokens.js';
import type { Name } from './tree.js';

/** How far ahead the parser looks to see whether a statement begins: longer patterns than any network has. */
const statementLookahead = 64;

/** What belongs to one text. */
interface Work {
  readonly source: Source;
  readonly mistakes: Mistakes;
  readonly echoes: ReadonlySet<number>;
  readonly tree: TreeBuilder;
}

interface OpenBracket {
  readonly token: IToken;
  readonly closer: TokenType;
}

/**
 * The half of the parser that deals with mistakes. The grammar built on it accepts every sequence of tokens: a token
 * that must be there is optional to chevrotain and reported where it is not (`want`), and a loop over items takes any
 * token at all as junk (`junk`). chevrotain's own recovery is left off: it stops at any token that may follow, and in
 * a language without separators that is nearly every name.
 *
 * All state is set by `begin`, so an instance can be used again; the grammar's analysis is what makes one costly.
 */
export abstract class RecoveringParser extends EmbeddedActionsParser {
  protected work!: Work;
  /** The parentheses and brackets around the next token, innermost last; braces are not among them. */
  protected brackets: OpenBracket[] = [];
  /** Where the last mistake was noticed: one token is reported once. */
  private noticed = -1;

  constructor() {
    super([...T.tokenTypes, ...T.categories], { maxLookahead: 1, skipValidations: true });
  }

  protected begin(source: Source, lexed: Lexed, mistakes: Mistakes): void {
    this.input = lexed.tokens;
    this.work = { source, mistakes, echoes: lexed.echoes, tree: new TreeBuilder(source, mistakes) };
    this.brackets = [];
    this.noticed = -1;
  }

  // ---- where the parser is

  protected isNext(type: TokenType, ahead = 1): boolean {
    return tokenMatcher(this.LA(ahead), type);
  }

  /** Offset of the next token; the end of the text counts as a token. */
  protected nextOffset(): number {
    const token = this.LA(1);
    return token.tokenType === EOF ? this.work.source.text.length : token.startOffset;
  }

  /** Offset behind the last token taken. */
  protected lastEnd(): number {
    const token = this.LA(0);
    return token.tokenType === EOF ? 0 : token.startOffset + token.image.length;
  }

  protected spanFrom(start: number): Span {
    return this.work.source.span(start, this.lastEnd());
  }

  protected spanOf(token: IToken): Span {
    return this.work.source.span(token.startOffset, token.startOffset + token.image.length);
  }

  /** Whether a line break stands between the last token taken and the next. */
  protected onNewLine(): boolean {
    return this.work.source.lineOf(this.lastEnd()) !== this.work.source.lineOf(this.nextOffset());
  }

  // ---- words for messages

  protected found(): string {
    const token = this.LA(1);
    return token.tokenType === EOF ? 'the end of the file' : `\`${clip(token.image)}\``;
  }

  private after(): string {
    const token = this.LA(0);
    return token.tokenType === EOF ? '' : ` after \`${clip(token.image)}\``;
  }

  // ---- reports

  /**
   * Reports a mistake that was noticed at the next token, once for each token, and not where the token only echoes a
   * mistake of the lexer's.
   */
  protected fail(code: SyntaxCode, span: Span, message: string, hint: string, related: readonly Related[] = []): void {
    const at = this.nextOffset();
    if (at === this.noticed) return;
    this.noticed = at;
    if (this.work.echoes.has(at)) return;
    this.work.mistakes.add(code, span, message, hint, related);
  }

  /** Takes the next token for reported: what is wrong there comes from the mistake before. */
  protected hush(): void {
    this.noticed = this.nextOffset();
  }

  /** Reports that something is missing in front of the next token. */
  protected failExpected(what: string, hint: string): void {
    this.fail('syntax', this.gap(), `expected ${what}${this.after()}, found ${this.found()}`, hint);
  }

  /** Where to point at something missing: the token found instead, or the one in front if the line ends there. */
  private gap(): Span {
    const atEnd = this.LA(1).tokenType === EOF;
    if (this.LA(0).tokenType !== EOF && (atEnd || this.onNewLine())) return this.spanOf(this.LA(0));
    return atEnd ? this.work.source.span(this.nextOffset(), this.nextOffset()) : this.spanOf(this.LA(1));
  }

  // ---- pieces of grammar; `idx` is unique within a rule, as for chevrotain's own

  /**
   * Repeats a piece of grammar for as long as `going` holds and it takes tokens. Unlike `MANY` it does not ask what the
   * piece can begin with, since with recovery that is anything, nothing included; chevrotain sees the piece once.
   */
  protected repeat(going: () => boolean, piece: () => void): void {
    if (this.RECORDING_PHASE) return piece();
    for (let before = -1; before < this.nextOffset() && this.LA(1).tokenType !== EOF && going(); ) {
      before = this.nextOffset();
      piece();
    }
  }

  /** Takes a token that has to be there, or reports it. */
  protected want(idx: number, type: TokenType, hint: string): IToken | undefined {
    const token = this.option(idx, () => this.consume(idx, type));
    if (token === undefined) this.ACTION(() => this.failExpected(type.LABEL ?? type.name, hint));
    return token;
  }

  /** Takes `=`, or reports it; `:` and `==` in its place are taken for it. */
  protected wantEquals(idx: number, hint: string): void {
    this.or(idx, [
      { ALT: () => this.consume(idx, T.Equals) },
      {
        ALT: () => {
          this.ACTION(() => this.failExpected('`=`', hint));
          this.consume(idx, T.Colon);
        },
      },
      {
        ALT: () => {
          this.ACTION(() => this.failExpected('`=`', hint));
          this.consume(idx, T.EqualTo);
        },
      },
      { ALT: () => this.ACTION(() => this.failExpected('`=`', hint)) },
    ]);
  }

  /** Takes a name, or reports that `what` is missing; a keyword in its place is reported as such and taken. */
  protected wantName(idx: number, what: string, hint: string): Name {
    const token = this.or(idx, [
      { ALT: () => this.consume(idx, T.Identifier) },
      { GATE: () => this.keywordIsName(), ALT: () => this.keywordAsName(idx) },
      { ALT: () => this.ACTION(() => this.failExpected(what, hint)) },
    ]) as IToken | undefined;
    return this.ACTION(() => this.nameOf(token));
  }

  /** Takes a keyword where a name is due, and reports it. */
  protected keywordAsName(idx: number): IToken {
    this.ACTION(() => {
      const word = this.LA(1).image;
      const message = `\`${word}\` is a keyword and cannot be a name`;
      this.fail('keyword-as-name', this.spanOf(this.LA(1)), message, `choose another name, such as \`${word}_\``);
    });
    return this.consume(idx, T.Keyword);
  }

  /** Whether the next token, a keyword, stands for a name: on the same line, and nothing follows as it follows a keyword. */
  private keywordIsName(): boolean {
    return !this.onNewLine() && !this.isNext(T.Identifier, 2) && !this.isNext(T.Text, 2);
  }

  private nameOf(token: IToken | undefined): Name {
    if (token !== undefined) return { text: token.image, span: this.spanOf(token) };
    return { text: '', span: this.spanFrom(this.lastEnd()) };
  }

  // ---- recovery

  /** Reports a name that is a letter away from one of the keywords which may stand here, and turns it into that one. */
  protected mendKeyword(candidates: readonly TokenType[]): void {
    const token = this.LA(1);
    // `heads = 3` is a setting out of place, `parm width = 3` a mistyped keyword.
    if (token.tokenType !== T.Identifier || this.isNext(T.Equals, 2)) return;
    const meant = candidates.find((keyword) => isNear(token.image, String(keyword.PATTERN)));
    if (meant === undefined) return;
    const message = `\`${clip(token.image)}\` is no keyword`;
    this.fail('syntax', this.spanOf(token), message, `did you mean ${meant.LABEL}`);
    token.tokenType = meant;
    token.tokenTypeIdx = meant.tokenTypeIdx!;
  }

  /** Whether a part of a spec begins at the next token. `input = 3` does not begin one: no keyword is followed by `=`. */
  protected atItem(): boolean {
    return this.isNext(T.ItemKeyword) && !this.isNext(T.Equals, 2);
  }

  /** Whether the next tokens begin a setting, an output's mode or a rule: `x =`, `X[i, j] =`, `X[i, j] when`. */
  protected atStatement(): boolean {
    if (!this.isNext(T.Identifier)) return false;
    if (this.isNext(T.Equals, 2)) return true;
    if (!this.isNext(T.LeftBracket, 2)) return false;
    let depth = 0;
    for (let ahead = 2; ahead < statementLookahead; ahead++) {
      if (this.isNext(T.LeftBracket, ahead)) depth++;
      else if (this.isNext(T.RightBracket, ahead) && --depth === 0) {
        return this.isNext(T.Equals, ahead + 1) || this.isNext(T.When, ahead + 1);
      } else if (this.isNext(T.ItemKeyword, ahead) || this.LA(ahead).tokenType === EOF) return false;
    }
    return false;
  }

  protected atOpener(): boolean {
    return this.isNext(T.LeftParen) || this.isNext(T.LeftBracket) || this.isNext(T.LeftBrace);
  }

  protected atCloser(): boolean {
    return this.isNext(T.RightParen) || this.isNext(T.RightBracket) || this.isNext(T.RightBrace);
  }

  /**
   * Skips to where `stop` holds, at the latest to a closing bracket that was not opened on the way, the beginning of
   * an item or the end of the text. What stands in brackets is skipped with them.
   */
  protected skip(stop: () => boolean): void {
    let depth = 0;
    // A `let` in skipped braces belongs to a body; every other item begins behind them.
    while (this.LA(1).tokenType !== EOF && (!this.atItem() || (depth > 0 && this.isNext(T.Let)))) {
      if (depth === 0 && (stop() || this.atCloser())) return;
      if (this.atOpener()) depth++;
      else if (this.atCloser()) depth--;
      this.SKIP_TOKEN();
    }
  }

  /** Reports a token that begins nothing that may stand here, and skips to where `stop` holds. Skips one token at least. */
  protected junk(idx: number, expected: string, hint: string, stop: () => boolean): void {
    this.ACTION(() => {
      const token = this.LA(1);
      if (this.atCloser()) {
        const message = `this \`${token.image}\` closes nothing`;
        this.fail(
          'stray-bracket',
          this.spanOf(token),
          message,
          `remove it, or open \`${opening(token.image)}\` before it`,
        );
      } else {
        const what = this.onNewLine() ? expected : `${expected} here`;
        this.fail('syntax', this.spanOf(token), `expected ${what}, found ${this.found()}`, hint);
      }
      if (this.atOpener()) {
        // The bracket goes with all that is in it.
        this.SKIP_TOKEN();
        this.skip(() => false);
      }
    });
    // Nothing is left to take where an open bracket ran up to an item or the end of the text.
    this.option(idx, { GATE: () => !this.atItem(), DEF: () => this.consume(idx, T.AnyToken) });
    this.ACTION(() => this.skip(stop));
  }

  /**
   * Takes the `}` of a `{`, or reports the latter as never closed. Each brace is reported, whatever else is wrong at
   * the place where it was noticed.
   */
  protected wantRightBrace(idx: number, opener: IToken | undefined, of: string): void {
    const closer = this.option(idx, () => this.consume(idx, T.RightBrace));
    if (closer !== undefined || opener === undefined) return;
    this.ACTION(() => {
      const related =
        this.LA(1).tokenType === EOF ? [] : [{ span: this.spanOf(this.LA(1)), message: '`}` is due before this' }];
      const message = `the \`{\` of ${of} is never closed`;
      this.work.mistakes.add(
        'unclosed-bracket',
        this.spanOf(opener),
        message,
        `add \`}\` before ${this.found()}`,
        related,
      );
    });
  }
}

/** Whether two words are the same but for case, or but for one letter more, less, other or swapped with its neighbour. */
function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  if (a.toLowerCase() === b.toLowerCase()) return true;
  let i = 0;
  while (a[i] === b[i]) i++;
  const swapped = a[i] === b[i + 1] && a[i + 1] === b[i] && a.slice(i + 2) === b.slice(i + 2);
  return swapped || a.slice(i + 1) === b.slice(i + 1) || a.slice(i + 1) === b.slice(i) || a.slice(i) === b.slice(i + 1);
}

const opening = (closer: string): string => (closer === ')' ? '(' : closer === ']' ? '[' : '{');
