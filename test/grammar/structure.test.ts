import { describe, expect, test } from 'vitest';
import { type NetworkItem, parse } from '../../grammar/index.js';
import { example } from './example.js';
import { expression, show } from './show.js';
import { badSpans } from './spans.js';

const first = <K extends NetworkItem['kind']>(text: string, kind: K): Extract<NetworkItem, { kind: K }> => {
  const { tree, diagnostics } = parse(`network A {\n${text}\n}`);
  expect(diagnostics.map((d) => d.message)).toEqual([]);
  return tree.networks[0]!.items.find((item): item is Extract<NetworkItem, { kind: K }> => item.kind === kind)!;
};

describe('the spec of the language page', () => {
  const { tree, diagnostics } = parse(example);
  const { items, name } = tree.networks[0]!;

  test('has no mistake', () => expect(diagnostics).toEqual([]));

  test('has its items in order', () => {
    expect(name.text).toBe('UNetPlusPlus');
    expect(items.map((item) => `${item.kind} ${'name' in item ? item.name.text : item.what.text}`)).toEqual([
      'param classes',
      'param width',
      'let depth',
      'input image',
      'block Conv2',
      'grid X',
      'head S',
      'output mask',
      'expect parameters',
      'expect parameters',
      'expect parameters',
    ]);
  });

  test('has the grid as written', () => {
    const grid = items[5]!;
    if (grid.kind !== 'grid') throw new Error(grid.kind);
    expect(grid.indices.map((index) => `${index.name.text} in ${show(index.range)}`)).toEqual([
      'i in (0 .. depth)',
      'j in (0 .. (depth - i))',
    ]);
    expect(
      grid.rules.map((rule) => `${rule.name.text}[${rule.patterns.map(show).join(' ')}] = ${show(rule.body.result)}`),
    ).toEqual([
      'X[0 0] = (image |> Conv2(width[0]))',
      'X[i 0] = ((X[(i - 1) 0] |> maxpool(2)) |> Conv2(width[i]))',
      'X[i j] = (concat(X[i (0 .. (j - 1))] (X[(i + 1) (j - 1)] |> conv_transpose(width[i] kernel:2 stride:2))) |> Conv2(width[i]))',
    ]);
  });

  test('has block, head and output as written', () => {
    const block = items[4]!;
    const head = items[6]!;
    const output = items[7]!;
    if (block.kind !== 'block' || head.kind !== 'head' || output.kind !== 'output') throw new Error('other items');
    expect(block.parameters.map((p) => p.name.text)).toEqual(['x', 'c']);
    expect(show(block.body.result)).toBe('((((x |> conv(c kernel:3)) |> relu()) |> conv(c kernel:3)) |> relu())');
    expect(show(head.body.result)).toBe('((X[0 j] |> conv(classes kernel:1)) |> sigmoid())');
    expect(output.modes.map((mode) => `${mode.name.text} = ${show(mode.value)}`)).toEqual([
      'accurate = mean(S)',
      'fast = last(S)',
    ]);
  });

  test('has its expectations', () => {
    const all = items.flatMap((item) =>
      item.kind === 'expect' ? [[item.level?.text, item.mode?.text, show(item.value)]] : [],
    );
    expect(all).toEqual([
      [undefined, undefined, '9041700'],
      ['L1', undefined, '100961'],
      ['L3', 'fast', '2204961'],
    ]);
  });

  test('has its settings, two of them on a line', () => {
    expect(tree.trains[0]!.settings.map((s) => `${s.name.text} = ${show(s.value)}`)).toEqual([
      'loss = ((0.5 * bce) + dice)',
      'optimizer = adam(lr:0.0003)',
      'schedule = cosine(warmup:1)',
      'batch = 16',
      'epochs = 50',
      'resize = [96 96]',
      'augment = [flip rotate90 brightness(0.1)]',
    ]);
  });

  test('has spans that are the text of their nodes', () => {
    expect(badSpans(tree, example.length)).toEqual([]);
    const written = (span: { start: { offset: number }; end: { offset: number } }): string =>
      example.slice(span.start.offset, span.end.offset);
    expect(written(items[2]!.span)).toBe('let depth = len(width) - 1');
    expect(written(items[10]!.span)).toBe('expect parameters at L3 in fast = 2_204_961');
    expect(written(tree.trains[0]!.settings[3]!.span)).toBe('batch = 16');
    expect(written(tree.networks[0]!.span)).toMatch(/^network[\s\S]*2_204_961\n\}$/);
    expect(items[2]!.span.start).toEqual({ line: 5, column: 3, offset: example.indexOf('let depth') });
  });
});

describe('precedence', () => {
  test.each([
    ['1 + 2 * 3', '(1 + (2 * 3))'],
    ['1 - 2 - 3', '((1 - 2) - 3)'],
    ['8 / 4 % 3', '((8 / 4) % 3)'],
    ['2 ^ 3 ^ 2', '(2 ^ (3 ^ 2))'],
    ['-2 ^ 2', '(- (2 ^ 2))'],
    ['2 ^ -1', '(2 ^ (- 1))'],
    ['- - 1', '(- (- 1))'],
    ['-a * b', '((- a) * b)'],
    ['(1 + 2) * 3', '((1 + 2) * 3)'],
    ['0..n - 1', '(0 .. (n - 1))'],
    ['a + 1..b * 2', '((a + 1) .. (b * 2))'],
    ['1..2', '(1 .. 2)'],
    ['a < b + 1', '(a < (b + 1))'],
    ['not a == b', '(not (a == b))'],
    ['not a and b', '((not a) and b)'],
    ['a or b and c', '(a or (b and c))'],
    ['a == 1 or b != 2', '((a == 1) or (b != 2))'],
    ['a + b |> relu', '((a + b) |> relu())'],
    ['a or b |> f', '((a or b) |> f())'],
    ['x |> f(1) |> g', '((x |> f(1)) |> g())'],
    ['if a then b else c |> f', '(if a then b else (c |> f()))'],
    ['if a then 1 else if b then 2 else 3', '(if a then 1 else (if b then 2 else 3))'],
    ['1 + if a then 2 else 3 * 4', '(1 + (if a then 2 else (3 * 4)))'],
    ['-X[0] ^ 2', '(- (X[0] ^ 2))'],
    ['X[0][1]', 'X[0][1]'],
    ['(a)[0]', 'a[0]'],
    ['f(x, k: 1 + 2,)', 'f(x k:(1 + 2))'],
    ['[32 * 2 ^ i for i in 0..4]', '[(32 * (2 ^ i)) for i in (0 .. 4)]'],
    ['[i for i in w if i > 2]', '[i for i in w if (i > 2)]'],
    ['[1, 2, 3,]', '[1 2 3]'],
    ['[]', '[]'],
    ['3e-4 + 1_000.5 + 2E3', '((0.0003 + 1000.5) + 2000)'],
    ['"a\\n\\"b\\\\"', '"a\\n\\"b\\\\"'],
    ['not true', '(not true)'],
  ])('%s', (text, structure) => expect(show(expression(text))).toBe(structure));
});

describe('line breaks', () => {
  test('an operator goes on with the line above', () => {
    expect(show(expression('x\n  |> f\n  |> g'))).toBe('((x |> f()) |> g())');
    expect(show(expression('a +\n b\n - c'))).toBe('((a + b) - c)');
  });

  test('a bracket at the beginning of a line is no index and no call, except in brackets', () => {
    const { lets, result } = first('block B(x) {\n let y = x\n [y, x]\n}', 'block').body;
    expect(lets.map((l) => show(l.value))).toEqual(['x']);
    expect(show(result)).toBe('[y x]');
    const paren = first('block B(x) {\n let y = f\n (y + x) * 2\n}', 'block').body;
    expect(show(paren.result)).toBe('((y + x) * 2)');
    expect(show(expression('(f\n(x))'))).toBe('f(x)');
    expect(show(expression('[X\n[0]]'))).toBe('[X[0]]');
    expect(show(expression('X [0]'))).toBe('X[0]');
  });

  test('statements need no separators', () => {
    const { tree, diagnostics } = parse('train { x = a b = c d = [1] e = -1 }');
    expect(diagnostics).toEqual([]);
    expect(tree.trains[0]!.settings.map((s) => `${s.name.text}=${show(s.value)}`)).toEqual([
      'x=a',
      'b=c',
      'd=[1]',
      'e=(- 1)',
    ]);
    const one = parse('network A { param a = 1 param b = 2 grid X[i in 0..1] { X[0] = a X[i] = b } head S = X[0] }');
    expect(one.diagnostics).toEqual([]);
    expect(one.tree.networks[0]!.items.map((item) => item.kind)).toEqual(['param', 'param', 'grid', 'head']);
  });

  test('CRLF and CR end lines too', () => {
    for (const [text, line] of [
      ['train {\r\n a = $ }', 2],
      ['train {\r a = $ }', 2],
      ['train {\n\r\n a = $ }', 3],
    ] as const) {
      expect(parse(text).diagnostics[0]!.span.start).toMatchObject({ line, column: 6 });
    }
  });
});

describe('declarations', () => {
  test('bodies are expressions or braces', () => {
    const grid = first('grid X[i in 0..3] {\n X[0] = { let a = x |> f a |> g }\n X[i] when i > 2 = x\n}', 'grid');
    expect(grid.rules[0]!.body.lets.map((l) => l.name.text)).toEqual(['a']);
    expect(show(grid.rules[0]!.body.result)).toBe('(a |> g())');
    expect(show(grid.rules[1]!.guard!)).toBe('(i > 2)');
    expect(show(first('block B(x) = x |> relu', 'block').body.result)).toBe('(x |> relu())');
    expect(show(first('block B(x) = { x |> relu }', 'block').body.result)).toBe('(x |> relu())');
    expect(show(first('head S = { let y = x y }', 'head').body.result)).toBe('y');
  });

  test('blocks have defaults', () => {
    const block = first('block B(x, c = 32 * 2, k = 3) { x }', 'block');
    expect(block.parameters.map((p) => (p.default ? `${p.name.text}=${show(p.default)}` : p.name.text))).toEqual([
      'x',
      'c=(32 * 2)',
      'k=3',
    ]);
  });

  test('an output of one mode names it default', () => {
    expect(first('output mask = S', 'output').modes.map((m) => [m.name.text, show(m.value)])).toEqual([
      ['default', 'S'],
    ]);
  });

  test('expect takes a level, sizes of one to three dimensions and a mode in any order', () => {
    expect(first('expect macs at 256x256 at L1 = 5', 'expect')).toMatchObject({
      level: { text: 'L1' },
      size: { dims: [256, 256] },
    });
    expect(first('expect macs in fast at 64x64x64 = 5', 'expect')).toMatchObject({
      mode: { text: 'fast' },
      size: { dims: [64, 64, 64] },
    });
    expect(first('expect shape at 96 = [1, 1, 96]', 'expect')).toMatchObject({ size: { dims: [96] } });
  });

  test('inputs have dimensions that are expressions', () => {
    const input = first('input image: f32[N, 3, 2 * k, W]', 'input');
    expect([input.name.text, input.dtype.text, ...input.dims.map(show)]).toEqual([
      'image',
      'f32',
      'N',
      '3',
      '(2 * k)',
      'W',
    ]);
  });

  test('a file may be blocks alone, or empty', () => {
    expect(parse('block A(x) { x }\nblock B(x) = x').tree.blocks.map((b) => b.name.text)).toEqual(['A', 'B']);
    expect(parse('')).toMatchObject({ diagnostics: [], tree: { networks: [] } });
    expect(parse('// nothing\n/* at all */').diagnostics).toEqual([]);
  });
});
