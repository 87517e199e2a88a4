import type { IToken } from '../chevrotain.js';
import * as T from '../tokens.js';
import type { Name } from '../tree.js';
import { comment, concat, type Doc, empty, text } from './document.js';
import type { Gaps } from './gaps.js';

const closers: ReadonlySet<string> = new Set([',', ')', ']']);

/**
 * Goes over the tokens of a text while the tree says what they should be, and hands out each with the comments around
 * it, so that none is lost. Where tokens and tree disagree the text has a mistake: the cursor is then `lost`, and what
 * it hands out is worth nothing.
 */
export class Cursor {
  /** Index of the next token. */
  next = 0;
  lost = false;
  /** Whether parentheses were left out: what they held may now be laid out as a part of what is around it. */
  simplified = false;
  /** The tokens of the statement at hand; comments before its first line and behind its last are left to the caller. */
  first = 0;
  last = 0;
  /** The token of which the comments were taken already. */
  private led = -1;

  constructor(
    readonly source: string,
    readonly tokens: readonly IToken[],
    readonly gaps: Gaps,
  ) {}

  /** Goes to a statement, which has the tokens `first` to `last`. */
  enter(first: number, last: number): void {
    this.next = first;
    this.first = first;
    this.last = last;
    this.lost = false;
  }

  /** Goes back to a token of the statement at hand. */
  goBack(index: number): void {
    this.next = index;
    this.lost = false;
  }

  /** Whether all was as it should be since the statement at hand was entered, up to where the cursor is now. */
  get onTrack(): boolean {
    return !this.lost && !this.gaps.hasJunk(this.first + 1, this.next - 1);
  }

  /** Whether that is so and the statement is at its end. */
  get arrived(): boolean {
    return this.next === this.last + 1 && this.onTrack;
  }

  /** The text of the tokens `first` to `last`, of the gaps around them, and the token behind these. */
  around(first: number, last: number): string {
    return this.source.slice(first === 0 ? 0 : this.endOf(first - 1), this.endOf(last + 1));
  }

  /** The text of a token; of the next, if no other is asked for. */
  peek(index = this.next): string {
    return this.tokens[index]?.image ?? '';
  }

  startOf(index: number): number {
    return this.tokens[index]?.startOffset ?? this.source.length;
  }

  endOf(index: number): number {
    const token = this.tokens[index];
    return token === undefined ? this.source.length : token.startOffset + token.image.length;
  }

  /** Index of the first token that begins at an offset or behind it. */
  indexAt(offset: number): number {
    let low = 0;
    let high = this.tokens.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tokens[middle]!.startOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Takes the next token, which has to be `image` if that is given. */
  take(image?: string): Doc {
    const index = this.skip();
    const token = this.peek(index);
    if (image === undefined ? token === '' : token !== image) this.lost = true;
    if (token === ',') return this.comma(index).closed;
    const [before, behind] = [this.before(index), this.behind(index)];
    return before === empty && behind === empty ? text(token) : concat([before, text(token), behind]);
  }

  /** A comma, which stands in front of a comment at the end of its line; and its comments alone. */
  comma(index: number): { inline: Doc; closed: Doc; ending: Doc } {
    const { inline, ending } = this.beforeCloser(index);
    const behind = this.behind(index);
    if (inline === empty && ending === empty && behind === empty) return { inline, closed: text(','), ending };
    return { inline, closed: concat([inline, text(','), ending, behind]), ending: concat([ending, behind]) };
  }

  /** Takes the next token without the comments in front of it. */
  takeBare(image: string): Doc {
    const index = this.skip();
    if (this.peek(index) !== image) this.lost = true;
    return concat([text(image), this.behind(index)]);
  }

  /** Goes over the next token and returns its index. */
  skip(): number {
    // Never further than the statement: what is behind belongs to others.
    if (this.next > this.last) this.lost = true;
    return this.next++;
  }

  /** Takes a name of the tree. */
  name(name: Name): Doc {
    this.expectAt(name.span.start.offset);
    if (T.keywords.has(name.text) || !/^\w+$/.test(name.text)) this.lost = true;
    return this.take(name.text);
  }

  /** Takes an int, float, bool, string or name, as it is written. */
  leaf(start: number): Doc {
    this.expectAt(start);
    if (!/^(?:\w+(?:\.\w+)?(?:[eE][+-]?\d+)?|"(?:[^"\\]|\\.)*")$/.test(this.peek())) this.lost = true;
    return this.take();
  }

  private expectAt(start: number): void {
    if (this.startOf(this.next) !== start) this.lost = true;
  }

  /** The comments in front of a token. */
  before(index: number): Doc {
    const items = this.gaps.of(index);
    if (items.length === 0) return empty;
    if (this.closes(index)) {
      const { inline, ending } = this.beforeCloser(index);
      return concat([inline, ending]);
    }
    const docs: Doc[] = [];
    for (const { place, text: written } of items) {
      if (place === 'inline') docs.push(text(` ${written} `));
      else if (place === 'own' && index !== this.first && index !== this.led) docs.push(comment(written, true));
    }
    return docs.length === 0 ? empty : concat(docs);
  }

  /** The comments on lines of their own in front of the next token, which is then taken without them. */
  lead(): Doc {
    const items = this.gaps.of(this.next);
    if (items.length === 0 || this.closes(this.next) || this.next === this.first) return empty;
    this.led = this.next;
    return concat(items.filter((item) => item.place === 'own').map((item) => comment(item.text, true)));
  }

  /**
   * The comments in front of a comma or a closing bracket, those included that end the line of the token before it: all
   * within a line, or each at the end of one.
   */
  beforeCloser(index: number, onLines = false): { inline: Doc; ending: Doc } {
    const items = this.gaps.of(index);
    if (items.length === 0) return { inline: empty, ending: empty };
    if (!onLines && items.every((item) => item.place === 'inline')) {
      return { inline: concat(items.map((item) => text(` ${item.text}`))), ending: empty };
    }
    const ending = [this.endOfLine(index - 1)];
    for (const { place, text: written } of items) if (place !== 'behind') ending.push(comment(written, true));
    return { inline: empty, ending: concat(ending) };
  }

  /** The comments that end the line of a token, if that is not left to the next. */
  behind(index: number): Doc {
    const left = this.gaps.of(index + 1).length === 0 || index === this.last || this.closes(index + 1);
    return left ? empty : this.endOfLine(index);
  }

  private endOfLine(index: number): Doc {
    const items = this.gaps.of(index + 1);
    if (items.length === 0) return empty;
    const texts = items.filter((item) => item.place === 'behind').map((item) => item.text);
    return texts.length === 0 ? empty : comment(texts.join(' '), false);
  }

  /** Whether a token belongs to the one in front of it. */
  private closes(index: number): boolean {
    return closers.has(this.peek(index));
  }
}
