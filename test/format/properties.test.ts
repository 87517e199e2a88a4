import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Formatted, format, Memory } from '../../grammar/format/index.js';
import { parse } from '../../grammar/index.js';
import { cases } from '../cases.js';
import { commentsOf, withoutSpans } from './compare.js';
import { randomSpecs } from './random-spec.js';

const runs = cases(1_000);
const folder = fileURLToPath(new URL('../../specs/', import.meta.url));
/** The short ones: they have all that the long ones have. */
const presets = readdirSync(folder)
  .filter((name) => name.endsWith('.unet'))
  .map((name) => readFileSync(`${folder}${name}`, 'utf8'))
  .sort((a, b) => a.length - b.length)
  .slice(0, 4);

// `expect` is not used where a condition holds thousands of times: it is slow.
const mustEqual = (got: string, wanted: string): void => {
  if (got !== wanted) expect(got).toBe(wanted);
};

const memory = new Memory();

/** A text formatted; the same with all that is remembered of the texts before. */
function formatted(text: string): Formatted {
  const anew = format(text);
  mustEqual(JSON.stringify(format(text, memory)), JSON.stringify(anew));
  // Nearly the same text is what comes next where somebody is typing.
  const at = text.length >> 1;
  for (const typed of ['(', 'x', '// c\n']) {
    const next = text.slice(0, at) + typed + text.slice(at);
    mustEqual(JSON.stringify(format(next, memory)), JSON.stringify(format(next)));
  }
  return anew;
}

/** What holds for any spec without mistakes; answers its canonical form. */
function formatSound(text: string): string {
  const before = parse(text);
  if (before.diagnostics.length > 0) throw new Error(`not well-formed: ${before.diagnostics[0]!.message}`);
  const { text: canonical, kept, changed } = formatted(text);
  if (kept.length > 0) throw new Error('not all of it was formatted');
  if (changed !== (canonical !== text)) throw new Error(`changed is ${changed}`);
  const after = parse(canonical);
  mustEqual(after.diagnostics.map((d) => d.message).join(), '');
  mustEqual(withoutSpans(after.tree), withoutSpans(before.tree));
  mustEqual(format(canonical).text, canonical);
  if (/[ \t]\n|\n\n\n|^\n/.test(canonical)) throw new Error('blanks at the end of a line, or blank lines together');
  return canonical;
}

describe('any well-formed spec', () => {
  test('keeps its tree and its comments; its canonical form is its own', () => {
    fc.assert(
      fc.property(randomSpecs({ comments: true }), ({ text, comments }) => {
        mustEqual(commentsOf(formatSound(text)).join('\n'), comments.join('\n'));
      }),
      runs,
    );
  });

  test('fits in 88 columns, however it was laid out', () => {
    fc.assert(
      fc.property(randomSpecs({ comments: false }), ({ text }) => {
        const wide = format(text)
          .text.split('\n')
          .find((line) => line.length > 88);
        if (wide !== undefined) throw new Error(`${wide.length} columns: ${wide}`);
      }),
      runs,
    );
  });
});

const vocabulary = [
  ...'network param let input block grid head output expect train in when if then else for and or not at import'.split(
    ' ',
  ),
  ...'{ } ( ) [ ] = , : |> .. + - * / ^ == < 1 3e-4 256x256 "s" X i f \n // /* */ " \' $ # ; && 3px é \r \u2028'.split(
    ' ',
  ),
];
const wordsOf = (text: string): string[] => text.match(/\/\/.*|"[^"]*"|\w+|\|>|\.\.|\s+|[^\s\w]/g)!;
const edits = fc.array(
  fc.tuple(
    fc.constantFrom('remove', 'double', 'insert', 'byte'),
    fc.nat(),
    fc.constantFrom(...vocabulary),
    fc.nat({ max: 255 }),
  ),
  { minLength: 1, maxLength: 4 },
);

/** The characters of a text that formatting must not touch. */
const content = (text: string): string => text.replace(/[\s,()]/g, '');

describe('any text', () => {
  test('a preset with words and bytes removed and put in: nothing is lost, and what does not parse stays as it is', () => {
    const parts = presets.map((text) => wordsOf(text));
    fc.assert(
      fc.property(fc.constantFrom(...parts), edits, fc.boolean(), (preset, changes, squeezed) => {
        const words = [...preset];
        for (const [kind, at, word, byte] of changes) {
          const i = at % words.length;
          if (kind === 'remove') words[i] = '';
          else if (kind === 'double') words[i] = `${words[i]} ${words[i]}`;
          else words[i] += kind === 'insert' ? ` ${word} ` : String.fromCharCode(byte);
        }
        const text = squeezed ? words.join('').replace(/\n\s+/g, '\n') : words.join('');
        const { text: written, kept } = formatted(text);
        mustEqual(content(written), content(text));
        for (const { start, end } of kept) {
          const left = text.slice(start.offset, end.offset);
          if (!written.includes(left)) throw new Error(`changed: ${left}`);
          // The last resort, for faults of the formatter: all of the text, its last line break included.
          if (left === text && text.endsWith('\n')) throw new Error('given up');
        }
      }),
      runs,
    );
  });

  test('random text, lone surrogates included', () => {
    const unit = fc.oneof(fc.nat({ max: 0xffff }), fc.integer({ min: 32, max: 126 }));
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 60 }), (units) => {
        const text = String.fromCharCode(...units);
        mustEqual(content(format(text).text), content(text));
      }),
      runs,
    );
  });
});
