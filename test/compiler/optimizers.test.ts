import { describe, expect, it } from 'vitest';
import { load, trainingPlan } from '../../compiler/index.js';
import { knobsOf } from '../../compiler/knob.js';
import { lossDefinition, lossNames } from '../../compiler/losses/index.js';
import {
  defaultRecipe,
  type LossName,
  lossTerm,
  type OptimizerName,
  optimizerNames,
  optimizerOf,
  recipeFromRecord,
} from '../../compiler/recipe.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { evaluate, tensor } from '../../testing/reference/index.js';
import { referenceEngine } from '../../testing/reference-engine.js';

const text = (train: string, end = 'sigmoid'): string => `network One {
  input image: f32[N, 1, 4, 4]
  head S = image |> conv(2, kernel: 1) |> ${end}
  output mask = S
}
train { ${train} }`;

describe('defaults', () => {
  it.each(optimizerNames.map((n) => [n]))('of %s are those of the API', (name) => {
    expect(load(text(`optimizer = ${name}`)).recipe.optimizer).toEqual(optimizerOf(name));
  });

  it.each(lossNames.map((n) => [n]))('of %s are those of the API, and train the same when left out', (name) => {
    const end = lossDefinition(name).on.sigmoid ? 'sigmoid' : 'softmax';
    const { network, recipe } = load(text(`loss = ${name}`, end));
    expect(recipe.loss).toEqual([lossTerm(name)]);
    const graph = (loss: typeof recipe.loss) =>
      JSON.stringify(
        trainingPlan(network!, { ...recipe, loss }, { batch: 1, size: [4, 4] }).graph.nodes.map((n) => [n.op, n.attrs]),
      );
    expect(graph([{ name, weight: 1, args: {} }] as typeof recipe.loss)).toBe(graph(recipe.loss));
    expect(knobsOf(lossDefinition(name).settings).map((k) => k.default)).toEqual(Object.values(recipe.loss[0]!.args));
  });

  it('schedules that are only named are the default one by another name', () => {
    for (const name of ['constant', 'step', 'cosine', 'poly', 'plateau'] as const)
      expect(load(text(`schedule = ${name}`)).recipe.schedule).toEqual({ ...defaultRecipe.schedule, name });
  });

  it('recipes of older records open: fields of other optimizers go, new arguments of losses come', () => {
    const old = {
      ...defaultRecipe,
      loss: [{ name: 'cross_entropy', weight: 1, args: {} }],
      optimizer: {
        name: 'adam',
        lr: 0.01,
        momentum: 0.9,
        nesterov: false,
        beta1: 0.8,
        beta2: 0.9,
        eps: 1e-7,
        weightDecay: 0.1,
      },
    } as unknown as typeof defaultRecipe;
    const now = recipeFromRecord(old);
    expect(now.optimizer).toEqual({ name: 'adam', lr: 0.01, beta1: 0.8, beta2: 0.9, eps: 1e-7, weightDecay: 0.1 });
    expect(now.loss).toEqual([{ name: 'cross_entropy', weight: 1, args: { smoothing: 0 } }]);
  });
});

type Rule = (
  p: number[],
  g: number[],
  t: number,
  state: Record<string, number[]>,
  parts: readonly (readonly [number, number])[],
) => number[];
const lr = 0.05;
const kept = (state: Record<string, number[]>, name: string, n: number): number[] => state[name] ?? Array(n).fill(0);

/** Definitions of the papers and of PyTorch, on plain arrays. */
const rules: Partial<Record<OptimizerName, Rule>> = {
  lion: (p, g, _t, state) => {
    const m = kept(state, 'm', p.length);
    const next = p.map((v, i) => v - lr * (Math.sign(0.9 * m[i]! + 0.1 * g[i]!) + 0.1 * v));
    state.m = m.map((v, i) => 0.99 * v + 0.01 * g[i]!);
    return next;
  },
  rmsprop: (p, grad, _t, state) => {
    const g = grad.map((v, i) => v + 0.1 * p[i]!);
    const v = kept(state, 'v', p.length).map((x, i) => 0.99 * x + 0.01 * g[i]! ** 2);
    state.v = v;
    const a = kept(state, 'a', p.length).map((x, i) => 0.99 * x + 0.01 * g[i]!);
    state.a = a;
    const b = kept(state, 'b', p.length).map((x, i) => 0.9 * x + g[i]! / (Math.sqrt(v[i]! - a[i]! ** 2) + 1e-8));
    state.b = b;
    return p.map((x, i) => x - lr * b[i]!);
  },
  adagrad: (p, grad, t, state) => {
    const g = grad.map((v, i) => v + 0.1 * p[i]!);
    const v = kept(state, 'v', p.length).map((x, i) => x + g[i]! ** 2);
    state.v = v;
    return p.map((x, i) => x - ((lr / (1 + (t - 1) * 0.2)) * g[i]!) / (Math.sqrt(v[i]!) + 1e-10));
  },
  lamb: (p, g, t, state, parts) => {
    const m = kept(state, 'm', p.length).map((x, i) => 0.9 * x + 0.1 * g[i]!);
    state.m = m;
    const v = kept(state, 'v', p.length).map((x, i) => 0.999 * x + 0.001 * g[i]! ** 2);
    state.v = v;
    const u = p.map((x, i) => m[i]! / (1 - 0.9 ** t) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-6) + 0.1 * x);
    const next = [...p];
    for (const [from, to] of parts) {
      const [a, b] = [p, u].map((x) => Math.hypot(...x.slice(from, to))) as [number, number];
      const ratio = a > 0 && b > 0 ? a / b : 1;
      for (let i = from; i < to; i++) next[i] = p[i]! - lr * ratio * u[i]!;
    }
    return next;
  },
};

const more: Partial<Record<OptimizerName, object>> = {
  rmsprop: { momentum: 0.9, centered: true },
  adagrad: { lrDecay: 0.2 },
};

describe('updates', () => {
  it.each(Object.keys(rules).map((n) => [n as OptimizerName]))('five steps of %s are its definition’s', (name) => {
    const { network, recipe } = load(text('loss = bce'));
    const options = { batch: 1, size: [4, 4] };
    const planWith = (optimizer: typeof recipe.optimizer) => trainingPlan(network!, { ...recipe, optimizer }, options);
    const plan = planWith(optimizerOf(name, { weightDecay: 0.1, ...more[name] }));
    const bare = planWith(optimizerOf('sgd', { momentum: 0 }));
    const parts = plan.parameters.slots.map((s) => [s.offset, s.offset + s.length] as const);
    const n = plan.parameters.length;
    // Biases are 0 at first, where a norm of 0 has no ratio.
    let p = Array.from({ length: n }, (_, i) => (i < 2 ? Math.sin(i + 1) : 0));
    let vectors = new Map(plan.slots.map((s) => [s, tensor([n], Array(n).fill(0))]));
    const state: Record<string, number[]> = {};
    const pixels = Array.from({ length: 16 }, (_, i) => Math.cos(i));
    for (let t = 1; t <= 5; t++) {
      const feeds = (rate: number) =>
        new Map([
          ['image', tensor([1, 1, 4, 4], pixels)],
          [
            'target',
            tensor(
              [1, 2, 4, 4],
              Array.from({ length: 32 }, (_, i) => Number((i * t) % 3 === 0)),
            ),
          ],
          ['parameters', tensor([n], p)],
          ['statistics', tensor([0], [])],
          ['lr', tensor([], [rate])],
          ['step', tensor([], [t])],
          ...vectors,
        ]);
      const g = Array.from(evaluate(bare.graph, feeds(1)).get('parameters_next')!.data, (v, i) => p[i]! - v);
      const out = evaluate(plan.graph, feeds(lr));
      const due = rules[name]!(p, g, t, state, parts);
      const got = Array.from(out.get('parameters_next')!.data);
      for (const [i, v] of got.entries()) expect(v).toBeCloseTo(due[i]!, 9);
      p = got;
      vectors = new Map(plan.slots.map((s) => [s, out.get(`${s}_next`)!]));
    }
  });
});

describe('ignored pixels', () => {
  const cases: [LossName, 'sigmoid' | 'softmax'][] = [
    ...lossNames.filter((n) => lossDefinition(n).on.sigmoid).map((n): [LossName, 'sigmoid'] => [n, 'sigmoid']),
    ...lossNames.filter((n) => lossDefinition(n).on.softmax).map((n): [LossName, 'softmax'] => [n, 'softmax']),
  ];
  it.each(cases)('%s under %s is the loss of the pixels that count', (name, end) => {
    const loss = [lossTerm(name)];
    const run = (width: number, ignore: number | undefined, image: number[], target: number[]) => {
      const source = text(end === 'softmax' ? 'loss = cross_entropy' : 'loss = bce', end).replace(
        '4, 4]',
        `1, ${width}]`,
      );
      const { network, recipe } = load(source);
      const changed = {
        ...recipe,
        loss,
        optimizer: optimizerOf('sgd', { momentum: 0 }),
        ...(ignore === undefined ? {} : { ignore }),
      };
      const plan = trainingPlan(network!, changed, { batch: 1, size: [1, width] });
      const parameters = Array.from({ length: plan.parameters.length }, (_, i) => Math.sin(3 * i + 1));
      const out = evaluate(
        plan.graph,
        new Map([
          ['image', tensor([1, 1, 1, width], image)],
          ['target', tensor([1, 2, 1, width], target)],
          ['parameters', tensor([parameters.length], parameters)],
          ['lr', tensor([], [1])],
          ['step', tensor([], [1])],
        ]),
      );
      return [...out.get('loss')!.data, ...out.get('parameters_next')!.data];
    };
    for (let seed = 1; seed <= 20; seed++) {
      const width = 12;
      const chance = (k: number) => Math.abs(Math.sin(seed * 12.9898 + k * 78.233) * 43758.5453) % 1;
      const void_ = Array.from({ length: width }, (_, k) => k > 0 && chance(k) < 0.4);
      const image = Array.from({ length: width }, (_, k) => 4 * chance(k + 50) - 2);
      const first = Array.from({ length: width }, (_, k) => Number(chance(k + 90) < 0.5));
      const second = first.map((v, k) => (end === 'softmax' ? 1 - v : Number(chance(k + 130) < 0.5)));
      const marked = [first, second].flatMap((row) => row.map((v, k) => (void_[k] ? -1 : v)));
      const left = <T>(row: readonly T[]): T[] => row.filter((_, k) => !void_[k]);
      const due = run(left(image).length, undefined, left(image), [...left(first), ...left(second)]);
      for (const [i, v] of run(width, 255, image, marked).entries()) expect(v).toBeCloseTo(due[i]!, 9);
    }
  });
});

describe('focal with gamma below 1', () => {
  it.each([
    [0.1, 'sigmoid'],
    [0.5, 'sigmoid'],
    [0.99, 'softmax'],
    [0.5, 'softmax'],
  ] as const)('has finite gradients at the ends: gamma %d under %s', async (gamma, end) => {
    const { network, recipe } = load(
      text(end === 'softmax' ? 'loss = cross_entropy' : 'loss = bce', end).replace('4, 4]', '1, 2]'),
    );
    const changed = {
      ...recipe,
      loss: [lossTerm('focal', 1, { gamma })],
      optimizer: optimizerOf('sgd', { momentum: 0 }),
    };
    const plan = trainingPlan(network!, changed, { batch: 1, size: [1, 2] });
    for (const z of [0, 25, -25, 100, -100, 1e4, -1e4])
      for (const y of [0, 1]) {
        const input = {
          image: Float32Array.of(1, 1),
          target: Float32Array.of(y, y, 1 - y, 1 - y),
          lr: 1,
          step: 1,
          seed: 0,
        };
        const start = { parameters: Float32Array.of(z, -z, 0, 0), statistics: new Float32Array(0), slots: {} };
        const after: Float32Array[] = [];
        for (const engine of [referenceEngine, ort]) {
          const trainer = await engine.trainer(plan, start);
          const { loss, gradientNorm } = await trainer.step(input);
          expect([loss, gradientNorm].every(Number.isFinite), `${z} ${y}`).toBe(true);
          after.push((await trainer.snapshot()).parameters);
          await trainer.dispose();
        }
        for (const [i, v] of after[1]!.entries())
          expect(Math.abs(v - after[0]![i]!)).toBeLessThan(1e-5 * (1 + Math.abs(v)));
      }
  });
});
