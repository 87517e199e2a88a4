import { describe, expect, test } from 'vitest';
import { parse } from '../../grammar/index.js';
import { example } from './example.js';
import { show } from './show.js';

/** The one mistake of a text: its code, the text that it points at, and its message. */
function only(text: string): { code: string; at: string; message: string; hints: readonly string[]; offset: number } {
  const { diagnostics } = parse(text);
  expect(diagnostics.map((d) => `${d.code}: ${d.message}`)).toHaveLength(1);
  const { code, message, span, hints } = diagnostics[0]!;
  return { code, at: text.slice(span.start.offset, span.end.offset), message, hints, offset: span.start.offset };
}

test('a comment that hides a closing bracket is named: `//` divides in other languages', () => {
  const { code, hints } = only('network N { let a = conv(x, c // 2)\n let b = 1 }');
  expect([code, ...hints]).toEqual([
    'unclosed-bracket',
    '`//` begins a comment, and `)` stands in it; to divide, write `/`',
  ]);
  expect(only('network N { let a = f(1 // one\n let b = 1 }').hints).toEqual(['add `)`']);
});

describe('one mistake is reported once, with the smallest span', () => {
  const inNetwork: [text: string, code: string, at: string, message: string][] = [
    ['let a = x |> }', 'syntax', '}', 'expected an expression after `|>`, found `}`'],
    ['let a = 1 +\n let b = 2 }', 'syntax', '+', 'expected an expression after `+`, found `let`'],
    ['let a = [1, , 2] }', 'syntax', ',', 'expected an expression after `,`, found `,`'],
    ['let a = x |> |> f }', 'syntax', '|>', 'expected an expression after `|>`, found `|>`'],
    ['param = 3 }', 'syntax', '=', 'expected a name after `param`, found `=`'],
    ['param x 3 }', 'syntax', '3', 'expected `=` after `x`, found `3`'],
    ['param x: 3 }', 'syntax', ':', 'expected `=` after `x`, found `:`'],
    ['param grid = 3 }', 'keyword-as-name', 'grid', '`grid` is a keyword and cannot be a name'],
    ['let a = input |> f }', 'keyword-as-name', 'input', '`input` is a keyword and cannot be a name'],
    ['parm x = 3 }', 'syntax', 'parm', '`parm` is no keyword'],
    ['let a = conv(x, kernel = 3) }', 'syntax', '=', 'expected `:` after `kernel`, found `=`'],
    ['let a = f(1 2) }', 'syntax', '2', 'expected `,` or `)` after `1`, found `2`'],
    ['let a = (1 + 2\n let b = 3 }', 'unclosed-bracket', '(', 'this `(` is never closed'],
    ['let a = f(1] }', 'stray-bracket', ']', 'expected `)` to close `(`, found `]`'],
    ['let a = [f(1] }', 'unclosed-bracket', '(', 'this `(` is never closed'],
    ['let a = f(1)) }', 'stray-bracket', ')', 'this `)` closes nothing'],
    ['let a = 1 2 }', 'syntax', '2', 'expected an operator or the next item, found `2`'],
    ['let a = a < b < c }', 'operator-chain', '<', 'comparisons cannot be chained'],
    ['let a = 0..2..4 }', 'operator-chain', '..', 'a range has two ends, this is a third'],
    ['let a = x |> f + y }', 'pipe-target', 'f + y', 'expected an operator or a block after `|>`, found `f + y`'],
    ['let a = x |> X[0] }', 'pipe-target', 'X[0]', 'expected an operator or a block after `|>`, found `X[0]`'],
    ['let a = f(1)(2) }', 'call-target', '(', 'only a name can be called'],
    ['let a = if x then 1 }', 'syntax', '}', 'expected `else` after `1`, found `}`'],
    ['let a = if x = 1 then 1 else 2 }', 'syntax', '=', 'expected `then` after `x`, found `=`'],
    ['let a = 256x256 }', 'syntax', '256x256', '`256x256` is a size, which only stands after `at`'],
    ['let a = 3px }', 'bad-number', '3px', '`3px` is not a number'],
    ['let a = 1_000_ }', 'bad-number', '1_000_', '`1_000_` is not a number'],
    [
      'let a = 9007199254740992 }',
      'bad-number',
      '9007199254740992',
      'this int is beyond 2^53 - 1, the largest that is exact',
    ],
    ['let a = 1e999 }', 'bad-number', '1e999', 'this float is beyond the largest there is, 1.8e308'],
    ['let a = x $ }', 'unexpected-character', '$', 'the character `$` has no meaning here'],
    ['let a = 3; let b = 4 }', 'unexpected-character', ';', 'the character `;` has no meaning here'],
    ['let größe = 3 }', 'unexpected-character', 'öß', '`öß` cannot be part of a name'],
    ['let a = b && c }', 'unexpected-character', '&&', '`&&` is not an operator'],
    ['# a comment\n let a = 3 }', 'unexpected-character', '#', '`#` begins no comment here'],
    ['let a = f("x, y)\n let b = 3 }', 'unterminated-string', '"x, y)', 'this string is not closed on its line'],
    ['let a = "\\q" }', 'bad-escape', '\\q', '`\\q` stands for nothing in a string'],
    ['block B(x) { } }', 'syntax', '}', 'expected an expression after `{`, found `}`'],
    ['block B(x) { x |> f y |> g } }', 'body-result', 'y', 'another expression follows the final expression of a body'],
    ['block B(x) { x\n head S = 1 }', 'unclosed-bracket', '{', 'the `{` of the body is never closed'],
    ['grid X[i in 0..3 { X[i] = x } }', 'unclosed-bracket', '[', 'this `[` is never closed'],
    ['grid X[i 0..3] { X[i] = x } }', 'syntax', '0', 'expected `in` after `i`, found `0`'],
    ['grid X[i in 0..3] { X[0] = x\n head S = X[0] }', 'unclosed-bracket', '{', 'the `{` of the grid is never closed'],
    ['grid X[i in 0..3] { X[0] x } }', 'syntax', 'x', 'expected `=` after `]`, found `x`'],
    ['grid X[i in 0..3] { X[0] = f(x\n X[i] = y } }', 'unclosed-bracket', '(', 'this `(` is never closed'],
    ['output m { fast } }', 'syntax', '}', 'expected `=` after `fast`, found `}`'],
    ['expect macs at = 3 }', 'syntax', '=', 'expected a level or a size after `at`, found `=`'],
    ['expect macs at L1 at L2 = 3 }', 'syntax', 'L2', 'a second level for one `expect`'],
    ['input x: f32[N, H W] }', 'syntax', 'W', 'expected `,` or `]` after `H`, found `W`'],
    [
      'import "blocks.unet" }',
      'import-place',
      'import "blocks.unet"',
      'an `import` belongs to the file, not to a network',
    ],
  ];
  test.each(inNetwork)('%s', (text, code, at, message) => {
    const found = only(`network A { ${text}`);
    expect(found).toMatchObject({ code, at, message });
    expect(found.hints).toHaveLength(1);
  });

  const whole: [text: string, code: string, at: string, offset: number][] = [
    ['network A { param x = 1', 'unclosed-bracket', '{', 10],
    ['network A { param x = 1 }\n}', 'stray-bracket', '}', 26],
    ['network A { param x = 1 } }\n param y = 2\n}', 'stray-bracket', '}', 26],
    ['network A { grid X[i in 0..1] { X[i] = a } }\n head S = X[0] }', 'outside-network', 'head', 46],
    ['param x = 1', 'outside-network', 'param', 0],
    ['netwrk A { param x = 1 }', 'syntax', 'netwrk', 0],
    ['hello', 'syntax', 'hello', 0],
    ['network A { /* ', 'unterminated-comment', '/*', 12],
    ['train { a = 1 b }', 'syntax', '}', 16],
    ['train { a = 1 2 b = 3 }', 'syntax', '2', 14],
  ];
  test.each(whole)('%s', (text, code, at, offset) => {
    const { diagnostics } = parse(text);
    const d = diagnostics[0]!;
    expect([d.code, text.slice(d.span.start.offset, d.span.end.offset), d.span.start.offset]).toEqual([
      code,
      at,
      offset,
    ]);
  });
});

test('every mistake of a file is reported and the rest is parsed', () => {
  const text = `network A {
  param width = [32, 64,, 128]
  let a = 1 +
  input image: f32[N, 1 H, W]
  block Good(x) { x |> relu }
  grid X[i in 0..3, j in 0..3] {
    X[0, 0] = image |> conv(3
    X[1, 0] = image |> |> Good
    junk
    X[i, j] = X[i, 0]
  }
  head S = X[0, 0] |> f + 1
  output mask { accurate : mean(S) fast = last(S) }
}
train { loss = bce batch 16 epochs = 3 }`;
  const { tree, diagnostics } = parse(text);
  expect(diagnostics.map((d) => `${d.span.start.line} ${d.code}`)).toEqual([
    '2 syntax',
    '3 syntax',
    '4 syntax',
    '7 unclosed-bracket',
    '8 syntax',
    '9 syntax',
    '12 pipe-target',
    '13 syntax',
    '15 syntax',
  ]);
  const { items } = tree.networks[0]!;
  expect(items.map((item) => item.kind)).toEqual(['param', 'let', 'input', 'block', 'grid', 'head', 'output']);
  const [param, , , , grid, , output] = items;
  if (param?.kind !== 'param' || grid?.kind !== 'grid' || output?.kind !== 'output') throw new Error('other items');
  expect(show(param.value)).toBe('[32 64 ? 128]');
  expect(grid.rules.map((rule) => `${rule.patterns.map(show).join()}: ${show(rule.body.result)}`)).toEqual([
    '0,0: (image |> conv(3))',
    '1,0: (? |> Good())',
    'i,j: X[i 0]',
  ]);
  expect(output.modes.map((mode) => mode.name.text)).toEqual(['accurate', 'fast']);
  expect(tree.trains[0]!.settings.map((s) => `${s.name.text} ${show(s.value)}`)).toEqual([
    'loss bce',
    'batch 16',
    'epochs 3',
  ]);
});

test('messages do not speak of tokens, and end without a full stop', () => {
  for (let i = 0; i < example.length; i += 7) {
    for (const d of parse(example.slice(0, i)).diagnostics) {
      for (const text of [d.message, ...d.hints])
        expect(text).not.toMatch(/[Tt]oken|Identifier|LeftBr|RightBr|\.$|undefined|NaN/);
    }
  }
});

describe('limits', () => {
  const nested = (n: number): string => `network A { let a = ${'('.repeat(n)}1${')'.repeat(n)} let b = 2 }`;

  test('brackets nest 200 deep and no deeper', () => {
    expect(parse(nested(200)).diagnostics).toEqual([]);
    expect(only(nested(201)).code).toBe('limit-depth');
    expect(only(nested(100_000)).code).toBe('limit-depth');
    expect(parse(nested(100_000)).tree.networks[0]!.items).toHaveLength(2);
  });

  test('chains of operators are 1,000 high and no higher', () => {
    expect(parse(`network A { let a = 1${' + 1'.repeat(999)} }`).diagnostics).toEqual([]);
    expect(only(`network A { let a = 1${' + 1'.repeat(1_500)} }`).code).toBe('limit-depth');
  });

  test('a file has 256 Ki characters', () => {
    expect(parse(`//${'x'.repeat(256 * 1024 - 2)}`).diagnostics).toEqual([]);
    expect(only(`//${'x'.repeat(256 * 1024 - 1)}`).code).toBe('limit-file');
  });

  test('a hundred mistakes are listed', () => {
    const { diagnostics } = parse('network A { '.concat('let = 1 '.repeat(500), '}'));
    expect(diagnostics).toHaveLength(101);
    expect(diagnostics.at(-1)!.code).toBe('limit-mistakes');
  });
});
