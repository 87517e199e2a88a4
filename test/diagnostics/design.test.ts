import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countMacs,
  type Diagnostic,
  deploy,
  format,
  knownShape,
  load,
  prune,
  receptiveFields,
  specializeGraph,
} from '../../compiler/index.js';
import { evaluate, tensor } from '../../testing/reference/index.js';
import { cases } from '../cases.js';

/** A small network around a head and what comes before it. */
const network = (items: string, head = 'y |> conv(1, kernel: 1) |> sigmoid'): string =>
  `network Small {\n  input image: f32[N, 3, H, W]\n  ${items}\n  head S = ${head}\n}\n`;

const warnings = (text: string): readonly Diagnostic[] => load(text).diagnostics;
const codesOf = (text: string): string[] => warnings(text).map((d) => d.code);

describe('every spec of specs/', () => {
  const folder = new URL('../../specs/', import.meta.url);
  it.each(readdirSync(folder).filter((f) => f.endsWith('.unet')))('%s has none of them', (name) => {
    expect(warnings(readFileSync(new URL(name, folder), 'utf8'))).toEqual([]);
  });
});

describe('bias-before-norm', () => {
  const warned = ['bias-before-norm'];
  it.each([
    ['a convolution', 'let y = image |> conv(8) |> batchnorm', warned],
    ['a transposed one', 'let y = image |> conv_transpose(8) |> batchnorm', warned],
    ['an instance norm', 'let y = image |> conv(8) |> instancenorm', warned],
    ['one place in many nodes', 'block B(x) { x |> conv(8) |> batchnorm }\n let y = image |> B |> B |> B', warned],
    ['no bias', 'let y = image |> conv(8, bias: false) |> batchnorm', []],
    ['a bias that is said', 'let y = image |> conv(8, bias: true) |> batchnorm', []],
    ['a bias that is said in its place', 'let y = image |> conv(8, 3, 1, same, 1, 1, true) |> batchnorm', []],
    ['an activation between', 'let y = image |> conv(8) |> relu |> batchnorm', []],
    ['another reader', 'let c = image |> conv(8)\n let y = add(c, c |> batchnorm)', []],
    ['a norm of all channels at once', 'let y = image |> conv(8) |> groupnorm(1)', []],
    ['a norm of each pixel', 'let y = image |> conv(8) |> layernorm', []],
  ])('%s', (_, items, expected) => {
    expect(codesOf(network(items))).toEqual(expected);
  });

  it('offers both ways to say it, and either silences it', () => {
    const text = network('let y = image |> conv(8, kernel: 3) |> batchnorm');
    const fixes = warnings(text)[0]?.fixes ?? [];
    expect(fixes.map((f) => [f.title, f.certain])).toEqual([
      ['add bias: false', false],
      ['add bias: true', false],
    ]);
    for (const { edits } of fixes) {
      const [e] = edits;
      const mended = text.slice(0, e?.span.start.offset) + e?.text + text.slice(e?.span.end.offset);
      expect(mended).toContain('conv(8, kernel: 3, bias: ');
      expect(warnings(mended)).toEqual([]);
    }
  });
});

describe('a bias in front of a norm', () => {
  /** The largest change of an answer when the biases in front of a norm go from nothing to anything, in double precision. */
  const effect = (norm: string, numbers: readonly number[]): number => {
    const text = network(`let y = concat(image |> conv(4) |> ${norm}, image |> conv_transpose(4, 1, 1) |> ${norm})`);
    const graph = deploy(load(text).network!);
    const feeds = (bias: (k: number) => number) =>
      new Map([
        ...graph.params.map(({ origin: { path }, type }, k) => {
          const shape = knownShape(type.shape);
          const isBias = /^y\.conv.*bias$/.test(path);
          const data = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, n) =>
            isBias ? bias(n + k) : Math.sin(7 * n + k),
          );
          return [path, tensor(shape, data)] as const;
        }),
        [
          'image',
          tensor(
            [1, 3, 4, 4],
            Array.from({ length: 48 }, (_, n) => Math.cos(n * n)),
          ),
        ] as const,
      ]);
    const [without, having] = [() => 0, (k: number) => numbers[k % numbers.length]!].map(
      (bias) => [...evaluate(graph, feeds(bias)).values()][0]!.data,
    );
    return Math.max(...Array.from(without!, (x, k) => Math.abs(x - having![k]!)));
  };
  const numbers = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 2, maxLength: 9 });

  it('changes nothing where the norm is of each channel', () => {
    fc.assert(
      fc.property(numbers, (n) => {
        expect(effect('instancenorm', n)).toBeLessThan(1e-9);
      }),
      cases(20),
    );
  });

  it.each(['groupnorm(1)', 'layernorm'])('changes something in front of %s, of which nothing is said', (norm) => {
    expect(effect(norm, [0, 5, -3])).toBeGreaterThan(1e-3);
  });
});

describe('squashed-logits', () => {
  const of = (tail: string): readonly Diagnostic[] => warnings(network('let y = image |> conv(2)', `y |> ${tail}`));
  it.each([
    ['relu |> sigmoid', 'is never below 0.5'],
    ['sigmoid |> sigmoid', 'stays between 0.5 and 0.73'],
    ['tanh |> sigmoid', 'stays between 0.27 and 0.73'],
    ['relu |> upsample(2) |> maxpool(2) |> dropout(0.1) |> sigmoid', 'is never below 0.5'],
    ['softmax |> softmax', 'never far apart'],
    ['tanh |> softmax', 'never far apart'],
    ['relu |> sigmoid |> upsample(2)', 'is never below 0.5'],
  ])('%s: its answer %s', (tail, says) => {
    const found = of(tail);
    expect(found.map((d) => d.code)).toEqual(['squashed-logits']);
    expect(found[0]?.message).toContain(says);
  });

  it.each([
    'sigmoid',
    'softmax',
    'relu |> conv(1) |> sigmoid',
    'relu |> softmax',
    'leaky_relu(0.1) |> sigmoid',
    'layernorm |> sigmoid',
  ])('%s is all right', (tail) => {
    expect(of(tail)).toEqual([]);
  });
});

describe('level-saves-little', () => {
  it('is said of exactly the levels that save less than 2 % of the MACs', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 5 }), (widths) => {
        const text = `network T {
  param width = [${widths.join(', ')}]
  input image: f32[N, 1, H, W]
  grid X[i in 0..${widths.length}] {
    X[0] = image
    X[i] = X[i-1] |> conv(width[i - 1]) |> relu
  }
  head S[k in 1..${widths.length}] = X[k] |> conv(1, kernel: 1) |> sigmoid
  output mask = last(S)
}
`;
        const { network: made, diagnostics } = load(text);
        const macs = made!.levels.map((level) =>
          countMacs(specializeGraph(deploy(made!, { level }), { N: 1, H: 256, W: 256 })),
        );
        const little = made!.levels.filter((_, k) => k < macs.length - 1 && 1 - macs[k]! / macs.at(-1)! < 0.02);
        const said = [...(diagnostics[0]?.message.matchAll(/L(\d)/g) ?? [])].map((m) => Number(m[1]));
        expect(said).toEqual(little);
        expect(diagnostics.length).toBe(little.length > 0 ? 1 : 0);
        expect(diagnostics.every((d) => d.code === 'level-saves-little')).toBe(true);
      }),
      cases(40),
    );
  });

  it('is silent where a network has no valid size, or one level', () => {
    expect(codesOf(network('let y = image |> conv(8)'))).toEqual([]);
  });
});

describe('expect', () => {
  const three = 'let y = image |> conv(8, kernel: 3) |> conv(8, kernel: 3)';
  const stating = (line: string): string => network(three, `y |> conv(1, kernel: 1) |> sigmoid\n  expect ${line}`);

  it.each([
    ['receptive_field >= 5', []],
    ['receptive_field >= [5, 4]', []],
    ['receptive_field = 5', []],
    ['receptive_field <= 5', []],
    ['receptive_field >= 6', ['field-too-small']],
    ['receptive_field >= [5, 6]', ['field-too-small']],
    ['receptive_field >= [5, 5, 5]', ['expect-failed']],
    ['receptive_field = 6', ['expect-failed']],
    ['receptive_field <= 4', ['expect-failed']],
    ['parameters <= 817', []],
    ['parameters <= 816', ['expect-failed']],
    ['parameters >= 817', []],
    ['parameters >= 818', ['expect-failed']],
    ['macs at 64x64 <= 1e9', []],
    ['macs at 64x64 >= 1e9', ['expect-failed']],
    ['shape at 8x8 >= [1, 1, 8, 8]', ['wrong-type']],
  ])('%s', (line, expected) => {
    expect(codesOf(stating(line))).toEqual(expected);
  });

  it('asks no more of what sees the whole image', () => {
    expect(codesOf(network('let y = mul(image, image |> global_avgpool)\n  expect receptive_field >= 100'))).toEqual(
      [],
    );
  });

  it('agrees with the receptive fields of the graph, level by level', () => {
    const text = readFileSync(new URL('../../specs/unetpp.unet', import.meta.url), 'utf8');
    const { network: made } = load(text);
    for (const level of made!.levels) {
      const graph = prune(made!, { level });
      const [side = 0] = receptiveFields(graph).get(graph.outputs[0]!.value.id)?.size ?? [];
      const asking = (n: number): string[] =>
        codesOf(text.replace('\n  expect', `\n  expect receptive_field at L${level} >= ${n}\n  expect`));
      expect(asking(side)).toEqual([]);
      expect(asking(side + 1)).toEqual(['field-too-small']);
    }
  });

  it('has its bounds in canonical form', () => {
    const text = stating('receptive_field   at  L1>=[ 5,5 ]').replace(/at {2}L1/, '');
    expect(format(text).text).toContain('  expect receptive_field >= [5, 5]\n');
    expect(format(stating('parameters<=817')).text).toContain('  expect parameters <= 817\n');
  });
});
