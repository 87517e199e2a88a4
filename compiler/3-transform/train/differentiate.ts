import { specialize } from '../../2-infer/specialize.js';
import { GraphBuilder, nextId, withoutDeadNodes } from '../../ir/builder.js';
import { known, num } from '../../ir/dim.js';
import type { Graph, NamedValue, Network, Node, Origin, Param, Value } from '../../ir/graph.js';
import { headLoss, predictionOf } from '../../losses/index.js';
import type { Recipe } from '../../recipe.js';
import { decompose } from '../decompose.js';
import type { Arena, ArenaSlot, Differentiated } from '../training-plan.js';
import { mergeUpsampling } from '../upsampling/in-training.js';
import { backward } from './backward.js';

/**
 * Differentiates a network's losses: forward with batch statistics and dropout, every head's loss, backward, running statistics. What steps are
 * built from (flat-step.ts, chunked-step.ts): the state comes in as flat vectors, and losses, gradients and statistics are values, which no
 * step needs to look for.
 *
 * @param size one number for each spatial dimension; must be valid for the network (`sizeRules`).
 */
export function differentiate(
  network: Network,
  recipe: Recipe,
  options: { readonly batch: number; readonly size: readonly number[] },
): Differentiated {
  const bound = boundForTraining(network, options.batch, options.size);
  const image = (bound.graph.inputs[0] as NamedValue).value;
  const heads = bound.heads.map((h) => ({ name: h.name, value: h.value }));
  const forward = mergeUpsampling(decompose(withoutDeadNodes({ ...bound.graph, outputs: heads })));
  const weights = inArena(forward.params, 'weight');
  const running = inArena(forward.params, 'statistic');
  const arenas = { parameters: arenaOf(weights), statistics: arenaOf(running) };
  const firstHead = bound.heads[0];
  if (!firstHead) throw new Error('a network without heads has nothing to train');
  const origin: Origin = { path: 'step', span: firstHead.value.origin.span };
  const build = new GraphBuilder(nextId(forward), origin);
  const input = (path: string, shape: readonly number[], dtype: 'f32' | 'i64' = 'f32'): Value =>
    build.value({ dtype, shape: shape.map(num) }, { ...origin, path });
  const target = input('target', firstHead.value.type.shape.map(known));
  const parameters = input('parameters', [arenas.parameters.length]);
  const statistics = input('statistics', [Math.max(1, arenas.statistics.length)]);
  const seed = input('seed', [], 'i64');

  const views = new Map<number, Value>();
  viewArena(weights, arenas.parameters, parameters, build, views);
  viewArena(running, arenas.statistics, statistics, build, views);
  const training = trainingForward(forward, views, seed, build);

  const losses = bound.heads.map((head) => {
    build.from({ ...head.value.origin, path: `${head.name}.loss` });
    const value = training.resolve(head.value);
    const producer = build.nodes.find((n) => n.outputs[0]?.id === value.id);
    return headLoss(recipe.loss, predictionOf(value, producer), target, build, recipe.ignore !== undefined);
  });
  build.from({ ...origin, path: 'loss' });
  const shares = headShares(recipe, bound.heads.length);
  const loss = build.emit(
    'add',
    losses.map((l, k) => build.emit('affine', [l], { scale: shares[k] as number, shift: 0 })),
  );
  const headLosses = build.emit(
    'concat',
    losses.map((l) => build.emit('reshape', [l], { shape: [1] })),
    { axis: 0 },
  );

  const gradients = backward(
    loss,
    weights.map((p) => views.get(p.id) as Value),
    [...build.nodes],
    build,
  );
  build.from({ ...origin, path: 'optimizer' });
  const flat = gradients.map((g, k) => flattened(g, weights[k] as Param, build));
  const nodes = build.nodes.slice();
  build.from({ ...origin, path: 'statistics' });
  const parts = running.map((p) => training.nextStatistic(p, views));
  const nextStatistics = parts.length === 0 ? undefined : build.emit('concat', parts, { axis: 0 });

  return {
    nodes,
    statisticsNodes: build.nodes.slice(nodes.length),
    nextId: build.value(loss.type).id,
    origin,
    inputs: { image, target, parameters, statistics, seed },
    loss,
    headLosses,
    gradients: flat,
    nextStatistics,
    arenas,
    batch: options.batch,
    heads: bound.heads.map((h) => h.name),
  };
}

/** N becomes the batch, the other symbols of the input the sizes in order; a fixed dimension must agree. */
function boundForTraining(network: Network, batch: number, size: readonly number[]): Network {
  const shape = (network.graph.inputs[0] as NamedValue).value.type.shape;
  const wanted = [batch, known(shape[1] ?? num(1)), ...size];
  const sizes: Record<string, number> = {};
  shape.forEach((d, k) => {
    if (d.symbol !== null) sizes[d.symbol] = wanted[k] as number;
  });
  return specialize(network, sizes);
}

/** Elements of a cache line: a slot that starts at one is read by TensorFlow in the arena itself, without a copy. */
const line = 16;

/** Parameters of a role in the order of their arena: those that fill whole lines first, so that each starts at one. */
function inArena(params: readonly Param[], role: Param['role']): Param[] {
  const all = params.filter((p) => p.role === role);
  const fills = (p: Param): boolean => elements(p) % line === 0;
  return [...all.filter(fills), ...all.filter((p) => !fills(p))];
}

/** Slots in order and without gaps. */
function arenaOf(params: readonly Param[]): Arena {
  const slots: ArenaSlot[] = [];
  let offset = 0;
  for (const p of params) {
    const length = elements(p);
    slots.push({ path: p.origin.path, offset, length, shape: p.type.shape.map(known), init: p.init });
    offset += length;
  }
  return { length: offset, slots };
}

/** A parameter is a view of its arena: slice, then reshape. */
function viewArena(
  params: readonly Param[],
  arena: Arena,
  source: Value,
  build: GraphBuilder,
  views: Map<number, Value>,
): void {
  for (const [k, p] of params.entries()) {
    const slot = arena.slots[k] as ArenaSlot;
    build.from(p.origin);
    const flat = build.emit('slice', [source], { axis: 0, start: slot.offset, length: slot.length });
    views.set(p.id, build.emit('reshape', [flat], { shape: slot.shape }));
  }
}

/**
 * The forward graph as it runs in training:
 *   batchnorm(x, g, b, mean, var) -> batchnorm_train(x, g, b), and new running statistics
 *   dropout(x) -> x * dropout_mask(seed)
 */
function trainingForward(forward: Graph, views: Map<number, Value>, seed: Value, build: GraphBuilder) {
  const replaced = new Map<number, Value>(views);
  const resolve = (v: Value): Value => replaced.get(v.id) ?? v;
  /** Running statistic (by parameter id) -> its value after this step. */
  const updates = new Map<number, () => Value>();
  let salt = 0;
  for (const node of forward.nodes) {
    const inputs = node.inputs.map(resolve);
    const [x, gamma, beta] = inputs as [Value, Value, Value];
    const output = node.outputs[0] as Value;
    build.from(node.origin);
    if (node.op === 'dropout') {
      const shape = x.type.shape.map(known);
      const mask = build.emit('dropout_mask', [seed], { rate: node.attrs.rate ?? 0.5, salt: salt++, shape });
      replaced.set(output.id, build.emit('mul', [x, mask]));
    } else if (node.op === 'batchnorm') {
      const [y, mean, variance] = build.emitAll('batchnorm_train', [x, gamma, beta], { eps: node.attrs.eps ?? 1e-5 });
      replaced.set(output.id, y as Value);
      const seen = elements(x) / known((gamma as Value).type.shape[0] ?? num(1));
      scheduleStatistics(node, mean as Value, variance as Value, seen, resolve, build, updates);
    } else {
      build.carry(node, inputs);
    }
  }
  return {
    resolve,
    nextStatistic: (p: Param, all: Map<number, Value>): Value => updates.get(p.id)?.() ?? (all.get(p.id) as Value),
  };
}

/** Running statistics as PyTorch keeps them: (1 - momentum) * old + momentum * batch, the variance unbiased. */
function scheduleStatistics(
  node: Node,
  mean: Value,
  variance: Value,
  seen: number,
  resolve: (v: Value) => Value,
  build: GraphBuilder,
  updates: Map<number, () => Value>,
): void {
  const momentum = (node.attrs.momentum as number | undefined) ?? 0.1;
  const blend = (old: Value, batch: Value, factor: number) => () =>
    build.emit('add', [
      build.emit('affine', [old], { scale: 1 - momentum, shift: 0 }),
      build.emit('affine', [batch], { scale: momentum * factor, shift: 0 }),
    ]);
  const [, , , runningMean, runningVariance] = node.inputs as [Value, Value, Value, Value, Value];
  updates.set(runningMean.id, blend(resolve(runningMean), mean, 1));
  updates.set(runningVariance.id, blend(resolve(runningVariance), variance, seen / Math.max(1, seen - 1)));
}

function flattened(gradient: Value | null, param: Param, build: GraphBuilder): Value {
  const length = elements(param);
  if (!gradient) return build.emit('constant', [], { value: 0, shape: [length] });
  return build.emit('reshape', [gradient], { shape: [length] });
}

/** Head weights normalised to sum 1; equal where the recipe gives none. */
function headShares(recipe: Recipe, heads: number): number[] {
  const weights = recipe.weights ?? Array.from({ length: heads }, () => 1);
  const sum = weights.reduce((a, w) => a + w, 0);
  return weights.map((w) => w / sum);
}

/** Elements in a value of known shape. */
const elements = (v: Value): number => v.type.shape.reduce((n, d) => n * known(d), 1);
