import { EmbeddedActionsParser, EOF, type IToken, type TokenType, tokenMatcher } from './chevrotain.js';
import type { Related, Said, Span } from './diagnostic.js';
import { clip, type Lexed } from './lex.js';
import type { Mistakes, SyntaxCode } from './mistakes.js';
import { TreeBuilder } from './operators.js';
import { say } from './say.js';
import type { Source } from './source.js';
import * as T from './tokens.js';
import type { Name } from './tree.js';

/** How far ahead the parser looks to see whether a statement begins: longer patterns than any network has. */
export const statementLookahead = 64;

/** What belongs to one text. */
interface Work {
  readonly source: Source;
  readonly mistakes: Mistakes;
  readonly echoes: ReadonlySet<number>;
  readonly tree: TreeBuilder;
}

/**
 * The half of the parser that deals with mistakes. chevrotain records and analyses the grammar of correct specs; where
 * a text departs from it, the pieces below report that and go on, so that no rule ever fails: a token that must be
 * there may be missing (`want`), and a loop over items takes any token at all (`junk`). chevrotain's own recovery is
 * left off: it goes on at any token that may follow, and in a language without separators that is nearly every name.
 *
 * All state is set by `begin`, so an instance can be used again; the grammar's analysis is what makes one costly.
 */
export abstract class RecoveringParser extends EmbeddedActionsParser {
  protected work!: Work;
  /** Where the last mistake was noticed: one token is reported once. */
  private noticed = -1;

  constructor() {
    super(T.vocabulary, { maxLookahead: 1, skipValidations: true });
  }

  protected begin(source: Source, lexed: Lexed, mistakes: Mistakes): void {
    this.input = lexed.tokens;
    this.work = { source, mistakes, echoes: lexed.echoes, tree: new TreeBuilder(source, mistakes) };
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
  protected fail(said: Said<SyntaxCode>, span: Span, hint: string, related: readonly Related[] = []): void {
    const at = this.nextOffset();
    if (at === this.noticed) return;
    this.noticed = at;
    if (this.work.echoes.has(at)) return;
    this.work.mistakes.add(said, span, hint, related);
  }

  /** Takes the next token for reported: what is wrong there comes from the mistake before. */
  protected hush(): void {
    this.noticed = this.nextOffset();
  }

  /** Reports that something is missing in front of the next token. */
  protected failExpected(what: string, hint: string): void {
    this.fail(say.syntax.expected({ what, after: this.after(), found: this.found() }), this.gap(), hint);
  }

  /** Where to point at something missing: the token found instead, or the one in front if the line ends there. */
  private gap(): Span {
    const atEnd = this.LA(1).tokenType === EOF;
    if (this.LA(0).tokenType !== EOF && (atEnd || this.onNewLine())) return this.spanOf(this.LA(0));
    return atEnd ? this.work.source.span(this.nextOffset(), this.nextOffset()) : this.spanOf(this.LA(1));
  }

  /**
   * Where to report that `opener` has no `closer` in front of the next token: there, since the opener may be pages above;
   * but at the opener if it stands on that line, and if it begins an index, which ends where it began.
   */
  protected placeOfUnclosed(opener: IToken, closer: TokenType): { span: Span; related: readonly Related[] } {
    const due = this.gap();
    const open = this.spanOf(opener);
    const near =
      open.start.line === due.start.line ||
      /\w\[/.test(this.work.source.text.slice(opener.startOffset - 1, opener.startOffset + 1));
    if (!near) return { span: due, related: [{ span: open, message: 'opened here' }] };
    if (this.LA(1).tokenType === EOF) return { span: open, related: [] };
    return { span: open, related: [{ span: this.spanOf(this.LA(1)), message: `${closer.LABEL} is due before this` }] };
  }

  // ---- pieces of grammar; `idx` tells tokens of one kind within a rule apart, as for chevrotain's own

  /** Whether to parse a piece: it begins here; or chevrotain is recording the grammar, which must reach every rule. */
  protected when(type: TokenType): boolean {
    return this.RECORDING_PHASE || this.isNext(type);
  }

  /** One of two pieces: the first if it begins here with `type`, otherwise the second, which deals with mistakes as well. */
  protected either<Result>(idx: number, type: TokenType, first: () => Result, second: () => Result): Result {
    if (this.RECORDING_PHASE) return this.or(idx, [{ ALT: first }, { ALT: second }]);
    return this.isNext(type) ? first() : second();
  }

  /** Repeats a piece of grammar for as long as `going` holds and it takes tokens. */
  protected repeat(going: () => boolean, piece: () => void): void {
    if (this.RECORDING_PHASE) {
      piece();
      return;
    }
    for (let before = -1; before < this.nextOffset() && this.LA(1).tokenType !== EOF && going(); ) {
      before = this.nextOffset();
      piece();
    }
  }

  /** Takes a token that has to be there, or reports it. */
  protected want(idx: number, type: TokenType, hint: string): IToken | undefined {
    if (this.when(type)) return this.consume(idx, type);
    this.failExpected(type.LABEL ?? type.name, hint);
    return undefined;
  }

  /** Takes `=`, or reports it; `:` and `==` in its place are taken for it. */
  protected wantEquals(idx: number, hint: string): void {
    if (this.want(idx, T.Equals, hint) === undefined && (this.isNext(T.Colon) || this.isNext(T.EqualTo)))
      this.SKIP_TOKEN();
  }

  /** Takes a name, or reports that `what` is missing; a keyword in its place is reported as such and taken. */
  protected wantName(idx: number, what: string, hint: string): Name {
    if (this.when(T.Identifier)) {
      const token = this.consume(idx, T.Identifier);
      return this.ACTION(() => this.nameOf(token));
    }
    if (this.keywordIsName()) return this.nameOf(this.keywordAsName());
    this.failExpected(what, hint);
    return { text: '', span: this.spanFrom(this.lastEnd()) };
  }

  protected nameOf(token: IToken): Name {
    return { text: token.image, span: this.spanOf(token) };
  }

  /** Takes a keyword where a name is due, and reports it. */
  protected keywordAsName(): IToken {
    const token = this.LA(1);
    this.fail(
      say.keywordAsName.word({ word: token.image }),
      this.spanOf(token),
      `choose another name, such as \`${token.image}_\``,
    );
    this.SKIP_TOKEN();
    return token;
  }

  /** Whether a keyword stands for a name here: on the same line, and what follows is not what follows that keyword. */
  private keywordIsName(): boolean {
    return this.isNext(T.Keyword) && !this.onNewLine() && !this.isNext(T.Identifier, 2) && !this.isNext(T.Text, 2);
  }

  // ---- recovery

  /** Reports a name that is a letter away from one of the keywords which may stand here, and turns it into that one. */
  protected mendKeyword(candidates: readonly TokenType[]): void {
    const token = this.LA(1);
    // `heads = 3` is a setting out of place, `parm width = 3` a mistyped keyword.
    if (token.tokenType !== T.Identifier || this.isNext(T.Equals, 2)) return;
    const meant = candidates.find((keyword) => isNear(token.image, keyword.name.toLowerCase()));
    if (meant === undefined) return;
    this.fail(say.syntax.word({ word: clip(token.image) }), this.spanOf(token), `did you mean ${meant.LABEL}`);
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
   * an item or the end of the text. What stands in brackets is skipped with them; but `(` and `[` that are never
   * closed may be what is wrong, so `stop` counts in them too where a line begins.
   *
   * @param pass whether to pass over `)` and `]` that were not opened on the way: where none are open, they close nothing
   */
  protected skip(stop: () => boolean, pass = false): void {
    let braces = 0;
    let brackets = 0;
    // A `let` in skipped braces belongs to a body; every other item begins behind them.
    while (this.LA(1).tokenType !== EOF && (!this.atItem() || (braces > 0 && this.isNext(T.Let)))) {
      if (braces === 0) {
        if ((brackets === 0 || this.onNewLine()) && stop()) return;
        if (this.isNext(T.RightBrace) || (brackets === 0 && !pass && this.atCloser())) return;
      }
      if (this.isNext(T.LeftBrace)) braces++;
      else if (this.isNext(T.RightBrace)) braces--;
      else if (this.atOpener()) brackets++;
      else if (this.atCloser()) brackets = Math.max(0, brackets - 1);
      this.SKIP_TOKEN();
    }
  }

  /** Reports a token that begins nothing that may stand here, and skips to where `stop` holds. Skips one token at least. */
  protected junk(expected: string, hint: string, stop: () => boolean): void {
    const token = this.LA(1);
    if (this.atCloser()) {
      this.fail(
        say.strayBracket.nothing({ bracket: token.image }),
        this.spanOf(token),
        `remove it, or open \`${opening(token.image)}\` before it`,
      );
    } else {
      this.fail(say.syntax.expected({ what: expected, after: '', found: this.found() }), this.spanOf(token), hint);
    }
    if (this.atOpener()) {
      // The bracket goes with all that is in it.
      this.SKIP_TOKEN();
      this.skip(() => false);
    }
    // Nothing is left to take where an open bracket ran up to an item.
    if (!this.atItem()) this.SKIP_TOKEN();
    this.skip(stop, true);
  }

  /**
   * Takes the `}` of a `{`, or reports the latter as never closed. Each brace is reported, whatever else is wrong at
   * the place where it was noticed, unless the lexer has lost that place.
   */
  protected wantRightBrace(idx: number, opener: IToken | undefined, of: string): void {
    if (this.when(T.RightBrace)) {
      this.consume(idx, T.RightBrace);
    } else if (opener !== undefined && !this.work.echoes.has(this.nextOffset())) {
      const { span, related } = this.placeOfUnclosed(opener, T.RightBrace);
      this.work.mistakes.add(say.unclosedBracket.brace({ of }), span, `add \`}\` before ${this.found()}`, related);
    }
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
