import type { Severity } from '../../grammar/diagnostic.js';

/** What the catalogue knows about one kind of mistake. */
export interface Page {
  readonly severity: Severity;
  /** A few words: the heading of the page. */
  readonly title: string;
  /** What the message means. */
  readonly what: string;
  /** Why it is a mistake, or why it looks like one. */
  readonly why: string;
  /** The way out. */
  readonly fix: string;
  /** The mistake and its correction in a few lines of a spec. */
  readonly example?: string;
}
