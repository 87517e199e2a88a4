import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initialState } from '../../compiler/6-build/initialize.js';
import { load, trainingPlan } from '../../compiler/index.js';
import { stream } from '../../compiler/random.js';
import type { TrainingEngine, TrainingState } from '../../runtime/engines/engine.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { tensorflow } from '../../runtime/engines/tensorflow/index.js';
import type { EpochLine } from '../../runtime/training/position.js';
import { train } from '../../runtime/training/train.js';
import { smallRun, writeDiscs } from '../runtime/small-run.js';
import { installed, why } from './installed.js';

const spec = `network Small {
  input image: f32[N, 1, H, W]
  block Unit(x, c) { x |> conv(c, kernel: 3) |> batchnorm |> relu }
  grid X[i in 0..2, j in 0..2 - i] {
    X[0, 0] = image |> Unit(4)
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Unit(8) |> dropout(0.2)
    X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1] |> conv_transpose(4)) |> Unit(8)
  }
  head S[j in 1..2] = X[0, j] |> conv(1, kernel: 1) |> sigmoid
  output mask = mean(S)
}
train { OPTIMIZER }`;

const optimizers = [
  'optimizer = sgd(lr: 0.05)',
  'optimizer = sgd(lr: 0.05, momentum: 0.9, weight_decay: 0.01)',
  'optimizer = sgd(lr: 0.05, momentum: 0.9, nesterov: true)',
  'optimizer = adam(lr: 3e-3)',
  'optimizer = adam(lr: 3e-3, weight_decay: 0.01)  clip = 0.5',
  'optimizer = adamw(lr: 3e-3, weight_decay: 0.1)',
];

const planOf = (optimizer: string) => {
  const { network, recipe, diagnostics } = load(spec.replace('OPTIMIZER', optimizer));
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  return trainingPlan(network, recipe, { batch: 4, size: [16, 16] });
};

/** Discs, and the places they cover. */
function batch(step: number): { image: Float32Array; target: Float32Array } {
  const random = stream(3, 'batch', step);
  const image = new Float32Array(4 * 256);
  const target = new Float32Array(4 * 256);
  for (let n = 0; n < 4; n++) {
    const [y, x, r] = [random.uniform(3, 13), random.uniform(3, 13), random.uniform(2, 5)];
    for (let p = 0; p < 256; p++) {
      const inside = (Math.floor(p / 16) - y) ** 2 + ((p % 16) - x) ** 2 < r * r;
      target[n * 256 + p] = Number(inside);
      image[n * 256 + p] = (inside ? 0.6 : 0.2) + 0.2 * random.uniform();
    }
  }
  return { image, target };
}

async function steps(engine: TrainingEngine, optimizer: string, count: number) {
  const plan = planOf(optimizer);
  const trainer = await engine.trainer(plan, initialState(plan, 5));
  const losses: number[] = [];
  for (let step = 1; step <= count; step++) {
    losses.push((await trainer.step({ ...batch(step), lr: 3e-3, step, seed: step })).loss);
  }
  const state = await trainer.snapshot();
  await trainer.dispose();
  return { losses, state };
}

describe.skipIf(!installed)(`training in TensorFlow${why}`, () => {
  it.each(optimizers)('follows ONNX Runtime for fifty steps: %s', async (optimizer) => {
    const [ours, theirs] = [await steps(tensorflow(), optimizer, 50), await steps(ort, optimizer, 50)];
    ours.losses.forEach((loss, k) => {
      expect(Math.abs(loss / theirs.losses[k]! - 1), `step ${k + 1}`).toBeLessThan(1e-3);
    });
    expect(ours.losses.at(-1)!).toBeLessThan(ours.losses[0]!);
  });

  it('takes the same steps twice, to the last bit', async () => {
    const [one, two] = [await steps(tensorflow(), optimizers[3]!, 10), await steps(tensorflow(), optimizers[3]!, 10)];
    expect(one).toEqual(two);
  });

  it('in bf16 learns as in fp32, with state in fp32', async () => {
    const [low, high] = [
      await steps(tensorflow({ precision: 'bf16' }), optimizers[3]!, 50),
      await steps(tensorflow(), optimizers[3]!, 50),
    ];
    const tail = ({ losses }: { losses: number[] }) => losses.slice(-10).reduce((a, b) => a + b, 0) / 10;
    // Ten steps' mean: single steps differ by what 8 bits of an image do to it.
    expect(Math.abs(tail(low) / tail(high) - 1)).toBeLessThan(0.05);
    const moved = low.state.parameters.filter((v) => v !== Math.fround(Number(v.toPrecision(3))));
    expect(moved.length).toBeGreaterThan(low.state.parameters.length / 2);
  });

  it('gives back the state it was given', async () => {
    for (const optimizer of optimizers) {
      const plan = planOf(optimizer);
      const random = stream(1, 'state');
      const vector = (length: number) => Float32Array.from({ length }, () => random.uniform(-1, 1));
      const state: TrainingState = {
        parameters: vector(plan.parameters.length),
        statistics: vector(plan.statistics.length),
        slots: Object.fromEntries(plan.slots.map((name) => [name, vector(plan.parameters.length)])),
      };
      const trainer = await tensorflow().trainer(plan, state);
      expect(await trainer.snapshot()).toEqual(state);
      await trainer.dispose();
    }
  });
});

describe.skipIf(!installed)(`runs that change their engine${why}`, () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unetc-engines-'));
    await writeDiscs(join(folder, 'data'), 8);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const lines = async (run: string): Promise<EpochLine[]> =>
    (await readFile(join(folder, run, 'metrics.jsonl'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as EpochLine);

  it.each([
    ['onnxruntime', 'tensorflow', ort, tensorflow()],
    ['tensorflow', 'onnxruntime', tensorflow(), ort],
  ])('begun in %s go on in %s as if they had stayed', async (from, to, first, second) => {
    const name = `${from}-${to}`;
    const options = async (run: string, engine: TrainingEngine) => ({
      ...(await smallRun(join(folder, 'data'), join(folder, run), { epochs: 4 }, engine)),
      resume: true,
    });
    const stop = new AbortController();
    await train({
      ...(await options(name, first)),
      signal: stop.signal,
      onProgress: (p) => p.kind === 'epoch' && p.line.epoch === 2 && stop.abort(),
    });
    expect(await lines(name)).toHaveLength(2);
    await train(await options(name, second));
    await train(await options(`${from}-alone`, first));
    const [changed, stayed] = [await lines(name), await lines(`${from}-alone`)];
    expect(changed.map((l) => l.epoch)).toEqual([1, 2, 3, 4]);
    changed.forEach((line, k) => {
      expect(Math.abs(line.loss / stayed[k]!.loss - 1)).toBeLessThan(1e-5);
    });
    const record = JSON.parse(await readFile(join(folder, name, 'run.json'), 'utf8'));
    expect(record.engine).toEqual({ name: to, device: 'cpu', precision: 'fp32' });
  });
});
