import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { receptiveFields } from '../../compiler/4-schedule/receptive-field.js';
import { deploy, type Graph, load, type Node, nextValid, sizeRules, specializeGraph } from '../../compiler/index.js';
import { known, knownShape } from '../../compiler/ir/dim.js';
import { networkSpecs } from '../../testing/index.js';
import { evaluateValues, type Feeds } from '../../testing/reference/evaluate.js';
import { type Float64Tensor, sizeOf, tensor } from '../../testing/reference/tensor.js';
import { cases } from '../cases.js';

const graphOf = (text: string): Graph => {
  const { network, diagnostics } = load(text);
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  return deploy(network);
};

/** The inference graph of a few lines, from `image` to `y`. */
const small = (input: string, lines: string): Graph =>
  graphOf(`network Small {
  input image: f32[${input}]
${lines}
  head S = y |> conv(1, kernel: 1) |> sigmoid
  output mask = S
}`);

/** The window of the graph's answer, and whether it sees beyond. */
function answerOf(graph: Graph): { size: readonly number[]; global: boolean } {
  const id = graph.outputs[0]?.value.id as number;
  return receptiveFields(graph).get(id) as { size: readonly number[]; global: boolean };
}

/** Sizes from `least` on that the graph's rule takes; other dimensions as small as they can be. */
function sizesOf(text: string, axis: string, least: number): Record<string, number> {
  const { network } = load(text);
  const rules = Object.values(network ? sizeRules(network) : {});
  return Object.fromEntries([
    ['N', 1],
    ...rules.map((r) => [r.symbol, nextValid(r, r.symbol === axis ? least : 1) as number]),
  ]);
}

/**
 * The same graph with operators that keep what depends on what and lose nothing: gates and activations pass values on,
 * products are sums, a whole image's statistics are left out. On it every path from a pixel adds a positive number.
 */
function structural(graph: Graph): Graph {
  const plain = new Set([
    'sigmoid',
    'tanh',
    'softmax',
    'gelu',
    'silu',
    'elu',
    'leaky_relu',
    'instancenorm',
    'groupnorm',
    'layernorm',
    'prelu',
    'batchnorm',
  ]);
  const node = (n: Node): Node => {
    if (plain.has(n.op)) return { ...n, op: 'relu', attrs: {}, inputs: n.inputs.slice(0, 1) };
    return n.op === 'mul' ? { ...n, op: 'add' } : n;
  };
  return { ...graph, nodes: graph.nodes.map(node) };
}

/** Weights of 1/2 and biases of 0: a power of two stays exact however many are multiplied. */
const feedsOf = (graph: Graph, image: Float64Tensor): Feeds =>
  new Map([
    ['image', image],
    ...graph.params.map((p): [string, Float64Tensor] => {
      const shape = knownShape(p.type.shape);
      return [p.origin.path, tensor(shape, new Float64Array(sizeOf(shape)).fill(p.type.shape.length > 1 ? 0.5 : 0))];
    }),
  ]);

/**
 * By brute force: a pixel at a time is lit along `axis` (all of its other coordinates at once, batched), and what of the value is
 * lit then depends on it. Answers for each value the largest distance between pixels that one element depends on.
 */
function litSpans(graph: Graph, axis: number): Map<number, number> {
  const shape = knownShape(graph.inputs[0]?.value.type.shape ?? []);
  const size = shape[axis + 2] as number;
  const spans = new Map<number, { from: Int32Array; to: Int32Array }>();
  for (let pixel = 0; pixel < size; pixel++) {
    const image = tensor(shape, new Float64Array(sizeOf(shape)));
    const inner = shape.slice(axis + 3).reduce((a, b) => a * b, 1);
    for (let k = 0; k < image.data.length; k++) if (Math.floor(k / inner) % size === pixel) image.data[k] = 1;
    const values = evaluateValues(graph, feedsOf(graph, image));
    for (const n of graph.nodes) {
      const out = n.outputs[0];
      if (!out) continue;
      const length = known(out.type.shape[axis + 2] as never);
      const after = knownShape(out.type.shape)
        .slice(axis + 3)
        .reduce((a, b) => a * b, 1);
      const span = spans.get(out.id) ?? { from: new Int32Array(length).fill(-1), to: new Int32Array(length).fill(-2) };
      spans.set(out.id, span);
      const { data } = values.get(out.id) as Float64Tensor;
      for (let k = 0; k < data.length; k++) {
        if (data[k] === 0) continue;
        const p = Math.floor(k / after) % length;
        if (span.from[p] === -1) span.from[p] = pixel;
        span.to[p] = pixel;
      }
    }
  }
  return new Map(
    [...spans].map(([id, { from, to }]) => [
      id,
      to.reduce((most, t, p) => Math.max(most, t - (from[p] as number) + 1), 0),
    ]),
  );
}

/** Compares every value of the graph; `slack` more pixels may be claimed than were lit, none fewer. */
function compare(text: string, axis: number, symbol: string, slack = 0): void {
  const unbound = graphOf(text);
  const fields = receptiveFields(unbound);
  const widest = Math.max(...[...fields.values()].map((f) => f.size[axis] as number));
  // Wide enough that somewhere nothing is cut off at a border.
  const graph = structural(specializeGraph(unbound, sizesOf(text, symbol, 2 * widest + 16)));
  for (const [id, lit] of litSpans(graph, axis)) {
    const field = fields.get(id);
    // Behind a global mean every pixel is lit; what windows add to it can't be told apart.
    if (!field || pooled(graph).has(id)) continue;
    expect(field.size[axis]).toBeGreaterThanOrEqual(lit);
    expect(field.size[axis]).toBeLessThanOrEqual(lit + slack);
  }
}

/** Values that a global mean leads to. */
function pooled(graph: Graph): Set<number> {
  const found = new Set<number>();
  for (const n of graph.nodes) {
    if (n.op !== 'global_avgpool' && !n.inputs.some((v) => found.has(v.id))) continue;
    for (const out of n.outputs) found.add(out.id);
  }
  return found;
}

describe('receptive fields', () => {
  test.each([
    ['two 3-convolutions see 5 pixels', 'y = image |> conv(1, kernel: 3) |> conv(1, kernel: 3)', 5],
    ['a pool doubles what comes after it', 'y = image |> maxpool(2) |> conv(1, kernel: 3)', 6],
    ['a dilated kernel sees its hull', 'y = image |> conv(1, kernel: 3, dilation: 4)', 9],
    [
      'a stem of a ResNet',
      'y = image |> conv(1, kernel: 7, stride: 2, padding: 3) |> maxpool(3, stride: 2, padding: 1)',
      11,
    ],
    ['repeating elements adds nothing by itself', 'y = image |> maxpool(2) |> upsample(2)', 2],
    ['blending does', 'y = image |> maxpool(2) |> upsample(2, mode: linear)', 4],
    [
      'a transposed convolution of 2x2 neither',
      'y = image |> maxpool(2) |> conv_transpose(1, kernel: 2, stride: 2)',
      2,
    ],
    ['of 4x4, two elements each', 'y = image |> maxpool(2) |> conv_transpose(1, kernel: 4, stride: 2)', 4],
    ['a sum sees what either sees', 'y = add(image, image |> conv(1, kernel: 5))', 5],
    ['off to one side, both', 'y = add(image |> pad(2) |> crop(2), image |> pad([4, 0]) |> crop([0, 4]))', 5],
  ])('%s', (_, line, size) => {
    expect(answerOf(small('N, 1, W', `  let ${line}`))).toEqual({ size: [size], global: false });
  });

  test('a U-Net of the literature: 140 pixels at the bottom of four poolings by two 3-convolutions each', () => {
    const text = `  block C(x) { x |> conv(1, kernel: 3) |> conv(1, kernel: 3) }
  let a = image |> C
  let b = a |> maxpool(2) |> C
  let c = b |> maxpool(2) |> C
  let d = c |> maxpool(2) |> C
  let y = d |> maxpool(2) |> C`;
    expect(answerOf(small('N, 1, H, W', text))).toEqual({ size: [140, 140], global: false });
  });

  test('axes are apart', () => {
    const graph = small('N, 1, D, H, W', '  let y = image |> maxpool([1, 2, 2]) |> conv(1, kernel: [1, 3, 5])');
    expect(answerOf(graph)).toEqual({ size: [1, 6, 10], global: false });
  });

  test.each([
    ['a global mean', 'let y = image |> conv(1, kernel: 3) |> global_avgpool', [0], 'N, 1, W'],
    ['squeeze and excitation', 'let y = mul(image, image |> global_avgpool)', [1], 'N, 1, W'],
    ['a normalization over the image', 'let y = image |> conv(1, kernel: 3) |> instancenorm', [3], 'N, 1, W'],
    [
      'an element spread over the image',
      'let y = add(image, image |> conv(1, kernel: 8, padding: valid))',
      [1],
      'N, 1, 8',
    ],
  ])('%s sees everything', (_, line, size, input) => {
    expect(answerOf(small(input, `  ${line}`))).toEqual({ size, global: true });
  });

  test('an element that no pixel reaches sees nothing, its neighbour does', () => {
    const graph = small('N, 1, W', '  let y = image |> conv_transpose(1, kernel: 1, stride: 2, padding: valid)');
    expect(answerOf(graph).size).toEqual([1]);
  });

  test('are what lighting each pixel of random networks shows, to the pixel', () => {
    const oneDimension = networkSpecs({ depth: 2, channels: 1 }).filter(
      (text) => /f32\[N, \d, W\]/.test(text) && !text.includes('align_corners'),
    );
    fc.assert(
      fc.property(oneDimension, (text) => compare(text, 0, 'W')),
      cases(25),
    );
  });

  test('hold at every size where the way up aligns corners', () => {
    const aligned = networkSpecs({ depth: 1, channels: 1 }).filter(
      (text) => /f32\[N, \d, W\]/.test(text) && text.includes('align_corners'),
    );
    fc.assert(
      fc.property(aligned, (text) => compare(text, 0, 'W', 8)),
      cases(5),
    );
  });

  test('in two dimensions too, along each axis, of uneven windows', () => {
    const spec = `network Uneven {
  input image: f32[N, 1, H, W]
  let a = image |> conv(1, kernel: [3, 1], stride: [2, 1], padding: [1, 0])
  let b = a |> maxpool([1, 3]) |> conv(1, kernel: [1, 4])
  let c = b |> upsample([2, 3], mode: linear)
  let y = add(c, image |> avgpool(3, stride: 1, padding: 1))
  head S = y |> conv(1, kernel: 1) |> sigmoid
  output mask = S
}`;
    compare(spec, 0, 'H');
    compare(spec, 1, 'W');
  });
});
