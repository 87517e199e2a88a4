import type { Page } from '../page.js';

/** A spec may not expand without bound. */
export const limitPages = {
  'limit-nodes': {
    severity: 'error',
    title: 'more than 20 000 nodes or cells',
    what: 'The spec expands to more tensor operators, or a grid to more cells, than the compiler takes.',
    why: 'A spec is evaluated when it is compiled, so a slip in a range could otherwise use up all memory.',
    fix: 'Make the range smaller; a network of this size is hardly meant.',
  },
  'limit-list': {
    severity: 'error',
    title: 'a list of more than 10 000 items',
    what: 'A range, comprehension or slice would have more items than the compiler takes.',
    why: 'Lists are written out when the spec is compiled.',
    fix: 'Make the range smaller.',
  },
  'limit-recursion': {
    severity: 'error',
    title: 'blocks call each other more than 200 deep',
    what: 'A block calls itself, directly or through others, and does not stop.',
    why: 'Blocks are expanded when the spec is compiled; one without an end would never be done.',
    fix: 'Give the block a case that does not call it: `if n == 0 then x else ...`. A `let` is evaluated before the `if` below it.',
    example: 'block Stage(x, n) {\n  if n == 0 then x else x |> conv(64) |> relu |> Stage(n - 1)\n}',
  },
  'limit-steps': {
    severity: 'error',
    title: 'the evaluation takes more than 2 000 000 steps',
    what: 'Evaluating the spec did not end within the allowed number of steps.',
    why: 'Compiling always ends, whatever the spec says; this is what guarantees it.',
    fix: 'Look for a comprehension inside a comprehension, or a block that calls itself twice.',
  },
  'limit-nesting': {
    severity: 'error',
    title: 'expressions nested too deep',
    what: 'An expression, or a chain of cells that each wait for the next, is nested deeper than the compiler follows.',
    why: 'Each level needs memory of the compiler; the limit keeps it from running out.',
    fix: 'Name parts with `let`, or move them into a block; let a long chain of cells run from low indices to high.',
  },
} as const satisfies Readonly<Record<string, Page>>;
