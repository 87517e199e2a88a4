import type { Graph, Node } from '../../ir/graph.js';
import { fusedNodes } from './fusion.js';
import { type Work, workOf } from './work.js';

/**
 * How fast an engine works on a device: seconds for each unit of work, found by measuring (`unetc doctor --calibrate`).
 *
 * A node's time is the sum of what its compute, its memory and its start cost, a graph's that of its nodes and `perRun`. The
 * classic roofline takes the larger of compute and memory (Williams et al., 2009); on CPUs both wait for each other
 * within a kernel, and a sum is linear in what is measured, so that the best fit is one and found for certain.
 */
export interface DeviceProfile {
  /** As `Engine.name`: onnxruntime, tensorflow. */
  readonly engine: string;
  readonly device: string;
  readonly precision: 'fp32' | 'bf16';
  readonly purpose: 'predict' | 'train';
  /** Floats in a vector register of the device. */
  readonly lanes: number;
  /** Seconds that a run costs whatever it runs. */
  readonly perRun: number;
  /** Seconds for a unit of each quantity of `Work`, 0 or more. */
  readonly seconds: Readonly<Record<string, number>>;
}

export interface PredictedTime {
  /** Of one run, its start included. */
  readonly seconds: number;
  /** By node; those computed within another, and views, are 0. */
  readonly nodes: ReadonlyMap<Node, number>;
}

/** Predicts a run of a bound graph, as an engine is given it: deployed, or a whole training step. */
export function predictTime(graph: Graph, profile: DeviceProfile): PredictedTime {
  const nodes = new Map(
    Array.from(nodeWork(graph, profile.lanes), ([node, work]) => [node, secondsOf(work, profile.seconds)] as const),
  );
  return { seconds: profile.perRun + [...nodes.values()].reduce((a, b) => a + b, 0), nodes };
}

/** The work of a whole graph. */
export function graphWork(graph: Graph, lanes: number): Work {
  const total = new Map<string, number>();
  for (const work of nodeWork(graph, lanes).values())
    for (const [name, amount] of work) total.set(name, (total.get(name) ?? 0) + amount);
  return total;
}

/** Bytes of weights that are taken to lie in a cache still when a graph runs again. */
const kept = 2 ** 24;

function nodeWork(graph: Graph, lanes: number): Map<Node, Work> {
  const fused = fusedNodes(graph);
  const none: Work = new Map();
  const nodes = new Map(graph.nodes.map((node) => [node, fused.has(node) ? none : workOf(node, lanes)]));
  const weightsOf = (work: Work): number => work.get('conv.weights') ?? 0;
  const weights = [...nodes.values()].reduce((n, work) => n + weightsOf(work), 0);
  if (weights <= kept) return nodes;
  const far = (work: Work): number => weightsOf(work) * (1 - kept / weights);
  return new Map(
    [...nodes].map(([node, work]) => [node, far(work) > 0 ? new Map([...work, ['conv.far', far(work)]]) : work]),
  );
}

export const secondsOf = (work: Work, seconds: DeviceProfile['seconds']): number => {
  let total = 0;
  for (const [name, amount] of work) total += amount * (seconds[name] ?? 0);
  return total;
};

export type { Work } from './work.js';
