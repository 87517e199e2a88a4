import { lowerPrecision } from '../../compiler/3-transform/precision.js';
import { initialState } from '../../compiler/6-build/initialize.js';
import { load, type Recipe, type TrainingPlan, trainingPlan } from '../../compiler/index.js';
import type { Trainer, TrainingState } from '../../runtime/engines/engine.js';
import { type BlockShape, type NetworkShape, specText } from '../../testing/network-shape.js';
import { randomTarget } from '../../testing/properties.js';
import { type Compute, evaluate, type Float64Tensor, tensor } from '../../testing/reference/index.js';
import { picture } from '../tfjs-layers/builds.js';
import type { Backend } from './engines.js';
import { type Bounds, boundsOf, finite } from './rounding.js';

type Tensors = ReadonlyMap<string, Float64Tensor>;

/** How often the roundings of a whole run are drawn: a bias may have two elements, whose spread a few draws do not tell. */
const draws = 8;

const block: BlockShape = {
  ...{ convs: 1, kernel: 3, dilation: 1, norm: 'batchnorm', activation: 'relu' },
  ...{ residual: false, excite: false, dropout: true },
};

const base: NetworkShape = {
  ...{ rank: 2, channels: 2, classes: 1, width: [2, 3, 4], topology: 'nested', block, down: 'maxpool', up: 'nearest' },
  ...{ merge: 'concat', gate: false, heads: 'all', activation: 'sigmoid', loss: '0.5 * bce + dice' },
  optimizer: 'adam(lr: 1e-2)',
};

interface Tiny {
  readonly name: string;
  readonly shape: NetworkShape;
  readonly size: readonly number[];
  readonly recipe?: Partial<Recipe>;
}

/** Together they have every kind of layer, each optimizer, 1 to 3 dimensions. */
const kinked: readonly Tiny[] = [
  { name: 'UNet++, ReLU, batch norm, dropout, Adam clipped', shape: base, size: [8, 8], recipe: { clip: 0.5 } },
  {
    name: '3-D U-Net, leaky ReLU, residual, transposed convolutions, AdamW',
    shape: {
      ...{ ...base, rank: 3, width: [2, 3], topology: 'plain', heads: 'last', up: 'conv_transpose', classes: 2 },
      ...{
        block: { ...block, activation: 'leaky_relu', residual: true, dropout: false },
        optimizer: 'adamw(lr: 1e-2)',
      },
    },
    size: [4, 4, 4],
  },
];

/**
 * Without ReLU and max pooling: over several steps a rounding that puts a number on the other side of a kink is no longer
 * small, and two right engines part.
 */
const smooth: readonly Tiny[] = [
  {
    name: 'UNet++, SiLU, batch norm, linear upsampling, gates, AdamW',
    shape: {
      ...{ ...base, width: [2, 3], down: 'avgpool', up: 'linear', gate: false, optimizer: 'adamw(lr: 1e-2)' },
      block: { ...block, activation: 'silu', dropout: true },
    },
    size: [8, 8],
  },
  {
    name: '1-D U-Net, GELU, instance norm, dilated, softmax, SGD with Nesterov momentum',
    shape: {
      ...{ ...base, rank: 1, classes: 3, topology: 'plain', heads: 'last', down: 'conv', up: 'corners', merge: 'add' },
      ...{ activation: 'softmax', loss: 'cross_entropy + dice', optimizer: 'sgd(lr: 1e-2)' },
      block: { ...block, norm: 'instancenorm', activation: 'gelu', dilation: 2, excite: true },
    },
    size: [16],
  },
];

/** A network, its data, and how many steps it takes. */
export interface Run {
  readonly name: string;
  readonly steps: number;
  readonly plan: TrainingPlan;
  readonly start: TrainingState;
  readonly image: Float32Array;
  readonly target: Float32Array;
}

const batch = 2;
const lr = 1e-2;
const seedOf = (step: number): number => 100 + step;

function runOf({ name, shape, size, recipe }: Tiny, steps: number): Run {
  const { network, recipe: own, diagnostics } = load(specText(shape));
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  const optimizer = own.optimizer.name === 'sgd' ? { ...own.optimizer, momentum: 0.9, nesterov: true } : own.optimizer;
  const plan = trainingPlan(network, { ...own, ...recipe, optimizer }, { batch, size });
  const image = picture(plan.imageShape, 3).data;
  return { name, steps, plan, start: initialState(plan, 5), image, target: randomTarget(plan.targetShape, 7) };
}

export const oneStep: readonly Run[] = [...kinked, ...smooth].map((tiny) => runOf(tiny, 1));
export const tenSteps: readonly Run[] = smooth.map((tiny) => runOf(tiny, 10));

const vector = (data: ArrayLike<number>): Float64Tensor => tensor([data.length], data);
const scalar = (value: number): Float64Tensor => tensor([], [value]);

/** What a run answers: losses of every step, and the state after the last, parameter by parameter. */
function answersOf({ plan }: Run, losses: readonly Tensors[], state: ReadonlyMap<string, ArrayLike<number>>): Tensors {
  const named = losses.flatMap((step, k) => [...step].map(([name, t]) => [`${name} of step ${k + 1}`, t] as const));
  const parts = [...state].flatMap(([name, arena]) =>
    (name === 'statistics' ? plan.statistics : plan.parameters).slots.map(
      ({ path, offset, length }) =>
        [`${name} ${path}`, vector(Array.prototype.slice.call(arena, offset, offset + length))] as const,
    ),
  );
  return new Map([...named, ...parts]);
}

/** The run by the reference, in double precision throughout. */
function byReference(run: Run, graph: TrainingPlan['graph'], compute?: Compute): Tensors {
  const { plan, start } = run;
  const state = new Map<string, ArrayLike<number>>(
    Object.entries({ parameters: start.parameters, statistics: start.statistics, ...start.slots }),
  );
  const losses: Tensors[] = [];
  for (let step = 1; step <= run.steps; step++) {
    const feeds = new Map<string, Float64Tensor>([
      ...[...state].map(([name, data]) => [name, vector(data)] as const),
      ['image', tensor(plan.imageShape, run.image)],
      ['target', tensor(plan.targetShape, run.target)],
      ['lr', scalar(Math.fround(lr))],
      ['step', scalar(step)],
      ['seed', scalar(seedOf(step))],
    ]);
    const out = evaluate(graph, feeds, compute);
    losses.push(
      new Map(['loss', 'head_losses', 'gradient_norm'].map((name) => [name, out.get(name) as Float64Tensor])),
    );
    for (const name of state.keys()) {
      const next = out.get(`${name}_next`);
      if (next) state.set(name, next.data);
    }
  }
  return answersOf(run, losses, state);
}

export async function byTrainer(run: Run, trainer: Trainer): Promise<Tensors> {
  const losses: Tensors[] = [];
  for (let step = 1; step <= run.steps; step++) {
    const result = await trainer.step({ image: run.image, target: run.target, lr, step, seed: seedOf(step) });
    losses.push(
      new Map([
        ['loss', scalar(result.loss)],
        ['head_losses', vector(result.headLosses)],
        ['gradient_norm', scalar(result.gradientNorm)],
      ]),
    );
  }
  const { parameters, statistics, slots } = await trainer.snapshot();
  return answersOf(run, losses, new Map(Object.entries({ parameters, statistics, ...slots })));
}

const judged = new Map<string, { readonly due: Tensors; readonly bounds: Bounds }>();

/** In bf16 the roundings are drawn for the graph that runs, and measured from the one in double precision. */
export function judge(
  run: Run,
  { precision, arithmetic }: Backend,
): { readonly due: Tensors; readonly bounds: Bounds } {
  const key = `${run.name} ${run.steps} ${precision} ${arithmetic.functions}`;
  const before = judged.get(key);
  if (before) return before;
  const due = byReference(run, run.plan.graph);
  const graph = precision === 'bf16' ? lowerPrecision(run.plan.graph) : run.plan.graph;
  const made = { due, bounds: finite(boundsOf(due, (compute) => byReference(run, graph, compute), arithmetic, draws)) };
  judged.set(key, made);
  return made;
}
