import { type TrainingPlan, written } from '../../3-transform/training-plan.js';
import type { Value } from '../../ir/graph.js';
import { Emission, type ImageOrder, type TfPort } from './emission.js';
import type { TfNode } from './node.js';
import { State } from './state.js';

/**
 * A training step whose state lives inside the session. Three uses of one graph: feed `restore` and ask for `restored`; feed
 * `step` and ask for its results; ask for `snapshot`. The state's vectors are in TensorFlow's order (`reorderedArena`).
 */
export interface TfTrainingGraph {
  readonly nodes: readonly TfNode[];
  readonly step: { readonly inputs: readonly TfPort[]; readonly outputs: readonly TfPort[] };
  /** All at once, or with `each`, an output an input, one after the other. */
  readonly restore: {
    readonly inputs: readonly TfPort[];
    readonly outputs: readonly TfPort[];
    readonly each: readonly TfPort[];
  };
  readonly snapshot: { readonly outputs: readonly TfPort[] };
}

/**
 * Writes a whole training step: flat, no functions, every shape a number. Parameters, optimizer slots and statistics are
 * resource variables, each one flat vector, which the optimizer's kernel sweeps once.
 */
export function emitTraining(plan: TrainingPlan, images: ImageOrder): TfTrainingGraph {
  const { graph } = plan;
  const emission = new Emission(graph, images);
  const names = ['parameters', ...plan.slots, 'statistics'];
  const isState = (name: string) => names.includes(name);
  /** Vectors of the state by the output that writes them. */
  const vectorOf = new Map(names.map((name) => [written(name), name]));
  const state = new State(emission);
  const feeds: TfPort[] = [];
  for (const { name, value } of graph.inputs) {
    if (isState(name)) state.declare(name, value);
    else feeds.push(emission.feed(name, value));
  }
  const results = graph.outputs.filter(({ name }) => !vectorOf.has(name));
  const next = new Set(graph.outputs.map((o) => o.value.id));
  for (const node of graph.nodes) {
    const [output] = node.outputs as readonly [Value, ...Value[]];
    if (emission.isDefined(output)) continue;
    const updates = node.outputs.every((v) => next.has(v.id)) && state.update(node);
    if (!updates) emission.lower(node);
  }
  for (const { name, value } of graph.outputs) {
    const vector = vectorOf.get(name);
    if (vector !== undefined) state.assign(vector, value);
  }
  const outputs = results.map(({ name, value }) => emission.answer(name, value, state.updates));
  return {
    nodes: emission.b.nodes,
    step: { inputs: feeds, outputs },
    restore: state.restore(),
    snapshot: state.snapshot(),
  };
}
