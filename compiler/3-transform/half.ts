import type { Graph, Node, Param, Value } from '../ir/graph.js';
import { largestHalf, smallestHalf } from '../ir/half.js';
import { checked } from '../ir/verify.js';
import type { WeightArrays } from './fold.js';
import { lowerPrecision } from './precision.js';

/**
 * The graph in f16 inside: images between convolutions and the parameters that meet them, by the rules of `lowerPrecision`. Inputs and
 * outputs stay f32. A parameter that is used as f16 alone has that type, so that a file stores it so; weights go on as floats.
 */
export function toHalf(graph: Graph): Graph {
  const lowered = lowerPrecision(graph, 'f16');
  const kept = new Set<number>(lowered.outputs.map((o) => o.value.id));
  for (const node of lowered.nodes) if (!isHalving(node)) for (const v of node.inputs) kept.add(v.id);
  const halved = new Map<number, Param>();
  for (const p of lowered.params) if (!kept.has(p.id)) halved.set(p.id, { ...p, type: { ...p.type, dtype: 'f16' } });
  const stands = new Map<number, Value>();
  const nodes = lowered.nodes.flatMap((node): Node[] => {
    const param = isHalving(node) ? halved.get((node.inputs[0] as Value).id) : undefined;
    if (param) {
      stands.set((node.outputs[0] as Value).id, param);
      return [];
    }
    return [{ ...node, inputs: node.inputs.map((v) => stands.get(v.id) ?? v) }];
  });
  return checked('half', { ...lowered, nodes, params: lowered.params.map((p) => halved.get(p.id) ?? p) });
}

const isHalving = (node: Node): boolean => node.op === 'cast' && node.attrs.to === 'f16';

/** A parameter that f16 does not hold. */
export interface HalfLoss {
  readonly path: string;
  /** `beyond`: its largest number becomes infinity; `below`: all lie where f16 has fewer than 11 bits, or none. */
  readonly kind: 'beyond' | 'below';
  /** The largest magnitude in it. */
  readonly largest: number;
}

/**
 * Parameters of a graph of `toHalf` that are lost in f16. Where the largest number of a filter has all its bits, the least that f16 holds is
 * below the rounding of that; so only filters that are small as a whole are named. A bias is not: what it is added to decides what it may lose.
 */
export function lostInHalf(graph: Graph, weights: WeightArrays): HalfLoss[] {
  return graph.params.flatMap((p): HalfLoss[] => {
    const { path } = p.origin;
    if (p.type.dtype !== 'f16') return [];
    const largest = (weights.get(path) ?? new Float32Array()).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    if (largest > largestHalf) return [{ path, kind: 'beyond', largest }];
    const small = largest > 0 && largest < smallestHalf && p.type.shape.length > 1;
    return small ? [{ path, kind: 'below', largest }] : [];
  });
}
