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
}

/** Collects diagnostics; a stage receives one and goes on as far as it can. */
export interface Report {
  add(diagnostic: Diagnostic): void;
}

export const nowhere: Span = {
  start: { line: 1, column: 1, offset: 0 },
  end: { line: 1, column: 1, offset: 0 },
};
