import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantize, verifyGraph } from '../../compiler/index.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { evaluateValues } from '../../testing/reference/index.js';
import { cases } from '../cases.js';
import { errorBounds } from './bounds.js';
import { expectSameLevels } from './levels.js';
import { bytesOf, caseOf, drawn, feedsOf } from './networks.js';

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
      cases(60),
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
      cases(60),
    );
  });

  it('is computed by ONNX Runtime as the reference does, each level from those before it', async () => {
    await fc.assert(
      fc.asyncProperty(drawn, (d) => expectSameLevels(caseOf(d), ort.open)),
      cases(60),
    );
  }, 240_000);

  it('overflows nowhere, however bright its images and large its weights', async () => {
    for (const channels of [1, 2, 8, 16]) {
      const text = `network Bright {
        input image: f32[N, ${channels}, H, W]
        head S = image |> conv(8, kernel: 3) |> relu |> conv(4, kernel: 3) |> conv(1, kernel: 1) |> sigmoid
        output mask = S
      }`;
      for (const seed of [1, 2, 3, 4]) await expectSameLevels(caseOf({ text, seed, bright: true }), ort.open);
    }
  });

  it('is the same file every time', () => {
    fc.assert(
      fc.property(drawn, (d) => {
        const { float, whole, ranges, floats, runtime } = caseOf(d);
        const again = quantize(float.graph, float.weights, { ranges, floats, runtime });
        expect(bytesOf(again)).toEqual(bytesOf(whole));
      }),
      cases(20),
    );
  });

  it('has no whole numbers where every layer stays in float', () => {
    fc.assert(
      fc.property(drawn, (d) => {
        const { float, ranges } = caseOf(d);
        const floats = new Set(float.graph.nodes.map((n) => n.origin.path));
        expect(quantize(float.graph, float.weights, { ranges, floats }).graph).toBe(float.graph);
      }),
      cases(20),
    );
  });
});
