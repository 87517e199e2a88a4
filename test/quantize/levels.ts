import { expect } from 'vitest';
import type { Graph, Node, Value } from '../../compiler/ir/graph.js';
import { numberAttr } from '../../compiler/ops/attrs.js';
import type { OnnxEngine } from '../../runtime/engines/engine.js';
import { evaluateValues, type Float64Tensor, kernels } from '../../testing/reference/index.js';
import { single } from '../backends/rounding.js';
import { bytesOf, type Case, feedsOf } from './networks.js';

const levelNodes = ({ nodes }: Graph): Node[] => nodes.filter((n) => n.op === 'fake_quantize');

/** What an elementary function may be off by, as in test/backends: some engines' sigmoid answers 0 where 1e-12 is due. */
const functions = 4 * single;

/**
 * Holds an engine against the reference, each level from those before it: its own are taken on, so that one that falls to the other
 * side of a tie is forgiven what follows.
 * @param open opens an ONNX file in the engine
 */
export async function expectSameLevels(
  { whole, image, text }: Pick<Case, 'whole' | 'image' | 'text'>,
  open: OnnxEngine['open'],
): Promise<void> {
  const { graph, weights } = whole;
  const nodes = levelNodes(graph);
  const named = nodes.map((n, k) => ({ name: `level${k}`, value: n.outputs[0] as Value }));
  const watched: Graph = { ...graph, outputs: [...graph.outputs, ...named] };
  const predictor = await open(bytesOf({ graph: watched, weights }));
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
      const beside = Math.abs(v - before.data[i]!) <= scale * 0.5 + 1e-4 * (size + scale) + functions;
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
