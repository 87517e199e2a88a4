import { GraphBuilder, nextId, withoutDeadNodes } from '../../ir/builder.js';
import { num } from '../../ir/dim.js';
import type { Graph, NamedValue, Value } from '../../ir/graph.js';
import { checked } from '../../ir/verify.js';
import { numberAttr } from '../../ops/attrs.js';
import { type Piece, updated } from '../../optimizers/index.js';
import { type TrainingPlan, written } from '../training-plan.js';
import { clipFactor, normOf, scalarInput } from './step-parts.js';

/** A stretch of a flat vector of the state that a step is fed as an input of its own. */
export interface StateView {
  /** Of the input. */
  readonly name: string;
  /** The output that writes it anew, where one does. */
  readonly next?: string;
  /** `parameters`, one of the plan's slots, or `statistics`. */
  readonly of: string;
  /** In elements, as `length`. */
  readonly offset: number;
  readonly length: number;
}

export interface ChunkedStep {
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
 *
 * It is built from the plan's own graph without its end, so that what a pass did to that (`recompute`) stays done.
 */
export function chunkedStep(plan: TrainingPlan, longest = piece): ChunkedStep {
  const { slots, differentiated, optimizer } = plan;
  const { loss, headLosses, gradients, nextStatistics, origin } = differentiated;
  const kept = [loss, headLosses, ...gradients, ...(nextStatistics ? [nextStatistics] : [])];
  const body = withoutDeadNodes({
    ...plan.graph,
    outputs: kept.map((value) => ({ name: value.origin.path, value })),
  });
  const end = { ...origin, path: 'optimizer' };
  const build = new GraphBuilder(nextId(plan.graph), end);
  const inputs: NamedValue[] = [];
  const views: StateView[] = [];
  const view = (name: string, of: string, offset: number, length: number, next?: string): Value => {
    const value = build.value({ dtype: 'f32', shape: [num(length)] });
    inputs.push({ name, value });
    views.push({ name, of, offset, length, ...(next === undefined ? {} : { next }) });
    return value;
  };

  const replaced = new Map<number, Value>();
  const resolve = (v: Value): Value => replaced.get(v.id) ?? v;
  for (const node of body.nodes) {
    const [made] = node.outputs as readonly [Value, ...Value[]];
    build.from(node.origin);
    if (node.op === 'slice' && node.inputs[0]?.id === differentiated.inputs.parameters.id) {
      const [start, length] = [numberAttr(node.attrs, 'start'), numberAttr(node.attrs, 'length')];
      replaced.set(made.id, view(`parameters:${start}`, 'parameters', start, length));
    } else build.carry(node, node.inputs.map(resolve));
  }

  build.from(end);
  const norm = normOf(gradients.map(resolve), build);
  const factor = plan.clip === undefined ? undefined : clipFactor(norm, plan.clip, build);
  const outputs: NamedValue[] = [
    { name: 'loss', value: resolve(loss) },
    { name: 'head_losses', value: resolve(headLosses) },
    { name: 'gradient_norm', value: norm },
    ...(nextStatistics ? [{ name: written('statistics'), value: resolve(nextStatistics) }] : []),
  ];
  const [lr, step] = [scalarInput('lr', origin, build), scalarInput('step', origin, build)];
  const waiting = waitingFor(
    lr,
    outputs.map((o) => o.value),
    build,
  );
  const states = ['parameters', ...slots];
  const offsets: number[] = [];
  function* pieces(): Generator<Piece> {
    let offset = 0;
    for (const { gradient, parts } of gradientPieces(gradients.map(resolve), plan, longest, build)) {
      const length = parts.reduce((n, p) => n + p.length, 0);
      const [own, ...others] = states.map((name) =>
        view(`${name}.${offset}`, name, offset, length, written(`${name}.${offset}`)),
      );
      const scaled = factor ? build.emit('mul', [gradient, factor]) : gradient;
      offsets.push(offset);
      yield { parameters: own as Value, slots: others, gradient: scaled, parts };
      offset += length;
    }
  }
  let k = 0;
  for (const next of updated(optimizer, pieces(), { lr: waiting, step }, build)) {
    const offset = offsets[k++] as number;
    for (const [i, value] of [next.parameters, ...next.slots].entries())
      outputs.push({ name: written(`${states[i]}.${offset}`), value });
  }

  const { image, target, statistics, seed } = differentiated.inputs;
  const others = { image, target, statistics, lr, step, seed };
  const used = new Set(build.nodes.flatMap((n) => n.inputs.map((v) => v.id)));
  for (const [name, value] of Object.entries(others)) if (used.has(value.id)) inputs.push({ name, value });
  if (nextStatistics)
    views.push({
      name: 'statistics',
      next: written('statistics'),
      of: 'statistics',
      offset: 0,
      length: plan.statistics.length,
    });
  const graph = withoutDeadNodes({ inputs, params: [], nodes: build.nodes, outputs });
  return { graph: checked('chunked step', graph), views };
}

/** A number that is there once others are: that none of them is greater than itself adds 0, even where one is not a number. */
function waitingFor(value: Value, others: readonly Value[], build: GraphBuilder): Value {
  const scalars = others.map((v) =>
    v.type.shape.length === 0 ? v : build.emit('reduce_sum', [v], { axes: [0], keepdims: false }),
  );
  const all = scalars.length === 1 ? (scalars[0] as Value) : build.emit('add', scalars);
  return build.emit('add', [value, build.emit('greater', [all, all])]);
}

/** A stretch of the flat gradient, and the parameters that it is of. */
type GradientPiece = Pick<Piece, 'gradient' | 'parts'>;

/** Gradients in the order of their arena: small ones joined, large ones cut evenly, none longer than `longest`. */
function* gradientPieces(
  gradients: readonly Value[],
  { parameters }: TrainingPlan,
  longest: number,
  build: GraphBuilder,
): Generator<GradientPiece> {
  let small: { readonly gradient: Value; readonly parameter: number; readonly length: number }[] = [];
  let length = 0;
  const joined = (): GradientPiece => {
    const [only, ...more] = small.map((s) => s.gradient);
    const gradient = more.length === 0 ? (only as Value) : build.emit('concat', [only as Value, ...more], { axis: 0 });
    return { gradient, parts: small.map((s) => ({ parameter: s.parameter, length: s.length })) };
  };
  for (const [parameter, slot] of parameters.slots.entries()) {
    if (small.length > 0 && length + slot.length > longest) {
      yield joined();
      [small, length] = [[], 0];
    }
    const gradient = gradients[parameter] as Value;
    if (slot.length > longest) {
      const count = Math.ceil(slot.length / longest);
      const ends = Array.from({ length: count + 1 }, (_, i) => Math.floor((slot.length * i) / count));
      const lengths = ends.slice(1).map((end, i) => end - (ends[i] as number));
      const cut = build.emitAll('split', [gradient], { axis: 0, lengths });
      for (const [i, value] of cut.entries())
        yield { gradient: value, parts: [{ parameter, length: lengths[i] as number }] };
    } else {
      small.push({ gradient, parameter, length: slot.length });
      length += slot.length;
    }
  }
  if (small.length > 0) yield joined();
}
