/** What the compiler has to say about a spec: never thrown, always collected. */

export interface Position {
  /** 1-based line. */
  readonly line: number;
  /** 1-based column, in UTF-16 code units. */
  readonly column: number;
  /** 0-based offset from the start of the file, in UTF-16 code units. */
  readonly offset: number;
}

/** A stretch of source text; `end` is exclusive. */
export interface Span {
  /** The imported file whose text it is of, by its path from the spec's folder (`lib/blocks.unet`, `std:blocks`); absent: the spec's own. */
  readonly file?: string;
  readonly start: Position;
  readonly end: Position;
}

/** Whether two spans are the same stretch of the same text. */
export const sameSpan = (a: Span, b: Span): boolean =>
  a.file === b.file && a.start.offset === b.start.offset && a.end.offset === b.end.offset;

export type Severity = 'error' | 'warning' | 'info';

/** A second place that explains the first: "the skip comes from here". */
export interface Related {
  readonly span: Span;
  readonly message: string;
}

/** A stretch of a text, empty for an insertion, and what is to stand there. */
export interface Edit {
  readonly span: Span;
  readonly text: string;
}

/** A change of the text that does what a hint says. */
export interface Fix {
  /** As an order: `replace with width`; lower case, no full stop. */
  readonly title: string;
  /** Of one file, not overlapping. */
  readonly edits: readonly Edit[];
  /** Whether it is almost certainly what was meant: `check --fix` makes these, an editor offers the others too. */
  readonly certain: boolean;
}

export interface Diagnostic {
  /** Stable name of the kind of mistake, a key of the catalogue: `unknown-name`. */
  readonly code: string;
  readonly severity: Severity;
  /** In the reader's own terms; lower case, no full stop. */
  readonly message: string;
  readonly span: Span;
  /** One thing to do, each. */
  readonly hints: readonly string[];
  readonly related: readonly Related[];
  /** Changes that would mend it, the likeliest first; absent where there are none. */
  readonly fixes?: readonly Fix[];
}

declare const words: unique symbol;

/** The words of a page of docs/diagnostics: no other text can be a message. */
export type Message = string & { readonly [words]: true };

/** A kind of diagnostic and its message. Only `say` (say.ts), which is made of the pages, makes them. */
export interface Said<C extends string = string> {
  readonly code: C;
  readonly message: Message;
}

/** Collects diagnostics; a stage receives one and goes on as far as it can. */
export interface Report {
  add(diagnostic: Diagnostic): void;
}

/** The fix that puts something in the place of a span. */
export const replace = (span: Span, text: string, certain: boolean, title = `replace with ${text}`): Fix => ({
  title,
  edits: [{ span, text }],
  certain,
});

/** The empty stretch behind a span, where something can be inserted. */
export const behind = ({ file, end }: Span): Span => ({ ...(file === undefined ? {} : { file }), start: end, end });

export const nowhere: Span = {
  start: { line: 1, column: 1, offset: 0 },
  end: { line: 1, column: 1, offset: 0 },
};
