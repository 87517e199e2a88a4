import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from '../../grammar/index.js';
import { cases } from '../cases.js';
import { example } from './example.js';
import { badSpans } from './spans.js';

/** What holds for the result of parsing any text at all. */
function check(text: string): void {
  const { tree, diagnostics } = parse(text);
  expect(badSpans(tree, text.length)).toEqual([]);
  let last = 0;
  for (const { span, code, severity, message, hints } of diagnostics) {
    const { start, end } = span;
    const ok = last <= start.offset && start.offset <= end.offset && end.offset <= text.length;
    if (!ok) throw new Error(`${code} ${message}: ${start.offset}..${end.offset} after ${last}, in ${text.length}`);
    if (start.line < 1 || start.column < 1 || end.line < start.line)
      throw new Error(`${code}: ${JSON.stringify(span)}`);
    last = start.offset;
    expect(severity).toBe('error');
    expect(hints).toHaveLength(1);
    expect(message).not.toMatch(/undefined|NaN|\n/);
  }
  if (diagnostics.length === 0) expect(JSON.stringify(tree)).not.toContain('"missing"');
}

const words = example.match(/\/\/.*|"[^"]*"|\w+|\|>|\.\.|\s+|[^\s\w]/g)!;
const vocabulary = [
  ...'network param let input block grid head output expect train in when if then else for and or not true false at import'.split(
    ' ',
  ),
  ...'{ } ( ) [ ] = , : |> .. + - * / % ^ == != < <= > >= 1 0.5 3e-4 256x256 "s" X i j f \n \n // /* */ " \' $ # ; && 3px é'.split(
    ' ',
  ),
];

describe('parse never throws, and its spans nest and lie in the text', () => {
  test('on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => check(String.fromCharCode(...bytes))),
      cases(2_000),
    );
  });

  test('on random Unicode, lone surrogates included', () => {
    const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 32, max: 126 }));
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 100 }), (units) => check(String.fromCharCode(...units))),
      cases(2_000),
    );
  });

  test('on any sequence of words of the language', () => {
    const soup = fc.array(fc.constantFrom(...vocabulary), { maxLength: 80 });
    const frames = [
      '# ',
      'network A { #',
      'network A { grid X[i in 0..3] { #',
      'network A { block B(x) { #',
      'train { #',
      'network A { let a = f(#',
    ];
    fc.assert(
      fc.property(soup, fc.constantFrom(...frames), (parts, frame) => check(frame.replace('#', () => parts.join(' ')))),
      cases(3_000),
    );
  });

  test('on the example with words removed, doubled, swapped and put in', () => {
    const at = fc.nat({ max: words.length - 1 });
    const edit = fc.tuple(
      fc.constantFrom('remove', 'double', 'swap', 'insert'),
      at,
      at,
      fc.constantFrom(...vocabulary),
    );
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
        const text = [...words];
        for (const [kind, i, j, word] of edits) {
          if (kind === 'remove') text[i] = '';
          else if (kind === 'double') text[i] = `${text[i]} ${text[i]}`;
          else if (kind === 'swap') [text[i], text[j]] = [text[j]!, text[i]!];
          else text[i] = `${text[i]} ${word} `;
        }
        check(text.join(''));
      }),
      cases(1_000),
    );
  });

  test('on every beginning of the example', () => {
    for (let i = 0; i <= example.length; i++) check(example.slice(0, i));
  });

  test('on a file of the largest size made of one thing', () => {
    for (const unit of [
      '(',
      'f(x: [',
      'if a then b else ',
      '1+',
      '- ',
      '2^',
      'x|>',
      '}',
      '{ ',
      'let a ',
      '"',
      "'",
      '$',
      'X[',
      'x[0]=',
      '#\n',
      '\0',
      '_1 ',
      '1_',
    ]) {
      for (const frame of ['network A { let a = ', 'network A { grid X[i in 0..3] {']) {
        const text = (frame + unit.repeat(256 * 1024)).slice(0, 256 * 1024);
        expect(parse(text).diagnostics.length).toBeLessThanOrEqual(101);
      }
    }
  });
});

test('one word too many or too few leaves most of the example as it is', () => {
  // Recovery: one removed word costs a few messages at most and no more than two items of the network.
  const whole = parse(example).tree.networks[0]!.items.length;
  for (let i = 0; i < words.length; i++) {
    if (/^\s|^\/\//.test(words[i]!)) continue;
    const { tree, diagnostics } = parse(words.filter((_, j) => j !== i).join(''));
    const kept = tree.networks.reduce((sum, network) => sum + network.items.length, 0);
    const context = `without ${words[i]} at ${words.slice(0, i).join('').length}: ${diagnostics.map((d) => d.message).join('; ')}`;
    if (words[i] !== 'network') expect(kept, context).toBeGreaterThanOrEqual(whole - 2);
    expect(diagnostics.length, context).toBeLessThanOrEqual(3);
  }
});

test('the same text gives the same result, whatever was parsed before', () => {
  const before = JSON.stringify(parse(example));
  parse('network A { let a = ((((');
  parse(`network A { let a = ${'('.repeat(500)}`);
  expect(JSON.stringify(parse(example))).toBe(before);
});
