import type { WeightArrays } from '../3-transform/fold.js';
import { lostInHalf, toHalf } from '../3-transform/half.js';
import { ruleOf } from '../3-transform/precision.js';
import type { Graph } from '../ir/graph.js';
import { UserError } from '../user-error.js';
import type { HalfReport } from './artifact.js';

/**
 * A graph with its weights, in fp16 inside, and a warning for each filter that fp16 holds badly.
 * @throws UserError naming the parameters with numbers that it does not hold
 */
export function halved(graph: Graph, weights: WeightArrays): { graph: Graph; warnings: string[] } {
  const half = toHalf(graph);
  const lost = lostInHalf(half, weights);
  const beyond = lost.filter((l) => l.kind === 'beyond');
  const [worst, ...others] = beyond.sort((a, b) => b.largest - a.largest);
  if (worst) {
    const more = others.length === 0 ? '' : `, and so do ${others.map((l) => l.path).join(', ')}`;
    throw new UserError(
      'fp16-range',
      `${worst.path} goes up to ${worst.largest.toPrecision(3)}, and fp16 ends at 65504${more}`,
      'leave --precision out, or use --quantize int8',
    );
  }
  const warnings = lost.map(
    ({ path, largest }) =>
      `${path} has no number above ${largest.toPrecision(3)}: below 6.1e-5 fp16 keeps fewer bits, and none below 3e-8`,
  );
  return { graph: half, warnings };
}

/** How much of a file is in fp16. @param fp32Bytes bytes of the same in fp32 */
export function halfReport(half: Graph, fp32Bytes: number): HalfReport {
  const nodes = half.nodes.filter((n) => n.op !== 'cast');
  const float = new Map<string, { op: string; nodes: number; why: string }>();
  for (const node of nodes) {
    if (node.outputs[0]?.type.dtype === 'f16') continue;
    const before = float.get(node.op) ?? { op: node.op, nodes: 0, why: ruleOf(node, 'f16').why };
    float.set(node.op, { ...before, nodes: before.nodes + 1 });
  }
  const inFloat = [...float.values()];
  return {
    nodes: nodes.length,
    half: nodes.length - inFloat.reduce((n, f) => n + f.nodes, 0),
    float: inFloat,
    fp32Bytes,
  };
}
