import fc from 'fast-check';
import { describe, test } from 'vitest';
import { isCode } from '../../compiler/diagnostics/index.js';
import { format, load } from '../../compiler/index.js';
import { analyse, hints, outline, semanticTokens } from '../../language/index.js';
import { networkSpecs } from '../../testing/index.js';
import { cases } from '../cases.js';
import { presets, tokensOf } from './deletion.js';

const valid = fc.oneof(fc.constantFrom(...presets.map((p) => p.text)), networkSpecs());

/** Words of every kind, those of other languages included. */
const words = [
  ...'network param let input block grid head output expect train import in when if then else for and or not true at'.split(
    ' ',
  ),
  ...'{ } ( ) [ ] = , : |> .. + - * / % ^ == < <= 0 1 4 0.5 1e308 9007199254740993 256x256 "s" X i S image conv last # ; & $'.split(
    ' ',
  ),
];

const edit = fc.record({
  kind: fc.constantFrom('delete', 'insert', 'swap', 'bytes'),
  at: fc.nat(),
  other: fc.nat(),
  word: fc.constantFrom(...words),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

/** Tokens are counted in the text as it is when the edit is made. */
function mutate(text: string, { kind, at, other, word, bytes }: Edit): string {
  const tokens = tokensOf(text);
  if (kind === 'bytes' || tokens.length === 0) {
    const place = at % (text.length + 1);
    return text.slice(0, place) + String.fromCharCode(...bytes) + text.slice(place + (other % 4));
  }
  const a = tokens[at % tokens.length]!;
  const b = tokens[other % tokens.length]!;
  const [first, second] = a.start <= b.start ? [a, b] : [b, a];
  const of = ({ start, end }: typeof a): string => text.slice(start, end);
  if (kind === 'delete') return text.slice(0, a.start) + text.slice(a.end);
  if (kind === 'insert') return `${text.slice(0, a.start)}${word} ${text.slice(a.start)}`;
  if (first === second) return text;
  return (
    text.slice(0, first.start) + of(second) + text.slice(first.end, second.start) + of(first) + text.slice(second.end)
  );
}

const mutated = fc
  .tuple(valid, fc.array(edit, { minLength: 1, maxLength: 4 }))
  .map(([text, edits]) => edits.reduce(mutate, text));

describe('any mutation of a valid spec', () => {
  test('gives diagnostics or a network, and never an exception', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const { network, diagnostics } = load(text);
        const errors = diagnostics.filter((d) => d.severity === 'error');
        if ((network === null) !== errors.length > 0) throw new Error(`${errors.length} errors, network: ${!!network}`);
        for (const { code, message, span, hints, related } of diagnostics) {
          if (!isCode(code)) throw new Error(`${code} has no page`);
          if (/undefined|NaN|\[object|\n/.test([message, ...hints].join(' '))) throw new Error(message);
          // Those in the standard library are of another text.
          const places = [span, ...related.map((r) => r.span)].filter(({ file }) => file === undefined);
          for (const { start, end } of places)
            if (!(0 <= start.offset && start.offset <= end.offset && end.offset <= text.length))
              throw new Error(`${code} at ${start.offset}..${end.offset} of ${text.length}`);
        }
      }),
      cases(300),
    );
  });

  test('can be formatted and shown in an editor', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        format(text);
        const analysis = analyse(text);
        semanticTokens(analysis);
        hints(analysis);
        outline(analysis);
      }),
      cases(150),
    );
  });
});
