import type { IToken } from '../chevrotain.js';
import * as T from '../tokens.js';
import type { Name } from '../tree.js';
import { comment, concat, type Doc, empty, text } from './document.js';
import type { Gaps, Item } from './gaps.js';

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
  private first = 0;
  last = 0;

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
    const [before, behind] = [this.before(index), this.behind(index)];
    return before === empty && behind === empty ? text(token) : concat([before, text(token), behind]);
  }

  /** Goes over the next token and answers its index. */
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

  /** The comments in front of a token: those on lines of their own, then those in its line. */
  before(index: number): Doc {
    const items = this.gaps.items[index]!;
    if (items.length === 0) return empty;
    const closes = [',', ')', ']', '}'].includes(this.peek(index));
    const docs = items
      .filter((item) => item.place === 'inline' || (item.place === 'own' && index !== this.first))
      .map((item) => {
        if (item.place === 'own') return comment(item.text, true);
        return text(closes ? ` ${item.text}` : `${item.text} `);
      });
    return docs.length === 0 ? empty : concat(docs);
  }

  /** The comments that end the line of a token. */
  behind(index: number): Doc {
    if (index === this.last || this.gaps.items[index + 1]!.length === 0) return empty;
    const docs = this.itemsBehind(index).map((item) => comment(item.text, false));
    return docs.length === 0 ? empty : concat(docs);
  }

  itemsBehind(index: number): readonly Item[] {
    return this.gaps.items[index + 1]!.filter((item) => item.place === 'behind');
  }
}
