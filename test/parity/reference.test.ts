import { describe, expect, test } from 'vitest';
import { deploy, type TrainingPlan, trainingPlan } from '../../compiler/index.js';
import { evaluate, type Float64Tensor, tensor } from '../../testing/reference/index.js';
import { expectClose, expectGradients } from './compare.js';
import { bareGradient, emptySlots, loaded, startOf, weightsOf } from './plans.js';
import { flat, inSlots, recordedBatch, recordedJson, recordedNetwork } from './recorded.js';
import { pixelSpec, unetppSpec, upsamplings } from './specs.js';

// The training graph in double precision against PyTorch: what is compared is the mathematics, so what differs is only
// the recording's rounding to single precision.

interface State {
  parameters: ArrayLike<number>;
  statistics: ArrayLike<number>;
  slots: Record<string, ArrayLike<number>>;
}

const vector = (data: ArrayLike<number>): Float64Tensor => tensor([data.length], data);
const scalar = (value: number): Float64Tensor => tensor([], [value]);

/** One step of a plan by the reference evaluator. */
function step(
  plan: TrainingPlan,
  state: State,
  batch: { image: ArrayLike<number>; target: ArrayLike<number> },
  at: { lr: number; step: number },
) {
  const given: [string, Float64Tensor][] = [
    ['image', tensor(plan.imageShape, batch.image)],
    ['target', tensor(plan.targetShape, batch.target)],
    ['parameters', vector(state.parameters)],
    ['statistics', vector(state.statistics)],
    ['lr', scalar(at.lr)],
    ['step', scalar(at.step)],
    ['seed', scalar(0)],
    ...Object.entries(state.slots).map(([name, data]): [string, Float64Tensor] => [name, vector(data)]),
  ];
  const out = evaluate(plan.graph, new Map(given));
  const data = (name: string): Float64Array => {
    const found = out.get(name);
    if (!found) throw new Error(`the plan has no output ${name}`);
    return found.data;
  };
  return {
    loss: data('loss')[0]!,
    headLosses: data('head_losses'),
    gradientNorm: data('gradient_norm')[0]!,
    statistics: out.has('statistics_next') ? data('statistics_next') : new Float64Array(0),
    next: {
      parameters: data('parameters_next'),
      statistics: out.has('statistics_next') ? data('statistics_next') : new Float64Array(0),
      slots: Object.fromEntries(plan.slots.map((name) => [name, data(`${name}_next`)])),
    },
  };
}

describe.each(upsamplings.flatMap((up) => [false, true].map((bn) => [up, bn] as const)))(
  'UNet++ with %s upsampling, batch norm %s',
  (up, bn) => {
    const recorded = recordedNetwork(`unetpp-${up}${bn ? '-bn' : ''}`);
    const batch = recordedBatch();
    const { network, recipe } = loaded(unetppSpec(up, bn));

    test('one training step: losses, every gradient, running statistics', () => {
      const plan = trainingPlan(network, bareGradient(recipe), { batch: 2, size: [32, 32] });
      const state = startOf(plan, recorded);
      const result = step(plan, state, { image: batch.image.data, target: batch.target.data }, { lr: 1e-3, step: 1 });
      expect(result.loss).toBeCloseTo(recorded.loss, 9);
      expectClose(result.headLosses, recorded.headLosses, 1e-9);
      const gradient = flat(inSlots(plan.parameters.slots, recorded.gradients));
      expectGradients(result.next.slots.momentum!, gradient, plan.parameters.slots, 1e-6);
      expect(result.gradientNorm).toBeCloseTo(Math.hypot(...gradient), 5);
      expectClose(result.statistics, flat(inSlots(plan.statistics.slots, recorded.statistics)), 1e-6);
    });

    test('four steps of Adam', () => {
      const plan = trainingPlan(network, recipe, { batch: 2, size: [32, 32] });
      let state: State = startOf(plan, recorded);
      for (let k = 0; k < 4; k++) {
        const given = { image: batch.image.data, target: batch.target.data };
        const result = step(plan, state, given, { lr: 1e-3, step: k + 1 });
        expect(Math.abs(result.loss - recorded.adamLosses64[k]!)).toBeLessThan(1e-9);
        state = result.next;
      }
    });

    test('prediction with those statistics', () => {
      const graph = deploy(network);
      const feeds = new Map([['image', tensor(batch.image.shape, batch.image.data)]]);
      for (const [path, t] of weightsOf({ graph }, recorded)) feeds.set(path, tensor(t.shape, t.data));
      expectClose(evaluate(graph, feeds).get('mask')!.data, recorded.evalMean.data, 1e-6);
    });
  },
);

interface RecordedLosses {
  shape: number[];
  image: number[];
  weight: number[];
  bias: number[];
  masks: number[];
  classes: number[];
  cases: {
    activation: 'sigmoid' | 'softmax';
    loss: string;
    value: number;
    weight_gradient: number[];
    bias_gradient: number[];
  }[];
}

const small = recordedJson<RecordedLosses>('losses.json');
const pixelState = (plan: TrainingPlan): State => ({
  parameters: [...small.weight, ...small.bias],
  statistics: [],
  slots: emptySlots(plan),
});

test.each(small.cases.map((c) => [c.loss, c.activation, c] as const))('loss %s under %s', (_loss, activation, c) => {
  const { network, recipe } = loaded(pixelSpec(activation, `loss = ${c.loss}`));
  const plan = trainingPlan(network, bareGradient(recipe), { batch: 2, size: [4, 5] });
  const target = activation === 'softmax' ? small.classes : small.masks;
  const result = step(plan, pixelState(plan), { image: small.image, target }, { lr: 1, step: 1 });
  expect(result.loss).toBeCloseTo(c.value, 10);
  expectClose(result.next.slots.momentum!, [...c.weight_gradient, ...c.bias_gradient], 1e-9);
});

interface RecordedOptimizers {
  cases: { optimizer: string; clip: number | null; losses: number[]; norms: number[]; parameters: number[][] }[];
}

test.each(recordedJson<RecordedOptimizers>('optimizers.json').cases.map((c) => [c.optimizer, c] as const))(
  'ten steps of %s',
  (_optimizer, c) => {
    const clip = c.clip === null ? '' : `clip = ${c.clip}`;
    const { network, recipe } = loaded(pixelSpec('sigmoid', `loss = bce  optimizer = ${c.optimizer}  ${clip}`));
    const plan = trainingPlan(network, recipe, { batch: 2, size: [4, 5] });
    let state = pixelState(plan);
    for (const [k, parameters] of c.parameters.entries()) {
      const batch = { image: small.image, target: small.masks };
      const result = step(plan, state, batch, { lr: recipe.optimizer.lr, step: k + 1 });
      expect(result.loss).toBeCloseTo(c.losses[k]!, 8);
      expect(result.gradientNorm).toBeCloseTo(c.norms[k]!, 8);
      expectClose(result.next.parameters, parameters, 1e-7);
      state = result.next;
    }
  },
);
