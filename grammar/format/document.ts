/**
 * Texts that fit themselves into a width, after Wadler ("A prettier printer", 2003), with two additions. Continuation
 * lines may hang from the column where a part began (`align`), as people write equations; and `either` chooses between
 * two ways to lay out a part by measuring the first in full, so that what hangs too far to the right can be set otherwise.
 * Widths are UTF-16 code units.
 */
export type Doc = Text | Break | Concat | Nest | Group | Either | Comment;

interface Common {
  /** Width on one line; `Infinity` if it takes more than one. */
  readonly flat: number;
  /** Measured on first use. */
  tight?: Extent;
  loose?: Extent;
}
interface Text extends Common {
  readonly kind: 'text';
  readonly text: string;
}
/** A line break, or on one line `text`. */
interface Break extends Common {
  readonly kind: 'break';
  readonly text: string;
  /** Within a broken group this breaks only where what follows it immediately does not fit on the line. */
  readonly next?: Doc;
}
interface Concat extends Common {
  readonly kind: 'concat';
  readonly parts: readonly Doc[];
}
/** Continuation lines begin `by` columns further in, or at the column where the part begins. */
interface Nest extends Common {
  readonly kind: 'nest';
  readonly by: number | 'align';
  readonly doc: Doc;
}
interface Group extends Common {
  readonly kind: 'group';
  readonly doc: Doc;
}
interface Either extends Common {
  readonly kind: 'either';
  readonly wide: Doc;
  /** Made on first use: most parts fit on a line. */
  readonly makeNarrow: () => Doc;
  narrow?: Doc;
  /** Whether `wide` will do with its groups broken, or only with each of them on one line. */
  readonly broken: boolean;
}
/** A comment after which the line ends. It does not count against the width. */
interface Comment extends Common {
  readonly kind: 'comment';
  readonly text: string;
  /** On a line of its own, or behind what the line has. */
  readonly own: boolean;
}

export function text(content: string): Doc {
  const flat = content.includes('\n') || content.includes('\r') ? Number.POSITIVE_INFINITY : content.length;
  return { kind: 'text', text: content, flat };
}

export function concat(parts: readonly Doc[]): Doc {
  let flat = 0;
  for (const part of parts) flat += part.flat;
  return { kind: 'concat', parts, flat };
}

export const empty = text('');
export const space = text(' ');
/** A break of its group: all of them or none. */
export const line: Doc = { kind: 'break', text: ' ', flat: 1 };
export const tightLine: Doc = { kind: 'break', text: '', flat: 0 };
/** A space or, where `next` does not fit, a line break; and `next`. */
export const softly = (next: Doc): Doc => concat([{ kind: 'break', text: ' ', next, flat: 1 }, next]);
export const hard: Doc = { kind: 'break', text: '', flat: Number.POSITIVE_INFINITY };
export const comment = (content: string, own: boolean): Doc => ({
  kind: 'comment',
  text: content,
  own,
  flat: Number.POSITIVE_INFINITY,
});
export const indent = (doc: Doc): Doc => ({ kind: 'nest', by: 2, doc, flat: doc.flat });
export const align = (doc: Doc): Doc => ({ kind: 'nest', by: 'align', doc, flat: doc.flat });
export const group = (doc: Doc): Doc => ({ kind: 'group', doc, flat: doc.flat });
export const either = (wide: Doc, makeNarrow: () => Doc, broken = false): Doc => ({
  kind: 'either',
  wide,
  makeNarrow,
  broken,
  flat: wide.flat,
});

function narrowOf(doc: Either): Doc {
  doc.narrow ??= doc.makeNarrow();
  return doc.narrow;
}

/** A line of output; the comment behind it is placed later, when its neighbours are known. */
export interface Line {
  readonly text: string;
  readonly comment?: string;
}

/**
 * The room that a part takes, in columns from where it begins (`first`, `hang`) or from the indentation that its
 * continuation lines have (`rest`).
 */
interface Extent {
  readonly first: number;
  readonly hang: number;
  readonly rest: number;
  /** Width of the last line, from the beginning or from the indentation. */
  readonly last: number;
  readonly lastFrom: 'begin' | 'indent';
  readonly lines: boolean;
}

const nothing = Number.NEGATIVE_INFINITY;
const oneLine = (width: number): Extent => ({
  first: width,
  hang: nothing,
  rest: nothing,
  last: width,
  lastFrom: 'begin',
  lines: false,
});
const lineBreak: Extent = { first: 0, hang: nothing, rest: 0, last: 0, lastFrom: 'indent', lines: true };

/** @param broken whether groups are taken as broken though they could be on one line */
function extentOf(doc: Doc, broken: boolean): Extent {
  if (broken) {
    doc.tight ??= measure(doc, true);
    return doc.tight;
  }
  doc.loose ??= measure(doc, false);
  return doc.loose;
}

function measure(doc: Doc, broken: boolean): Extent {
  switch (doc.kind) {
    case 'text':
      return oneLine(widthOfLast(doc.text));
    case 'break':
    case 'comment':
      return lineBreak;
    case 'group':
      return broken ? extentOf(doc.doc, true) : oneLine(doc.flat);
    case 'either':
      return extentOf(narrowOf(doc), broken);
    case 'nest': {
      const inner = extentOf(doc.doc, broken);
      const { by } = doc;
      if (by === 'align') {
        return { ...inner, hang: Math.max(inner.hang, inner.rest), rest: nothing, lastFrom: 'begin' };
      }
      return { ...inner, rest: inner.rest + by, last: inner.lastFrom === 'indent' ? inner.last + by : inner.last };
    }
    case 'concat':
      return sequence(doc.parts.map((part) => extentOf(part, broken)));
  }
}

function sequence(parts: readonly Extent[]): Extent {
  let [first, hang, rest, last] = [0, nothing, nothing, 0];
  let lastFrom: Extent['lastFrom'] = 'begin';
  let lines = false;
  for (const part of parts) {
    if (!lines) first = last + part.first;
    const reach = last + Math.max(part.first, part.hang);
    if (lastFrom === 'indent') rest = Math.max(rest, reach);
    else hang = Math.max(hang, reach);
    rest = Math.max(rest, part.rest);
    if (part.lines && part.lastFrom === 'indent') {
      last = part.last;
      lastFrom = 'indent';
    } else {
      last += part.last;
    }
    lines ||= part.lines;
  }
  return { first, hang, rest, last, lastFrom, lines };
}

/** Lays a document out in lines that begin at a column, none wider than `width` if there is a way. */
export function render(doc: Doc, column: number, width: number): Line[] {
  if (column + doc.flat <= width) return [{ text: ' '.repeat(column) + onOneLine(doc).trimStart() }];
  return new Renderer(column, width).run(doc);
}

/** What most statements are. */
function onOneLine(doc: Doc): string {
  let written = '';
  const stack = [doc];
  while (stack.length > 0) {
    const part = stack.pop()!;
    if (part.kind === 'text') written += spaced(part.text, written);
    else if (part.kind === 'break') written += part.text;
    else if (part.kind === 'concat') for (let i = part.parts.length - 1; i >= 0; i--) stack.push(part.parts[i]!);
    else if (part.kind === 'either') stack.push(part.wide);
    else if (part.kind !== 'comment') stack.push(part.doc);
  }
  return written;
}

/** A comment has a space before it, but for one at the beginning of brackets. */
const spaced = (content: string, before: string): string =>
  content.startsWith(' /*') && /[\s([]$/.test(before) ? content.slice(1) : content;

class Renderer {
  private readonly lines: Line[] = [];
  private readonly docs: Doc[] = [];
  private readonly indents: number[] = [];
  private readonly flats: boolean[] = [];
  private written = '';
  /** How many columns of `written` are its indentation. */
  private margin: number;
  private column: number;
  private comments = '';
  /** Whether the line ended with a comment, so that a new one has to begin before anything else. */
  private ended = false;

  constructor(
    private readonly start: number,
    private readonly width: number,
  ) {
    this.column = start;
    this.margin = start;
    this.written = ' '.repeat(start);
  }

  run(doc: Doc): Line[] {
    this.push(doc, this.start, false);
    while (this.docs.length > 0) this.step(this.docs.pop()!, this.indents.pop()!, this.flats.pop()!);
    this.finish();
    return this.lines;
  }

  private push(doc: Doc, indentation: number, flat: boolean): void {
    this.docs.push(doc);
    this.indents.push(indentation);
    this.flats.push(flat);
  }

  private step(doc: Doc, indentation: number, flat: boolean): void {
    switch (doc.kind) {
      case 'text':
        this.write(doc.text, indentation);
        return;
      case 'break':
        if (flat) this.write(doc.text, indentation);
        else if (doc.next && !this.ended && this.fits(this.column + 1 + doc.next.flat, 1))
          this.write(doc.text, indentation);
        else this.newLine(indentation);
        return;
      case 'comment':
        this.writeComment(doc, indentation);
        return;
      case 'concat':
        for (let i = doc.parts.length - 1; i >= 0; i--) this.push(doc.parts[i]!, indentation, flat);
        return;
      case 'nest':
        if (doc.by !== 'align') this.push(doc.doc, indentation + doc.by, flat);
        else this.push(doc.doc, this.at(indentation), flat);
        return;
      case 'group':
        this.push(doc.doc, indentation, flat || this.fits(this.at(indentation) + doc.flat));
        return;
      case 'either':
        this.push(flat || this.fitsAll(doc, indentation) ? doc.wide : narrowOf(doc), indentation, flat);
    }
  }

  /** The column at which the next text will stand. */
  private at(indentation: number): number {
    return this.ended ? indentation : this.column;
  }

  /** Whether what follows on the line ends within the width, if it begins at `column`. */
  private fits(column: number, skip = 0): boolean {
    return column <= this.width && column + this.following(this.width - column, skip) <= this.width;
  }

  private fitsAll(doc: Either, indentation: number): boolean {
    const begin = this.at(indentation);
    const { first, hang, rest, last, lastFrom } = extentOf(doc.wide, doc.broken);
    if (Math.max(begin + first, begin + hang, indentation + rest) > this.width) return false;
    return this.fits(last + (lastFrom === 'begin' ? begin : indentation));
  }

  /**
   * How wide the text is that follows up to the first place where a line may end; looks no further than `most`.
   *
   * @param skip how many parts to leave out
   */
  private following(most: number, skip: number): number {
    let total = 0;
    for (let i = this.docs.length - 1 - skip; i >= 0 && total <= most; i--) {
      const doc = this.docs[i]!;
      if (this.flats[i]) {
        total += doc.flat;
      } else {
        const { first, lines } = extentOf(doc, true);
        total += first;
        if (lines) return total;
      }
    }
    return total;
  }

  private write(content: string, indentation: number): void {
    if (content === '') return;
    // A comma goes with what it follows, in front of a comment.
    if (this.ended && !(content === ',' && this.comments !== '')) this.newLine(indentation);
    if (this.written.length === this.margin) content = content.trimStart();
    else content = spaced(content, this.written);
    this.written += content;
    this.column = widthOfLast(content) === content.length ? this.column + content.length : widthOfLast(content);
  }

  private writeComment(doc: Comment, indentation: number): void {
    if (doc.own || this.ended) {
      if (this.written.length > this.margin || this.comments !== '') this.newLine(indentation);
      this.written += doc.text;
    } else {
      this.comments = doc.text;
    }
    this.ended = true;
  }

  private newLine(indentation: number): void {
    this.finish();
    this.written = ' '.repeat(indentation);
    this.margin = indentation;
    this.column = indentation;
    this.ended = false;
  }

  private finish(): void {
    const content = this.written.trimEnd();
    if (content === '' && this.comments === '') return;
    this.lines.push(this.comments === '' ? { text: content } : { text: content, comment: this.comments });
    this.comments = '';
  }
}

/** Width of a text behind its last line break. */
function widthOfLast(content: string): number {
  return content.length - 1 - Math.max(content.lastIndexOf('\n'), content.lastIndexOf('\r'));
}
