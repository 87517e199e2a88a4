import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { load, type TrainingPlan, trainingPlan } from '../../compiler/index.js';
import type { StepResult, TrainingEngine, TrainingState } from '../../runtime/engines/engine.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { tensorflow } from '../../runtime/engines/tensorflow/index.js';
import { decodeSafetensors } from '../../runtime/run/safetensors.js';
import { hasFeature, readCpu } from '../../runtime/support/cpu.js';
import { referenceEngine } from '../../testing/index.js';
import { installed, why } from '../tensorflow/installed.js';
import { expectClose, norm } from './compare.js';
import { bareGradient, emptySlots } from './plans.js';
import { ruleFor, uniform } from './rule.js';

// The gradient of every preset against those that PyTorch and TensorFlow derive for the same network on the same
// numbers. gradients/record.py says what is recorded, gradients/networks.py how a preset is added.

/** Engines, and how far each may be from gradients in double precision. */
const engines: readonly (readonly [TrainingEngine, number])[] = [
  [referenceEngine, 2e-6],
  [ort, 1e-4],
  // oneDNN's kernels below AVX-512 lose a little more: 1.2e-4 on Zen 3, in the first norms of attention-unet, whose sums cancel.
  [tensorflow(), hasFeature(await readCpu(), 'avx512f') === false ? 2e-4 : 1e-4],
];
const frameworks = ['torch', 'tensorflow'] as const;
const projections = 16;

const specs = fileURLToPath(new URL('../../specs/', import.meta.url));
const recordings = fileURLToPath(new URL('recorded/gradients/', import.meta.url));
const presets = readdirSync(specs).flatMap((name) => (name.endsWith('.unet') ? [name.replace('.unet', '')] : []));

interface Recorded {
  readonly seed: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly image: readonly number[];
  readonly gain: number;
  readonly loss: number;
  readonly headLosses: readonly number[];
  /** By path of the parameter. */
  readonly gradients: ReadonlyMap<string, { readonly norm: number; readonly projections: Float32Array }>;
}

function recorded(preset: string, framework: (typeof frameworks)[number]): Recorded {
  const name = `${preset}.${framework}.safetensors`;
  const { tensors, metadata } = decodeSafetensors(readFileSync(`${recordings}${name}`), name);
  const field = <T>(key: string): T => JSON.parse(metadata[key]!) as T;
  const rows = tensors.get('projections')!.data;
  return {
    seed: field('seed'),
    settings: field('settings'),
    image: field('image'),
    gain: field('gain'),
    loss: field('loss'),
    headLosses: field('head_losses'),
    gradients: new Map(
      field<string[]>('paths').map((path, k) => [
        path,
        {
          norm: tensors.get('norms')!.data[k]!,
          projections: rows.subarray(k * projections, (k + 1) * projections),
        },
      ]),
    ),
  };
}

function planOf(preset: string, { settings, image }: Recorded): TrainingPlan {
  const { network, recipe, diagnostics } = load(readFileSync(`${specs}${preset}.unet`, 'utf8'), { set: settings });
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  return trainingPlan(network, bareGradient(recipe), { batch: image[0]!, size: image.slice(2) });
}

function startOf(plan: TrainingPlan, { seed, gain }: Recorded): TrainingState {
  const parameters = new Float32Array(plan.parameters.length);
  for (const { path, shape, offset } of plan.parameters.slots) {
    const values = ruleFor(`${seed}:${path}`, shape);
    parameters.set(shape.length > 1 ? values.map((v) => v * gain) : values, offset);
  }
  const statistics = new Float32Array(plan.statistics.length);
  for (const { offset, length, init } of plan.statistics.slots) {
    statistics.fill(init.kind === 'constant' ? init.value : Number.NaN, offset, offset + length);
  }
  return { parameters, statistics, slots: emptySlots(plan) };
}

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function batchOf(plan: TrainingPlan, seed: number): { image: Float32Array; target: Float32Array } {
  const target = uniform(`${seed}:target`, count(plan.targetShape)).map((u) => Number(u > 0.5));
  return {
    image: Float32Array.from(uniform(`${seed}:image`, count(plan.imageShape))),
    target: Float32Array.from(target),
  };
}

/** The vectors of signs that a gradient is projected on; made once, they are most of the work. */
const signs = new Map<string, Float64Array>();
function signsOf(path: string, k: number, length: number): Float64Array {
  const key = `${k}:${path}:${length}`;
  const made = signs.get(key) ?? uniform(`${k}:${path}`, length).map((u) => (u < 0.5 ? -1 : 1));
  signs.set(key, made);
  return made;
}

const projected = (gradient: Float32Array, path: string): number[] =>
  Array.from({ length: projections }, (_, k) => {
    const along = signsOf(path, k, gradient.length);
    return gradient.reduce((sum, g, i) => sum + g * along[i]!, 0);
  });

/** The distance of two vectors from their projections: each squared difference is on average its square. */
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  norm(Array.from(a, (v, k) => v - b[k]!)) / Math.sqrt(projections);

/** As `expectGradients` does: by each parameter's own norm, and where that is 0 by a hundredth of the whole. */
function expectRecorded(gradient: Float32Array, plan: TrainingPlan, due: Recorded, tolerance: number): void {
  const { slots } = plan.parameters;
  expect(slots.map((s) => s.path).sort()).toEqual([...due.gradients.keys()].sort());
  const whole = norm([...due.gradients.values()].map((g) => g.norm));
  const wrong = slots.flatMap(({ path, offset, length }) => {
    const expected = due.gradients.get(path)!;
    const off = distance(projected(gradient.subarray(offset, offset + length), path), expected.projections);
    return off <= tolerance * (expected.norm + 0.01 * whole) ? [] : [`${path}: off by ${off} of ${expected.norm}`];
  });
  expect(wrong).toEqual([]);
}

test('every preset is recorded', () => {
  const files = readdirSync(recordings);
  const due = presets.flatMap((name) => frameworks.map((framework) => `${name}.${framework}.safetensors`));
  expect(due.filter((name) => !files.includes(name))).toEqual([]);
});

describe.each(presets)('%s', (preset) => {
  const both = frameworks.map((framework) => recorded(preset, framework));
  const [torch, tf] = both as [Recorded, Recorded];
  const plan = planOf(preset, torch);

  test('is the same network to both, with gradients to compare', () => {
    const { gradients, loss, headLosses, ...given } = torch;
    const { gradients: theirs, loss: theirLoss, headLosses: theirLosses, ...theirGiven } = tf;
    expect(theirGiven).toEqual(given);
    expect(Math.abs(theirLoss - loss)).toBeLessThan(1e-8);
    const whole = norm([...gradients.values()].map((g) => g.norm));
    for (const [path, g] of gradients) {
      const off = distance(g.projections, theirs.get(path)!.projections);
      expect(off, path).toBeLessThan(2e-6 * (g.norm + 0.01 * whole));
    }
    expect(whole).toBeGreaterThan(0.01);
  });

  describe.each(
    engines.map(([engine, tolerance]) => {
      const absent = engine.name === 'tensorflow' && !installed;
      return { engine, tolerance, absent, name: `${engine.name}${absent ? why : ''}` };
    }),
  )('$name', ({ engine, tolerance, absent }) => {
    let result: StepResult;
    let gradient: Float32Array;
    let dispose = async (): Promise<void> => {};
    beforeAll(async () => {
      if (absent) return;
      const trainer = await engine.trainer(plan, startOf(plan, torch));
      dispose = () => trainer.dispose();
      result = await trainer.step({ ...batchOf(plan, torch.seed), lr: 1e-3, step: 1, seed: torch.seed });
      gradient = (await trainer.snapshot()).slots.momentum!;
    }, 120_000);
    afterAll(() => dispose());

    test.skipIf(absent).each(frameworks.map((name, k) => [name, both[k]!] as const))(
      '%s: losses, every gradient',
      (_, due) => {
        expectClose([result.loss], [due.loss], tolerance / 10);
        expectClose(result.headLosses, due.headLosses, tolerance / 10);
        expectRecorded(gradient, plan, due, tolerance);
      },
    );
  });
});
