import type { SpecTree } from '../../grammar/index.js';

/** A tree as text, without the places where its parts stand. */
export const withoutSpans = (tree: SpecTree): string =>
  JSON.stringify(tree, (key, value: unknown) => (key === 'span' ? undefined : value));
