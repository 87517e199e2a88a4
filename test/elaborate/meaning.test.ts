import { describe, expect, it } from 'vitest';
import type { RawNetwork } from '../../compiler/1-elaborate/raw.js';
import { cellLabel } from '../../compiler/1-elaborate/steps.js';
import { applies, brief, nested, network, paths, run, small } from './specs.js';

const edgesOf = (made: RawNetwork): string[] =>
  made.edges.map((e) => `${cellLabel(e.from)} ${e.kind} ${cellLabel(e.to)}`);
const opsOf = (made: RawNetwork): string[] => applies(made).map((s) => s.op);
/** The attribute of the convolution that a small network is built on: a way to see a number that was evaluated. */
const evaluated = (expression: string, before = '', set?: Record<string, string>): unknown =>
  applies(network(small(`${before}\n  let y = image |> conv(${expression})`), set))[0]?.attrs.channels;

describe('the example of the language', () => {
  const made = network(nested);

  it('has a node for every operator of the paper', () => {
    // 15 cells of 4, 4 pools, 10 joins of 2, 4 heads of 2, and 3 averages (of one head there is none).
    expect(applies(made)).toHaveLength(15 * 4 + 4 + 10 * 2 + 4 * 2 + 3);
    expect(made.levels).toEqual([1, 2, 3, 4]);
    expect(made.modes).toEqual(['accurate', 'fast']);
    expect(made.modeOutputs).toHaveLength(8);
    expect(made.outputName).toBe('mask');
    expect(made.heads.map((h) => [h.name, h.family, h.level])).toEqual([1, 2, 3, 4].map((k) => [`S[${k}]`, 'S', k]));
    expect(made.params).toEqual({ classes: 1, width: [32, 64, 128, 256, 512] });
  });

  it('names nodes by cell and operator', () => {
    const names = paths(made);
    expect(names).toContain('X[0,2].conv1');
    expect(names.filter((p) => p.startsWith('X[0,2]'))).toEqual(
      ['conv_transpose1', 'concat1', 'conv1', 'relu1', 'conv2', 'relu2'].map((op) => `X[0,2].${op}`),
    );
    expect(names).toContain('S[3].conv1');
    expect(names).toContain('mask.accurate.L2.mean1');
    expect(new Set(names).size).toBe(names.length);
  });

  it('has the edges of the paper', () => {
    const edges = edgesOf(made);
    expect(edges).toContain('X[0,0] down X[1,0]');
    expect(edges).toContain('X[1,1] up X[0,2]');
    expect(edges).toContain('X[0,0] skip X[0,2]');
    const count = (kind: string): number => made.edges.filter((e) => e.kind === kind).length;
    expect([count('down'), count('up'), count('skip')]).toEqual([4, 10, 20]);
    const up = made.edges.find((e) => e.kind === 'up');
    expect(nested.slice(up?.span.start.offset, up?.span.end.offset)).toBe('X[i+1, j-1]');
  });

  it('keeps what expect lines say', () => {
    expect(made.expects.map(({ span: _, valueSpan: __, ...rest }) => rest)).toEqual([
      { what: 'parameters', relation: '=', value: 9_041_700 },
      { what: 'parameters', level: 1, relation: '=', value: 100_961 },
      { what: 'parameters', level: 3, mode: 'fast', relation: '=', value: 2_204_961 },
    ]);
  });

  it('puts inputs first, and every step after what it needs', () => {
    expect(made.steps[0]?.kind).toBe('input');
    made.steps.forEach((step, k) => {
      if (step.kind === 'apply') for (const input of step.inputs) expect(input).toBeLessThan(k);
    });
  });

  it('is elaborated in the same way every time', () => {
    expect(JSON.stringify(run(nested))).toBe(JSON.stringify(run(nested)));
  });
});

describe('values', () => {
  const cases: readonly [string, number, string?][] = [
    ['2 + 3 * 4', 14],
    ['2 ^ 3 ^ 2 % 7', 1],
    ['7 - 2 - 1', 4],
    ['12 / 4', 3],
    ['7 / 2 * 2', 7],
    ['-(-3)', 3],
    ['-1 % 4', 3],
    ['1.5 * 2', 3],
    ['if 1 < 2 and not false then 5 else 1 / 0', 5],
    ['if true or 1 / 0 == 1 then 5 else 6', 5],
    ['if false and 1 / 0 == 1 then 5 else 6', 6],
    ['if [1, 2] == [1, 2.0] then 1 else 2', 1],
    ['if "a" != "b" then 1 else 2', 1],
    ['len(0..4)', 5],
    ['len(3..2) + 1', 1],
    ['sum([k * k for k in 1..3])', 14],
    ['sum([k for k in 1..10 if k % 2 == 0])', 30],
    ['min(3, 2, 9)', 2],
    ['max([3, 2], 9)', 9],
    ['mean([1, 2, 3])', 2],
    ['last([1, 2, 3])', 3],
    ['[1, 2, 3][1]', 2],
    ['sum([1, 2, 3, 4][1..2])', 5],
    ['[[1, 2], [3, 4]][1, 0]', 3],
    ['sum([[1, 2], [3, 4]])', 10],
    ['a + b', 3, 'let b = 2\n let a = 1'],
    ['w[2]', 128, 'let w = [32 * 2^i for i in 0..4]'],
    ['[3, 4] |> last', 4],
  ];
  for (const [expression, value, before] of cases) {
    it(expression, () => expect(evaluated(expression, before)).toBe(value));
  }

  it('keeps the value of arguments as the operator wants them', () => {
    const made = network(
      small(
        'let y = image |> conv(8, 5, stride: [2, 2], padding: valid, bias: false) |> maxpool(2) |> upsample(mode: linear) |> upsample(3)',
      ),
    );
    const [conv, pool, linear, nearest] = applies(made);
    expect(conv?.attrs).toEqual({
      channels: 8,
      kernel: 5,
      stride: [2, 2],
      padding: 'valid',
      dilation: 1,
      groups: 1,
      bias: false,
    });
    expect(pool?.attrs).toEqual({ kernel: 2, stride: 2, padding: 0 });
    expect(linear?.attrs).toEqual({ scale: 2, mode: 'linear', align_corners: false });
    expect(nearest?.attrs.mode).toBe('nearest');
  });

  it('computes with tensors', () => {
    const made = network(
      small('let a = image |> relu\n let y = -(2 * (1 - image + a) - a * image) / 4 + sum([a, image]) + max(a, image)'),
    );
    expect(opsOf(made)).toEqual([
      'relu',
      'affine',
      'add',
      'affine',
      'mul',
      'sub',
      'affine',
      'affine',
      'add',
      'add',
      'max',
      'add',
      'conv',
      'sigmoid',
    ]);
    const affines = applies(made)
      .filter((s) => s.op === 'affine')
      .map((s) => s.attrs);
    expect(affines).toEqual([
      { scale: -1, shift: 1 },
      { scale: 2, shift: 0 },
      { scale: -1, shift: 0 },
      { scale: 0.25, shift: 0 },
    ]);
  });

  it('spreads lists, and leaves a list of one alone', () => {
    const made = network(small('let a = image |> relu\n let y = concat([a, image], a) + concat([a]) + mean(a)'));
    expect(
      applies(made)
        .filter((s) => s.op === 'concat' || s.op === 'mean')
        .map((s) => s.inputs.length),
    ).toEqual([3]);
  });
});

describe('blocks', () => {
  it('take arguments by place, by name and by default, which may use those before', () => {
    const made = network(
      small(
        'block B(x, a, b = a + 1, c = 2 * b) { x |> conv(a) |> conv(b) |> conv(c) }\n let y = image |> B(1) |> B(c: 9, a: 3) |> B(1, 2, 3)',
      ),
    );
    expect(
      applies(made)
        .slice(0, 9)
        .map((s) => s.attrs.channels),
    ).toEqual([1, 2, 4, 3, 4, 9, 1, 2, 3]);
  });

  it('call themselves, and only the branch taken is evaluated', () => {
    const made = network(
      small('block Stage(x, n) { if n == 0 then x else x |> conv(8) |> Stage(n - 1) }\n let y = image |> Stage(199)'),
    );
    expect(paths(made).filter((p) => p.startsWith('y.'))).toEqual(
      Array.from({ length: 199 }, (_, k) => `y.conv${k + 1}`),
    );
  });

  it('of a library see no network, and those of a network win', () => {
    const library = 'block B(x) { x |> C }\nblock C(x) { x |> relu }\n';
    const made = network(`${library}${small('block C(x) { x |> sigmoid }\n let y = image |> B |> C')}`);
    expect(opsOf(made).slice(0, 2)).toEqual(['relu', 'sigmoid']);
    const { diagnostics } = run(
      `block B(x) { x |> conv(width) }\n${small('param width = 8\n let y = image |> B |> conv(width)')}`,
    );
    expect(brief(diagnostics)).toEqual(['1:24 unknown-name: nothing is named width here']);
  });

  it('alone make a library', () => {
    const { network: made, diagnostics } = run('block B(x) { x |> relu }');
    expect([made, diagnostics]).toEqual([null, []]);
  });
});

describe('grids', () => {
  it('take the first rule that fits, and evaluate cells in any order', () => {
    const made = network(
      small(
        'grid X[i in 0..3] { X[3] = image\n X[i] when i % 2 == 0 = X[i+1] |> relu\n X[k] = X[k+1] |> sigmoid }\n let y = X[0]',
      ),
    );
    expect(opsOf(made).slice(0, 3)).toEqual(['relu', 'sigmoid', 'relu']);
    expect(made.steps.map((s) => s.origin.path).slice(1, 4)).toEqual(['X[2].relu1', 'X[1].sigmoid1', 'X[0].relu1']);
  });

  it('are finite but need not be small, nor run forwards', () => {
    const forwards = network(
      small('grid X[i in 0..5_000] { X[0] = image\n X[i] = X[i-1] |> relu }\n let y = X[5_000]'),
    );
    expect(applies(forwards)).toHaveLength(5_002);
    const backwards = network(small('grid X[i in 0..190] { X[190] = image\n X[i] = X[i+1] |> relu }\n let y = X[0]'));
    expect(applies(backwards)).toHaveLength(192);
  });

  it('read slices as lists in their order', () => {
    const made = network(
      small('grid X[i in 0..2] { X[0] = image\n X[i] = concat(X[0..i-1]) |> relu }\n let y = concat(X[[2, 0]], X)'),
    );
    const y = applies(made).find((s) => s.origin.path === 'y.concat1');
    const cell = (k: number): number | undefined =>
      made.steps.findIndex((s) => s.origin.path === (k === 0 ? 'image' : `X[${k}].relu1`));
    expect(y?.inputs).toEqual([2, 0, 0, 1, 2].map(cell));
  });

  it('tell edges by the sampling between cells', () => {
    const gate = 'block Gate(skip, g) { skip * (g |> upsample(2) |> sigmoid) }';
    const made = network(
      small(`${gate}\n grid X[i in 0..1, j in 0..1] { X[0, 0] = image |> relu\n X[1, 0] = X[0, 0] |> conv(3, stride: 2)
 X[0, 1] = Gate(X[0, 0], X[1, 0])\n X[1, 1] = bottom |> avgpool(1) }\n let bottom = X[1, 0] |> relu\n let y = X[0, 1] + (X[1, 1] |> upsample)`),
    );
    expect(edgesOf(made)).toEqual([
      'X[0,0] skip X[0,1]',
      'X[1,0] up X[0,1]',
      'X[0,0] down X[1,0]',
      'X[1,0] down X[1,1]',
    ]);
  });

  it('need none: plain lets make a U-Net', () => {
    const made = network(
      small(
        'let a = image |> conv(8) |> relu\n let b = a |> maxpool(2) |> conv(16) |> relu\n let y = concat(a, b |> conv_transpose(8))',
      ),
    );
    expect(paths(made).slice(0, 8)).toEqual([
      'image',
      'a.conv1',
      'a.relu1',
      'b.maxpool1',
      'b.conv1',
      'b.relu1',
      'y.conv_transpose1',
      'y.concat1',
    ]);
  });
});

describe('heads and outputs', () => {
  const heads = (rest: string): string =>
    `network T { input image: f32[N, 1, H, W]\n head S[j in 1..3] = image |> conv(j) |> sigmoid\n ${rest} }`;

  it('answer every mode at every level where it makes sense', () => {
    const made = network(heads('output m { a = mean(S)  b = S[3]  c = (S[1] + last(S)) / 2  d = mean(S[1..2]) }'));
    const at = (mode: string): number[] => made.modeOutputs.filter((m) => m.mode === mode).map((m) => m.level);
    expect([at('a'), at('b'), at('c'), at('d')]).toEqual([[1, 2, 3], [3], [1, 2, 3], [2, 3]]);
    const value = made.modeOutputs.find((m) => m.mode === 'a' && m.level === 1)?.value;
    expect(value).toBe(made.heads[0]?.value);
  });

  it('without an output are averaged, or the last is taken', () => {
    const made = network(heads(''));
    expect([made.outputName, made.modes]).toEqual(['mask', ['accurate', 'fast']]);
    expect(made.modeOutputs.map((m) => [m.level, m.mode])).toEqual(
      [1, 2, 3].flatMap((k) => [
        [k, 'accurate'],
        [k, 'fast'],
      ]),
    );
    expect(made.modeOutputs.find((m) => m.level === 2 && m.mode === 'fast')?.value).toBe(made.heads[1]?.value);
  });

  it('without an index are there at the highest level only', () => {
    const made = network(heads('head T = image |> conv(9) |> sigmoid\n output m { a = mean(S)  b = T }'));
    expect(made.heads.map((h) => [h.name, h.level])).toEqual([
      ['S[1]', 1],
      ['S[2]', 2],
      ['S[3]', 3],
      ['T', 3],
    ]);
    expect(made.modeOutputs.filter((m) => m.mode === 'b').map((m) => m.level)).toEqual([3]);
  });

  it('one head without an index is level 1, and so is an output without a head', () => {
    expect(network(small('let y = image')).levels).toEqual([1]);
    const made = network('network T { input image: f32[N, 1, H, W]\n output mask = image |> conv(1) |> sigmoid }');
    expect(made.heads.map((h) => [h.name, h.level])).toEqual([['mask', 1]]);
    expect(made.modes).toEqual(['default']);
    expect(paths(made)).toEqual(['image', 'mask.conv1', 'mask.sigmoid1']);
  });
});

describe('--set', () => {
  const spec = small(
    'param c = 4\n param r = 0.5\n param b = true\n param p = "same"\n param w = [1, 2]\n param f = [0.5]\n let y = if b then image |> conv(c, padding: p) |> conv(len(w) + len(f)) |> dropout(r) else image',
  );
  const good: readonly [string, string, unknown][] = [
    ['c', '2 ^ 3', 8],
    ['c', '8.0', 8],
    ['r', '0', 0],
    ['b', 'false', false],
    ['p', 'valid', 'valid'],
    ['p', '"valid"', 'valid'],
    ['w', '[k for k in 1..3]', [1, 2, 3]],
    ['w', '[]', []],
    ['f', '[1, 0.25]', [1, 0.25]],
  ];
  for (const [name, text, value] of good) {
    it(`${name}=${text}`, () => expect(network(spec, { [name]: text }).params[name]).toEqual(value));
  }
  const bad: readonly [string, string, string, string][] = [
    ['c', '2.5', 'set-type', 'c must be a whole number'],
    ['c', 'true', 'set-type', 'and this is true'],
    ['w', '3', 'set-type', 'a list of whole numbers'],
    ['w', '[0.5]', 'set-type', 'a list of whole numbers'],
    ['b', '1', 'set-type', 'true or false'],
    ['r', '[', 'set-syntax', 'this is not a value'],
    ['r', '', 'set-syntax', 'this is not a value'],
    ['r', '1 / 0', 'set-syntax', '1 / 0 has no result'],
    ['r', '1 } network X { param a = 2', 'set-syntax', 'this is not a value'],
    ['r', '1 let z = 2', 'set-syntax', 'this is not a value'],
    ['r', 'c + 1', 'set-syntax', 'nothing is named c'],
    ['cc', '1', 'unknown-param', 'no param cc'],
    ['__proto__', '1', 'unknown-param', 'no param __proto__'],
  ];
  for (const [name, text, code, says] of bad) {
    it(`${name}=${text} is refused`, () => {
      const { diagnostics } = run(spec, Object.fromEntries([[name, text]]));
      expect(diagnostics.map((d) => d.code)).toEqual([code]);
      expect(diagnostics[0]?.message).toContain(says);
    });
  }
});

describe('many mistakes', () => {
  it('are all reported, each once, in the order of the text', () => {
    const { diagnostics, network: made } = run(
      nested
        .replace('x |> conv(c, kernel: 3) |> relu\n', 'x |> conv(c, kernal: 3) |> relu\n')
        .replace('Conv2(width[0])', 'Conv2(widht[0])')
        .replace('maxpool(2)', 'maxpol(2)')
        .replace('at L1', 'at L9')
        .replace('batch = 16', 'batch = 0'),
    );
    expect(diagnostics.map((d) => d.code)).toEqual([
      'unknown-argument',
      'unknown-name',
      'unknown-name',
      'out-of-range',
    ]);
    expect(made).toBeNull();
  });

  it('leave the rest of the network to be checked', () => {
    const { network: made } = run(
      nested.replace('X[0, j] |> conv(classes', 'X[0, j] |> conv(if j == 2 then 0 else classes'),
    );
    expect(made?.heads.map((h) => h.name)).toEqual(['S[1]', 'S[3]', 'S[4]']);
    expect(made?.expects).toEqual([]);
  });
});
