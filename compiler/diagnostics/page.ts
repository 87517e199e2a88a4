import type { Severity } from '../../grammar/diagnostic.js';

/** A little spec, and the command that is to be run on it. */
export interface Example {
  /** `unetc check spec.unet` */
  readonly command: string;
  /** spec.unet, and what it imports. A file with `times` (`n = 1..101`) stands for as many, a number for each `{n}`. */
  readonly files: readonly { readonly name: string; readonly times?: string; readonly text: string }[];
}

/** What a file of docs/diagnostics says about one kind of mistake. */
export interface Page {
  readonly severity: Severity;
  /** What it is about: `text`, `names and values`, `training`. */
  readonly stage: string;
  /** A few words: the heading of the page. */
  readonly title: string;
  /** What the message means. */
  readonly what: string;
  /** Why it is a mistake, or why it looks like one. */
  readonly why: string;
  /** The way out. */
  readonly fix: string;
  /** The messages it gives, with what they are told in braces (scripts/wording.mjs). */
  readonly says: readonly string[];
  /** An example that gives this diagnostic and no other. */
  readonly wrong: Example;
  /** The same example corrected: it gives no diagnostic. */
  readonly right: Example;
}
