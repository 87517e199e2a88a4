/** How far a spec may expand. Each limit has its own diagnostic; all are far beyond any network in the literature. */
export const limits = {
  /** Tensor operators in a network, and cells in a grid. */
  nodes: 20_000,
  /** Items of one list. */
  list: 10_000,
  /** Blocks inside blocks. */
  recursion: 200,
  /** Expressions evaluated and list items made, in all. */
  steps: 2_000_000,
  /** Nesting of one expression as it is written. */
  expression: 400,
  /** Lists inside lists. */
  lists: 32,
  /** Expressions being evaluated at one time, through cells and blocks; keeps the evaluator off the end of the stack. */
  nesting: 1_000,
  /** What a cell, head or `let` adds to that nesting, for the room it takes on the stack. */
  forcing: 2,
  /** An integer argument of an operator: a kernel, a stride, channels. */
  argument: 1 << 20,
  /** A dimension of an input. */
  dimension: 1 << 24,
} as const;
