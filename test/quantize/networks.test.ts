import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { type Graph, quantize, verifyGraph } from '../../compiler/index.js';
import type { Node, Value } from '../../compiler/ir/graph.js';
import { numberAttr } from '../../compiler/ops/attrs.js';
import { ort } from '../../runtime/ort/index.js';
import { evaluateValues, type Float64Tensor, kernels } from '../../testing/reference/index.js';
import { errorBounds } from './bounds.js';
import { type Case, caseOf, drawn, feedsOf, type Model } from './networks.js';

const bytesOf = ({ graph, weights }: Model): Uint8Array => emitOnnx(graph, { weights, name: 'test', metadata: {} });

const levelNodes = ({ nodes }: Graph): Node[] => nodes.filter((n) => n.op === 'fake_quantize');

describe('a random network in whole numbers', () => {
  it('is as far from the float one as its scales say, at most', () => {
    fc.assert(
      fc.property(drawn, (d) => {
        const { float, whole, image } = caseOf(d);
        expect(verifyGraph(whole.graph)).toBeNull();
        const due = evaluateValues(float.graph, feedsOf(float, image));
        const got = evaluateValues(whole.graph, feedsOf(whole, image));
        const bounds = errorBounds(whole.graph, got);
        for (const [id, tensor] of due) {
          const bound = (bounds.get(id) ?? 0) * (1 + 1e-6) + 1e-6;
          const levels = got.get(id);
          levels?.data.forEach((v, i) => {
            if (!(Math.abs(v - tensor.data[i]!) <= bound))
              expect.fail(`value ${id}[${i}]: ${v}, ${tensor.data[i]}, ${bound}`);
          });
        }
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('keeps bytes between its convolutions', () => {
    fc.assert(
      fc.property(drawn, (d) => {
        const {
          whole: { graph },
          floats,
        } = caseOf(d);
        const producers = new Map(graph.nodes.flatMap((n) => n.outputs.map((v) => [v.id, n.op] as const)));
        for (const node of graph.nodes.filter((n) => n.op === 'conv' && !floats.has(n.origin.path))) {
          expect(node.inputs.map((v) => producers.get(v.id))).toEqual(
            ['fake_quantize', 'dequantize', 'dequantize'].slice(0, node.inputs.length),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is computed by ONNX Runtime as the reference does, each level from those before it', async () => {
    await fc.assert(
      fc.asyncProperty(drawn, (d) => expectSameLevels(caseOf(d))),
      { numRuns: 60 },
    );
  }, 240_000);

  it('overflows nowhere, however bright its images and large its weights', async () => {
    for (const channels of [1, 2, 8, 16]) {
      const text = `network Bright {
        input image: f32[N, ${channels}, H, W]
        head S = image |> conv(8, kernel: 3) |> relu |> conv(4, kernel: 3) |> conv(1, kernel: 1) |> sigmoid
        output mask = S
      }`;
      for (const seed of [1, 2, 3, 4]) await expectSameLevels(caseOf({ text, seed, bright: true }));
    }
  });

  it('is the same file every time', () => {
    fc.assert(
      fc.property(drawn, (d) => {
        const { float, whole, ranges, floats, runtime } = caseOf(d);
        const again = quantize(float.graph, float.weights, { ranges, floats, runtime });
        expect(bytesOf(again)).toEqual(bytesOf(whole));
      }),
      { numRuns: 20 },
    );
  });

  it('has no whole numbers where every layer stays in float', () => {
    fc.assert(
      fc.property(drawn, (d) => {
        const { float, ranges } = caseOf(d);
        const floats = new Set(float.graph.nodes.map((n) => n.origin.path));
        expect(quantize(float.graph, float.weights, { ranges, floats }).graph).toBe(float.graph);
      }),
      { numRuns: 20 },
    );
  });
});

/** ONNX Runtime's own levels are taken on, so that a level that falls to the other side of a tie is forgiven what follows. */
async function expectSameLevels({ whole, image, text }: Case): Promise<void> {
  const { graph, weights } = whole;
  const nodes = levelNodes(graph);
  const named = nodes.map((n, k) => ({ name: `level${k}`, value: n.outputs[0] as Value }));
  const watched: Graph = { ...graph, outputs: [...graph.outputs, ...named] };
  const predictor = await ort.open(bytesOf({ graph: watched, weights }));
  const answers = await predictor
    .run({ data: Float32Array.from(image.data), shape: image.shape })
    .finally(() => predictor.dispose());
  const due = evaluateValues(watched, feedsOf(whole, image), (node, inputs) => {
    const exact = kernels[node.op](node.attrs, inputs);
    if (node.op !== 'fake_quantize') return exact;
    const at = nodes.indexOf(node);
    const got = answers.get(`level${at}`)!;
    const scale = numberAttr(node.attrs, 'scale');
    const before = inputs[0] as Float64Tensor;
    const size = before.data.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    got.data.forEach((v, i) => {
      const level = (exact[0] as Float64Tensor).data[i]!;
      // A number close to the middle between two levels may become either.
      const beside = Math.abs(v - before.data[i]!) <= scale * 0.5 + 1e-4 * (size + scale);
      if (!(Math.abs(v - level) <= 1e-5 * scale + 1e-6 * Math.abs(level) || beside))
        expect.fail(`${node.origin.path}[${i}] is ${v / scale} levels, due is ${before.data[i]! / scale}\n${text}`);
    });
    return [{ shape: got.shape, data: Float64Array.from(got.data) }];
  });
  for (const { name, value } of graph.outputs) {
    const got = answers.get(name)!;
    due.get(value.id)!.data.forEach((v, i) => {
      expect(Math.abs(got.data[i]! - v), `${name}[${i}]\n${text}`).toBeLessThan(1e-4);
    });
  }
}
