import { GraphBuilder, nextId, withoutDeadNodes } from '../../ir/builder.js';
import { type Dim, known, num } from '../../ir/dim.js';
import type { Graph, NamedValue, Value } from '../../ir/graph.js';
import { checked } from '../../ir/verify.js';
import { numberAttr } from '../../ops/attrs.js';
import type { TrainingPlan } from '../training-plan.js';
import { endOfStep, type StepEnd } from './optimizers.js';

/** A stretch of a flat vector of the state that a step is fed as an input of its own. */
export interface StateView {
  /** Of the input; the output that writes it anew, where one does, is `<name>_next`. */
  readonly name: string;
  /** `parameters`, one of the plan's slots, or `statistics`. */
  readonly of: string;
  /** In elements, as `length`. */
  readonly offset: number;
  readonly length: number;
}

export interface StepInPieces {
  readonly graph: Graph;
  readonly views: readonly StateView[];
}

/** Elements that an optimizer takes at once: its operands and temporaries, half a dozen, then stay in a cache. */
const piece = 2 ** 18;

/**
 * A training step for an engine whose operators read and write whole values, one after the other. The state comes in views of its flat
 * vectors: each parameter where it is used, so that none is cut out, and pieces of at most `longest` elements where they are updated:
 *
 *   slice(parameters)                        -> an input
 *   update(parameters, m, v, concat(g...))   -> for each piece: update(parameters.k, m.k, v.k, g.k)
 *   reduce_sum(concat(g...)^2)               -> the sum of each gradient's own
 *
 * Values are the same but for the order in which the norm is summed. **A piece may be written over the memory that it is read from**: slots
 * have no other reader, and no parameter changes before all else is computed, since the learning rate waits for every other output.
 */
export function inPieces(plan: TrainingPlan, longest = piece): StepInPieces {
  const { graph, slots } = plan;
  const { update, flat, clip, squares } = endOfStep(graph) as StepEnd;
  // Of a single parameter it is that one's gradient itself.
  const join = graph.nodes.find((n) => n.op === 'concat' && n.outputs[0] === flat);
  const parts = join?.inputs ?? [flat];
  const gone = new Set([update, clip?.node, join, squares]);
  const build = new GraphBuilder(nextId(graph), update.origin);
  const inputs: NamedValue[] = [];
  const views: StateView[] = [];
  const view = (name: string, of: string, offset: number, length: number): Value => {
    const value = build.value({ dtype: 'f32', shape: [num(length)] });
    inputs.push({ name, value });
    views.push({ name, of, offset, length });
    return value;
  };

  const replaced = new Map<number, Value>();
  const resolve = (v: Value): Value => replaced.get(v.id) ?? v;
  for (const node of graph.nodes) {
    const [made] = node.outputs as readonly [Value, ...Value[]];
    if (gone.has(node)) continue;
    build.from(node.origin);
    if (node.op === 'slice' && node.inputs[0]?.id === update.inputs[0]?.id) {
      const [start, length] = [numberAttr(node.attrs, 'start'), numberAttr(node.attrs, 'length')];
      replaced.set(made.id, view(`parameters:${start}`, 'parameters', start, length));
    } else if (node.op === 'reduce_sum' && node.inputs[0] === squares.outputs[0]) {
      const sums = parts.map(resolve).map((g) => build.emit('reduce_sum', [build.emit('mul', [g, g])], node.attrs));
      replaced.set(made.id, sums.length === 1 ? (sums[0] as Value) : build.emit('add', sums));
    } else build.carry(node, node.inputs.map(resolve));
  }

  build.from(update.origin);
  const states = ['parameters', ...slots];
  const others = graph.outputs.filter((o) => !states.some((name) => o.name === `${name}_next`));
  const outputs = others.map(({ name, value }) => ({ name, value: resolve(value) }));
  const [lr, ...count] = update.inputs.slice(states.length + 1) as [Value, ...Value[]];
  const waiting = waitingFor(
    lr,
    outputs.map((o) => o.value),
    build,
  );
  let offset = 0;
  for (const gradient of gradientPieces(parts.map(resolve), plan, longest, build)) {
    const length = known(gradient.type.shape[0] as Dim);
    const own = states.map((name) => view(`${name}.${offset}`, name, offset, length));
    const g = clip ? build.emit('mul', [gradient, resolve(clip.factor)]) : gradient;
    const next = build.emitAll(update.op, [...own, g, waiting, ...count], update.attrs);
    for (const [k, name] of states.entries()) outputs.push({ name: `${name}.${offset}_next`, value: next[k] as Value });
    offset += length;
  }

  const changed = new Set(update.inputs.slice(0, states.length).map((v) => v.id));
  for (const input of graph.inputs) if (!changed.has(input.value.id)) inputs.push(input);
  if (outputs.some((o) => o.name === 'statistics_next'))
    views.push({ name: 'statistics', of: 'statistics', offset: 0, length: plan.statistics.length });
  return { graph: checked('in pieces', withoutDeadNodes({ ...graph, inputs, nodes: build.nodes, outputs })), views };
}

/** A number that is there once others are: that none of them is greater than itself adds 0, even where one is not a number. */
function waitingFor(value: Value, others: readonly Value[], build: GraphBuilder): Value {
  const scalars = others.map((v) =>
    v.type.shape.length === 0 ? v : build.emit('reduce_sum', [v], { axes: [0], keepdims: false }),
  );
  const all = scalars.length === 1 ? (scalars[0] as Value) : build.emit('add', scalars);
  return build.emit('add', [value, build.emit('greater', [all, all])]);
}

/** Gradients in the order of their arena: small ones joined, large ones cut evenly, none longer than `longest`. */
function* gradientPieces(
  gradients: readonly Value[],
  { parameters }: TrainingPlan,
  longest: number,
  build: GraphBuilder,
): Generator<Value> {
  let small: Value[] = [];
  let length = 0;
  const joined = (): Value => (small.length === 1 ? (small[0] as Value) : build.emit('concat', small, { axis: 0 }));
  for (const [k, slot] of parameters.slots.entries()) {
    if (small.length > 0 && length + slot.length > longest) {
      yield joined();
      [small, length] = [[], 0];
    }
    const gradient = gradients[k] as Value;
    if (slot.length > longest) {
      const count = Math.ceil(slot.length / longest);
      const ends = Array.from({ length: count + 1 }, (_, i) => Math.floor((slot.length * i) / count));
      const lengths = ends.slice(1).map((end, i) => end - (ends[i] as number));
      yield* build.emitAll('split', [gradient], { axis: 0, lengths });
    } else {
      small.push(gradient);
      length += slot.length;
    }
  }
  if (small.length > 0) yield joined();
}
