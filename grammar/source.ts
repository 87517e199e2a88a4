import type { Position, Span } from './diagnostic.js';

/** A text with the table of its lines: turns offsets into positions. A line ends at `\n`, `\r\n` or `\r`. */
export class Source {
  readonly text: string;
  /** Offset of the first character of each line. */
  private readonly lineStarts: readonly number[];

  /** @param file what its spans say of the file; nothing for the spec itself. */
  constructor(
    text: string,
    private readonly file?: string,
  ) {
    this.text = text;
    const starts = [0];
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1);
    }
    this.lineStarts = starts;
  }

  /** The 0-based line of an offset. */
  lineOf(offset: number): number {
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** How many spaces and tabs the line of an offset begins with. */
  indentAt(offset: number): number {
    const start = this.lineStarts[this.lineOf(offset)]!;
    let i = start;
    while (this.text[i] === ' ' || this.text[i] === '\t') i++;
    return i - start;
  }

  position(offset: number): Position {
    const line = this.lineOf(offset);
    return { line: line + 1, column: offset - this.lineStarts[line]! + 1, offset };
  }

  /** The stretch from `start` up to but not including `end`. */
  span(start: number, end: number): Span {
    const span = { start: this.position(start), end: this.position(end) };
    return this.file === undefined ? span : { file: this.file, ...span };
  }
}
