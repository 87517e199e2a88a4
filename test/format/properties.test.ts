import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { format } from '../../grammar/format/index.js';
import { parse } from '../../grammar/index.js';
import { randomSpecs } from './random-spec.js';
import { withoutSpans } from './trees.js';

const runs = { numRuns: 10_000 };
const width = 88;

/** The comments of a text without mistakes, in order. */
function commentsOf(text: string): string[] {
  const found = text.matchAll(/"(?:[^"\\\r\n]|\\.)*"|\/\/[^\r\n]*|\/\*[\s\S]*?\*\//g);
  return [...found].map(([image]) => image).filter((image) => !image.startsWith('"'));
}

describe('any well-formed spec', () => {
  test('keeps its tree and its comments, and its canonical form is canonical', () => {
    fc.assert(
      fc.property(randomSpecs(), ({ text, comments }) => {
        const before = parse(text);
        expect(before.diagnostics.map((d) => d.message)).toEqual([]);
        const { text: once, kept } = format(text);
        expect(kept).toEqual([]);
        const after = parse(once);
        expect(after.diagnostics.map((d) => d.message)).toEqual([]);
        expect(withoutSpans(after.tree)).toBe(withoutSpans(before.tree));
        expect(commentsOf(once)).toEqual(comments);
        const again = format(once);
        if (again.text !== once) expect(again.text).toBe(once);
        expect(again.changed).toBe(false);
      }),
      runs,
    );
  });
});
