/** What the parser takes on; beyond a limit it reports a diagnostic and goes on, it does not run out of stack or time. */
export const limits = {
  /** Length of a text, in UTF-16 code units. */
  file: 256 * 1024,
  /** Brackets and `if`s inside each other. */
  nesting: 200,
  /** Height of an expression's tree, which a chain of operators adds to as well. */
  height: 1_000,
  /** Mistakes reported for one text. */
  mistakes: 100,
} as const;
