import type { TrainingPlan } from '../../3-transform/training-plan.js';
import { knownShape } from '../../ir/dim.js';
import type { Node, Value } from '../../ir/graph.js';
import { numberAttr } from '../../ops/attrs.js';
import { product } from '../shared.js';
import { Emission, type ImageOrder, type TfPort } from './emission.js';
import type { TfNode, TfTensor } from './node.js';
import { State } from './state.js';

/**
 * A training step whose state lives inside the session. Three uses of one graph: feed `restore` and ask for `restored`; feed
 * `step` and ask for its results; ask for `snapshot`. The state's vectors are in TensorFlow's order (`reorderedArena`).
 */
export interface TfTrainingGraph {
  readonly nodes: readonly TfNode[];
  readonly step: { readonly inputs: readonly TfPort[]; readonly outputs: readonly TfPort[] };
  readonly restore: { readonly inputs: readonly TfPort[]; readonly outputs: readonly TfPort[] };
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
  const state = new State(emission);
  const feeds: TfPort[] = [];
  for (const { name, value } of graph.inputs) {
    if (isState(name)) state.declare(name, value);
    else feeds.push(emission.feed(name, value));
  }
  const views = arenaViews(graph.nodes);
  const next = new Map(graph.outputs.map(({ name, value }) => [value.id, name.replace(/_next$/, '')]));
  for (const node of graph.nodes) {
    const [source] = node.inputs;
    if (emission.isDefined(node.outputs[0] as Value)) continue;
    const family = node.op === 'slice' && source ? views.get(source.id) : undefined;
    if (family) split(emission, family);
    else if (node.outputs.every((v) => next.has(v.id)) && state.update(node)) continue;
    else emission.lower(node);
  }
  for (const { name, value } of graph.outputs) if (name.endsWith('_next')) state.assign(name.slice(0, -5), value);
  const results = graph.outputs.filter(({ name }) => !name.endsWith('_next'));
  const outputs = results.map(({ name, value }) => emission.answer(name, value, state.updates));
  return {
    nodes: emission.b.nodes,
    step: { inputs: feeds, outputs },
    restore: state.restore(),
    snapshot: state.snapshot(),
  };
}

/** By vector: the slices that lie side by side and cover it, in order. One SplitV then stands for all of them. */
function arenaViews(nodes: readonly Node[]): ReadonlyMap<number, readonly Node[]> {
  const bySource = new Map<number, Node[]>();
  for (const node of nodes) {
    const [source] = node.inputs;
    if (node.op !== 'slice' || source?.type.shape.length !== 1) continue;
    bySource.set(source.id, [...(bySource.get(source.id) ?? []), node]);
  }
  for (const [id, slices] of bySource) {
    slices.sort((a, b) => numberAttr(a.attrs, 'start') - numberAttr(b.attrs, 'start'));
    let end = 0;
    const covers = slices.every(({ attrs }) => {
      const fits = numberAttr(attrs, 'start') === end;
      end += numberAttr(attrs, 'length');
      return fits;
    });
    const source = (slices[0] as Node).inputs[0] as Value;
    if (!covers || end !== product(knownShape(source.type.shape))) bySource.delete(id);
  }
  return bySource;
}

function split(emission: Emission, slices: readonly Node[]): void {
  const { b } = emission;
  const source = emission.tensorOf((slices[0] as Node).inputs[0] as Value);
  const lengths = b.ints(slices.map(({ attrs }) => numberAttr(attrs, 'length')));
  b.at('views');
  const attrs = { T: { type: source.type }, Tlen: { type: 'int32' }, num_split: { int: slices.length } } as const;
  const parts =
    slices.length === 1
      ? [source]
      : b.split('SplitV', [source, lengths, b.int(0)], attrs, new Array(slices.length).fill(source.type));
  slices.forEach((node, k) => {
    emission.define(node.outputs[0] as Value, parts[k] as TfTensor);
  });
}
