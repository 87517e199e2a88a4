import type { IToken } from '../chevrotain.js';

/** Something between two tokens that is not blank. */
export interface Item {
  /** `junk` is what the lexer could not read. */
  readonly kind: 'comment' | 'junk';
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /**
   * Where a comment stands: behind the token before it at the end of a line, on lines of its own, or in a line in front
   * of a token.
   */
  readonly place: 'behind' | 'own' | 'inline';
}

const none: readonly Item[] = [];

/** What stands between the tokens of a text, and how much of it; gap `i` is in front of token `i`, the last behind all. */
export class Gaps {
  private readonly items: readonly (readonly Item[])[];
  /** Whether there is a line break in each gap. */
  readonly broken: readonly boolean[];
  /** How many comments the gaps up to each have, its own left out; the same of comments that end a line, and of junk. */
  private readonly comments: Int32Array;
  private readonly endings: Int32Array;
  private readonly junk: Int32Array;

  constructor(text: string, tokens: readonly IToken[]) {
    const items: (readonly Item[])[] = [];
    const broken: boolean[] = [];
    const n = tokens.length + 1;
    this.comments = new Int32Array(n + 1);
    this.endings = new Int32Array(n + 1);
    this.junk = new Int32Array(n + 1);
    let from = 0;
    for (let i = 0; i < n; i++) {
      const token = tokens[i];
      const to = token === undefined ? text.length : token.startOffset;
      const blank = to === from || (to === from + 1 && text[from] === ' ');
      const found = blank ? none : scan(text, from, to, i === 0, token === undefined);
      items.push(found);
      broken.push(!blank && hasBreak(text, from, to));
      const comments = found === none ? none : found.filter((item) => item.kind === 'comment');
      const endings =
        found === none ? none : comments.filter((c) => c.place !== 'inline' || hasBreak(c.text, 0, c.text.length));
      this.comments[i + 1] = this.comments[i]! + comments.length;
      this.endings[i + 1] = this.endings[i]! + endings.length;
      this.junk[i + 1] = this.junk[i]! + found.length - comments.length;
      if (token !== undefined) from = to + token.image.length;
    }
    this.items = items;
    this.broken = broken;
  }

  /** What stands in a gap. */
  of = (gap: number): readonly Item[] => this.items[gap] ?? none;

  /** Whether gaps `from` to `to`, both included, have a comment. */
  hasComment = (from: number, to: number): boolean => this.comments[to + 1]! > this.comments[from]!;
  /** ... a comment behind which the line ends. */
  hasEnding = (from: number, to: number): boolean => this.endings[to + 1]! > this.endings[from]!;
  hasJunk = (from: number, to: number): boolean => this.junk[to + 1]! > this.junk[from]!;
}

function scan(text: string, from: number, to: number, atBeginning: boolean, atEnd: boolean): readonly Item[] {
  const gap = text.slice(from, to);
  if (/^\s*$/.test(gap)) return none;
  const firstBreak = gap.search(/[\r\n]/);
  const lastBreak = Math.max(gap.lastIndexOf('\n'), gap.lastIndexOf('\r'));
  const items: Item[] = [];
  for (const found of gap.matchAll(/\/\/[^\r\n]*|\/\*[\s\S]*?\*\/|#[^\r\n]*|\/\*[\s\S]*|\S+?(?=\s|\/\/|\/\*|#|$)/g)) {
    const [image] = found;
    const comment = image.startsWith('//') || (image.length >= 4 && image.startsWith('/*') && image.endsWith('*/'));
    const content = image.trimEnd();
    const end = found.index + content.length;
    const tokenBefore = !atBeginning && (firstBreak < 0 || found.index <= firstBreak);
    const tokenBehind = !atEnd && end > lastBreak;
    const place = tokenBehind ? 'inline' : tokenBefore ? 'behind' : 'own';
    items.push({
      kind: comment ? 'comment' : 'junk',
      text: content,
      start: from + found.index,
      end: from + end,
      place,
    });
  }
  return items;
}

/** Whether a line ends in a stretch of a text. */
export function hasBreak(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i);
    if (c === 10 || c === 13) return true;
  }
  return false;
}

/** How many lines end in a stretch of a text, counted up to 2. */
export function breaksIn(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to && count < 2; i++) {
    const c = text.charCodeAt(i);
    if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) count++;
  }
  return count;
}
