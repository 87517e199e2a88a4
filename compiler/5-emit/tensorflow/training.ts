import type { TrainingPlan } from '../../3-transform/training-plan.js';
import { type Dim, isNumber } from '../../ir/dim.js';
import type { Node, Value } from '../../ir/graph.js';
import { numberAttr } from '../../ops/attrs.js';
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
  const state = new State(emission);
  const feeds: TfPort[] = [];
  for (const { name, value } of graph.inputs) {
    if (isState(name)) state.declare(name, value);
    else feeds.push(emission.feed(name, value));
  }
  const families = coverings(graph.nodes);
  const next = new Map(graph.outputs.map(({ name, value }) => [value.id, name.replace(/_next$/, '')]));
  for (const node of graph.nodes) {
    const [output] = node.outputs as readonly [Value, ...Value[]];
    if (emission.isDefined(output)) continue;
    const family = families.get(output.id);
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

/**
 * By the id of each slice's output: the slices of the same value along the same axis, where they lie side by side and cover it,
 * in order. One SplitV then stands for all of them: the views of an arena, or the gradients of what a concat joined.
 */
function coverings(nodes: readonly Node[]): ReadonlyMap<number, readonly Node[]> {
  const families = new Map<string, Node[]>();
  for (const node of nodes) {
    if (node.op !== 'slice') continue;
    const key = `${(node.inputs[0] as Value).id} ${numberAttr(node.attrs, 'axis')}`;
    families.set(key, [...(families.get(key) ?? []), node]);
  }
  const found = new Map<number, readonly Node[]>();
  for (const slices of families.values()) {
    slices.sort((a, b) => numberAttr(a.attrs, 'start') - numberAttr(b.attrs, 'start'));
    let end = 0;
    const adjoin = slices.every(({ attrs }) => {
      const fits = numberAttr(attrs, 'start') === end;
      end += numberAttr(attrs, 'length');
      return fits;
    });
    const { inputs, attrs } = slices[0] as Node;
    const whole = (inputs[0] as Value).type.shape[numberAttr(attrs, 'axis')] as Dim;
    if (!adjoin || !isNumber(whole) || whole.offset !== end) continue;
    for (const slice of slices) found.set((slice.outputs[0] as Value).id, slices);
  }
  return found;
}

function split(emission: Emission, slices: readonly Node[]): void {
  const { b, layout } = emission;
  const { inputs, attrs, origin } = slices[0] as Node;
  const value = inputs[0] as Value;
  const source = emission.tensorOf(value);
  b.at(origin.path);
  const lengths = b.ints(slices.map((slice) => numberAttr(slice.attrs, 'length')));
  const axis = b.int(layout.orderOf(value).indexOf(numberAttr(attrs, 'axis')));
  const types = { T: { type: source.type }, Tlen: { type: 'int32' }, num_split: { int: slices.length } } as const;
  const parts =
    slices.length === 1
      ? [source]
      : b.split('SplitV', [source, lengths, axis], types, new Array(slices.length).fill(source.type));
  slices.forEach((slice, k) => {
    emission.define(slice.outputs[0] as Value, parts[k] as TfTensor);
  });
}
