import type { SpecTree } from '../../grammar/index.js';

/** A tree as text, without the places where its parts stand. */
export const withoutSpans = (tree: SpecTree): string =>
  JSON.stringify(tree, (key, value: unknown) => (key === 'span' ? undefined : value));

/** The comments of a text without mistakes, in order. */
export function commentsOf(text: string): string[] {
  const found = text.matchAll(/"(?:[^"\\\r\n]|\\.)*"|\/\/[^\r\n]*|\/\*[\s\S]*?\*\//g);
  return [...found].map(([image]) => image).filter((image) => !image.startsWith('"'));
}
