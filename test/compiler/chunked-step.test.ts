import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChunkedStep, chunkedStep, type StateView } from '../../compiler/3-transform/train/chunked-step.js';
import { initialState } from '../../compiler/6-build/initialize.js';
import { load, type Recipe, type TrainingPlan, trainingPlan } from '../../compiler/index.js';
import type { Node, Value } from '../../compiler/ir/graph.js';
import { stream } from '../../compiler/random.js';
import { optimizerNames, optimizerOf } from '../../compiler/recipe.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { networkSpecs, nthSizes } from '../../testing/index.js';
import { evaluate, type Float64Tensor, tensor } from '../../testing/reference/index.js';
import { referenceEngine } from '../../testing/reference-engine.js';
import { cases } from '../cases.js';

function planOf(text: string, change: Partial<Recipe> = {}): TrainingPlan {
  const { network, recipe, diagnostics } = load(text);
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  const sizes = nthSizes(network, 1, []);
  const shape = network.graph.inputs[0]?.value.type.shape ?? [];
  const size = shape.slice(2).map((d) => (d.symbol === null ? d.offset : (sizes[d.symbol] ?? 1)));
  return trainingPlan(network, { ...recipe, weights: undefined, ...change }, { batch: 2, size });
}

/** What a plan is fed by name, its state with numbers of both signs and slots that are not empty. */
function feedsOf(plan: TrainingPlan): Map<string, Float64Tensor> {
  const random = stream(7, 'chunked step');
  const drawn = (length: number, low: number) =>
    tensor(
      [length],
      Array.from({ length }, () => random.uniform(low, 1)),
    );
  const whole = (shape: readonly number[]) => {
    const { data } = drawn(
      shape.reduce((n, d) => n * d, 1),
      0,
    );
    return tensor(shape, data);
  };
  const scalar = (value: number) => tensor([], [value]);
  return new Map([
    ['image', whole(plan.imageShape)],
    ['target', whole(plan.targetShape)],
    ['parameters', drawn(plan.parameters.length, -1)],
    ...plan.slots.map((name) => [name, drawn(plan.parameters.length, 0)] as const),
    ['statistics', drawn(plan.statistics.length, 0)],
    ['lr', scalar(1e-2)],
    ['step', scalar(3)],
    ['seed', scalar(11)],
  ]);
}

/** Outputs of the step in pieces, its state put together again. */
function together({ graph, views }: ChunkedStep, feeds: ReadonlyMap<string, Float64Tensor>) {
  const cut = views.map(({ name, of, offset, length }) => {
    const { data } = feeds.get(of) as Float64Tensor;
    return [name, tensor([length], data.slice(offset, offset + length))] as const;
  });
  const out = new Map(evaluate(graph, new Map([...feeds, ...cut])));
  for (const { name, of, offset, length } of views) {
    const written = out.get(`${name}_next`);
    if (!written) continue;
    const whole = out.get(`${of}_next`) ?? tensor([0], []);
    if (name !== of) {
      expect(offset, `${name} follows what is there`).toBe(whole.data.length);
      expect(written.data.length).toBe(length);
      out.set(`${of}_next`, tensor([offset + length], [...whole.data, ...written.data]));
      out.delete(`${name}_next`);
    }
  }
  return out;
}

const optimizers = fc.constantFrom(...optimizerNames);

describe('a chunked step', () => {
  it('computes what the whole one does, whatever the pieces', () => {
    fc.assert(
      fc.property(
        networkSpecs(),
        optimizers,
        fc.constantFrom(undefined, 0.1),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (text, name, clip, count, momentum) => {
          const plan = planOf(text, {
            optimizer: optimizerOf(name, { weightDecay: 0.01, ...(momentum ? { momentum: 0.9, centered: true } : {}) }),
            clip,
          });
          const feeds = feedsOf(plan);
          const due = evaluate(plan.graph, feeds);
          const got = together(chunkedStep(plan, Math.ceil(plan.parameters.length / count)), feeds);
          expect([...got.keys()].sort()).toEqual([...due.keys()].sort());
          for (const [output, { shape, data }] of due) {
            const found = got.get(output) as Float64Tensor;
            expect(found.shape, output).toEqual(shape);
            // Only norms are summed in another order, and what is scaled by them.
            const share = output === 'gradient_norm' || clip !== undefined || name === 'lamb' ? 1e-9 : 0;
            data.forEach((v, i) => {
              const off = Math.abs((found.data[i] as number) - v);
              if (!(off <= share * (1 + Math.abs(v)))) expect.fail(`${output}[${i}] is ${found.data[i]}, not ${v}`);
            });
          }
        },
      ),
      cases(15),
    );
  });

  it.each(['conv(1, kernel: 3, bias: false)', 'prelu'])('computes it for a single parameter, of %s', (only) => {
    const plan = planOf(`network One {
  input image: f32[N, 1, 8, 8]
  head S = image |> ${only} |> sigmoid
  output mask = S
}
train { loss = bce  optimizer = sgd(lr: 1e-2)  clip = 0.1 }`);
    expect(plan.parameters.slots.length).toBe(1);
    const feeds = feedsOf(plan);
    const got = together(chunkedStep(plan, 4), feeds);
    for (const [output, { data }] of evaluate(plan.graph, feeds))
      expect(Array.from(got.get(output)?.data ?? []), output).toEqual(
        Array.from(data, (v) => expect.closeTo(v, 12) as number),
      );
  });

  it('may be written over what it reads: nothing reads a piece later than the node that writes it', () => {
    fc.assert(
      fc.property(
        networkSpecs(),
        optimizers,
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (text, name, count, momentum) => {
          const plan = planOf(text, {
            optimizer: optimizerOf(name, momentum ? { momentum: 0.9, centered: true, weightDecay: 0.1 } : {}),
          });
          const { graph, views } = chunkedStep(plan, Math.ceil(plan.parameters.length / count));
          const producers = new Map(graph.nodes.flatMap((n) => n.outputs.map((v) => [v.id, n] as const)));
          const names = new Map(graph.inputs.map((i) => [i.value.id, i.name]));
          const ancestors = (node: Node, all = new Set<Node>()): Set<Node> => {
            for (const v of node.inputs) {
              const made = producers.get(v.id);
              if (made && !all.has(made)) ancestors(made, all.add(made));
            }
            return all;
          };
          const viewOf = new Map(views.map((v) => [v.name, v]));
          const overlap = (a: StateView, b: StateView): boolean =>
            a.of === b.of && a.offset < b.offset + b.length && b.offset < a.offset + a.length;
          const readers = (written: StateView): Node[] =>
            graph.nodes.filter((n) =>
              n.inputs.some((v) => {
                const read = viewOf.get(names.get(v.id) ?? '');
                return read !== undefined && overlap(read, written);
              }),
            );
          const outputs = new Map(graph.outputs.map((o) => [o.name, o.value]));
          for (const view of views) {
            if (view.next === undefined) continue;
            const writer = producers.get((outputs.get(view.next) as Value).id) as Node;
            const earlier = ancestors(writer);
            for (const reader of readers(view))
              if (reader !== writer && !earlier.has(reader))
                expect.fail(
                  `${view.next} may be written before ${reader.op} of ${reader.origin.path} has read ${view.of}`,
                );
          }
        },
      ),
      cases(40),
    );
  });

  it('trains in ONNX Runtime as the reference does, over pieces of one parameter', async () => {
    const plan = planOf(`network Wide {
  input image: f32[N, 64, 8, 8]
  head S = image |> conv(192, kernel: 3) |> batchnorm |> relu |> conv(192, kernel: 3) |> relu |> conv(1, kernel: 1) |> sigmoid
  output mask = S
}
train { loss = bce  optimizer = adam(lr: 1e-3)  clip = 0.5 }`);
    expect(chunkedStep(plan).views.filter((v) => v.of === 'm').length).toBeGreaterThan(2);
    const after = [];
    for (const engine of [referenceEngine, ort]) {
      const trainer = await engine.trainer(plan, initialState(plan, 3));
      const random = stream(5, 'pieces');
      const floats = (shape: readonly number[]) =>
        Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => random.uniform());
      for (let step = 1; step <= 3; step++) {
        const target = floats(plan.targetShape).map((v) => (v > 0.5 ? 1 : 0));
        await trainer.step({ image: floats(plan.imageShape), target, lr: 1e-3, step, seed: 1 });
      }
      after.push(await trainer.snapshot());
      await trainer.dispose();
    }
    const [due, got] = after.map(({ slots, statistics }) => [slots.m, slots.v, statistics] as Float32Array[]);
    for (const [k, vector] of (due as Float32Array[]).entries()) {
      const most = vector.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
      const off = vector.reduce((a, v, i) => Math.max(a, Math.abs(v - (got?.[k]?.[i] as number))), 0);
      expect(off / most).toBeLessThan(1e-3);
    }
  });
});
