import type { SpecTree } from '../../grammar/index.js';

interface Spanned {
  readonly span: { readonly start: { readonly offset: number }; readonly end: { readonly offset: number } };
}

const isSpanned = (value: object): value is Spanned => 'span' in value;

/** What is wrong with the spans of a tree: each must lie in the text and in the span of the node around it. */
export function badSpans(tree: SpecTree, length: number): string[] {
  const bad: string[] = [];
  const visit = (value: unknown, from: number, to: number, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!Array.isArray(value) && isSpanned(value)) {
      const { start, end } = value.span;
      if (!(from <= start.offset && start.offset <= end.offset && end.offset <= to)) {
        bad.push(`${path}: ${start.offset}..${end.offset} is not in ${from}..${to}`);
      }
      from = start.offset;
      to = end.offset;
    }
    for (const [key, part] of Object.entries(value)) {
      if (key !== 'span') visit(part, from, to, `${path}.${key}`);
    }
  };
  visit(tree, 0, length, 'spec');
  return bad;
}
