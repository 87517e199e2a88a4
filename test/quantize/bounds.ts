import type { Graph, Node } from '../../compiler/ir/graph.js';
import { numberAttr } from '../../compiler/ops/attrs.js';
import type { Float64Tensor } from '../../testing/reference/index.js';

type Values = ReadonlyMap<number, Float64Tensor>;

/** Steepest slopes; gelu and silu have theirs a little above 1. */
const slopes: Readonly<Record<string, number>> = { sigmoid: 0.25, gelu: 1.13, silu: 1.1, tanh: 1, softmax: 0.5 };

const most = ({ data }: Float64Tensor): number => data.reduce((m, v) => Math.max(m, Math.abs(v)), 0);

/**
 * How far each value of a quantized graph may lie from the float graph's, by id, if no number lies beyond its range: a level is half
 * a step away at most, a whole number of a weight or bias half of its unit, and what is away already is stretched by the operators.
 *
 * @param values what the float64 reference computes for the quantized graph
 */
export function errorBounds(graph: Graph, values: Values): ReadonlyMap<number, number> {
  const errors = new Map<number, number>();
  const error = (id: number): number => errors.get(id) ?? 0;
  for (const node of graph.nodes) {
    const bound = errorOf(node, values, error);
    for (const output of node.outputs) errors.set(output.id, bound);
  }
  return errors;
}

function errorOf(node: Node, values: Values, error: (id: number) => number): number {
  const [x, y, z] = node.inputs;
  const own = node.inputs.map((v) => error(v.id));
  const tensors = node.inputs.map((v) => values.get(v.id) as Float64Tensor);
  switch (node.op) {
    case 'fake_quantize':
      return (own[0] as number) + numberAttr(node.attrs, 'scale') / 2;
    case 'dequantize':
      return most(tensors[1] as Float64Tensor) / 2;
    case 'conv':
    case 'conv_transpose': {
      const weights = tensors[1] as Float64Tensor;
      const reached = node.op === 'conv' ? rowSum(weights) : most(weights) * weights.data.length;
      const terms = node.op === 'conv' ? weights.data.length / (weights.shape[0] as number) : weights.data.length;
      const [dx, dw, db] = [error(x!.id), error(y!.id), z ? error(z.id) : 0];
      return reached * dx + terms * dw * (most(tensors[0] as Float64Tensor) + dx) + db;
    }
    case 'mul': {
      const [a, b] = tensors.map(most) as [number, number];
      const [da, db] = own as [number, number];
      return a * db + b * da + da * db;
    }
    case 'add':
      return own.reduce((a, b) => a + b, 0);
    case 'batchnorm': {
      const [, gamma, , , variance] = tensors as [
        Float64Tensor,
        Float64Tensor,
        Float64Tensor,
        Float64Tensor,
        Float64Tensor,
      ];
      const steepest = gamma.data.map(
        (g, c) => g / Math.sqrt((variance.data[c] as number) + numberAttr(node.attrs, 'eps', 1e-5)),
      );
      return most({ shape: [], data: steepest }) * (own[0] as number);
    }
    case 'prelu':
      return Math.max(1, most(tensors[1] as Float64Tensor)) * (own[0] as number);
    // Means, maxima, and what moves numbers about.
    default:
      return (slopes[node.op] ?? 1) * Math.max(...own);
  }
}

/** The largest sum of |weights| of an output channel. */
function rowSum({ data, shape }: Float64Tensor): number {
  const perChannel = data.length / (shape[0] as number);
  let largest = 0;
  for (let c = 0; c < (shape[0] as number); c++) {
    const row = data.subarray(c * perChannel, (c + 1) * perChannel);
    largest = Math.max(
      largest,
      row.reduce((sum, w) => sum + Math.abs(w), 0),
    );
  }
  return largest;
}
