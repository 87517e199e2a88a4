#!/usr/bin/env node
// Where the time of a training step in ONNX Runtime goes: its own profile, summed by operator, in ms of a step.
//
//   npm run build && node bench/profile.mjs [--networks unet-256,unetpp-128] [--steps 5] [--python PATH]
//
// --python: PyTorch's profile of the same step behind it (bench/torch/step.py --profile). Profiling takes time of its own: sums say what
// matters, bench/step.mjs how long a step takes.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { emitOnnx } from '../dist/compiler/5-emit/onnx/index.js';
import { initialState } from '../dist/compiler/6-build/initialize.js';
import { chunkedStep, load, trainingPlan } from '../dist/compiler/index.js';
import { blockSize } from '../dist/runtime/engines/onnxruntime/blocks.js';
import { sessionOptions } from '../dist/runtime/engines/onnxruntime/session.js';
import { StepState, vectorsOf } from '../dist/runtime/engines/onnxruntime/state.js';
import { networks, specOf } from './step/networks.mjs';

const { values: options } = parseArgs({
  options: {
    networks: { type: 'string', default: 'unetpp-128' },
    steps: { type: 'string', default: '5' },
    python: { type: 'string' },
  },
});
const steps = Number(options.steps);

async function profileOf({ size, batch, ...network }) {
  const { network: compiled, recipe } = load(...specOf(network));
  const plan = trainingPlan(compiled, recipe, { batch, size: [size, size] });
  const { graph, views } = chunkedStep(plan);
  const folder = mkdtempSync(join(tmpdir(), 'unetc-profile-'));
  try {
    const model = emitOnnx(graph, { name: 'step', metadata: {}, block: await blockSize() });
    const session = await InferenceSession.create(model, {
      ...sessionOptions,
      executionProviders: ['cpu'],
      enableProfiling: true,
      profileFilePrefix: join(folder, 'step'),
    });
    const state = new StepState(vectorsOf(initialState(plan, 0)), views, true);
    const inputs = new Set(graph.inputs.map((i) => i.name));
    const image = Float32Array.from({ length: batch * 3 * size * size }, (_, k) => Math.sin(k * 12.9898) * 1.5);
    const target = Float32Array.from({ length: batch * size * size }, (_, k) => Number(Math.sin(k * 78.233) > 0));
    for (let step = 0; step <= steps; step++) {
      const all = {
        ...state.inputs(),
        image: new Tensor('float32', image, plan.imageShape),
        target: new Tensor('float32', target, plan.targetShape),
        lr: new Tensor('float32', Float32Array.of(1e-3), []),
        step: new Tensor('float32', Float32Array.of(step + 1), []),
      };
      const feeds = Object.fromEntries(Object.entries(all).filter(([name]) => inputs.has(name)));
      await session.run(feeds, { loss: null, head_losses: null, gradient_norm: null, ...state.outputs() });
      state.advance();
    }
    session.endProfiling();
    const [file] = readdirSync(folder);
    return summed(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Kernels of every step but the first, which allocates: ms of one, by operator and what it is part of. */
function summed(events) {
  const [, second] = events.filter((e) => e.name === 'model_run').sort((a, b) => a.ts - b.ts);
  const sums = new Map();
  for (const { cat, name, ts, dur, args } of events) {
    if (cat !== 'Node' || ts < second.ts || !name.endsWith('_kernel_time')) continue;
    const part = /(^|\/)optimizer/.test(name) ? 'optimizer' : name.includes('.grad') ? 'gradient' : 'forward';
    const what = part === 'optimizer' ? part : `${args.op_name}, ${part}`;
    sums.set(what, (sums.get(what) ?? 0) + dur / 1000 / steps);
  }
  return sums;
}

function print(title, sums) {
  const rows = [...sums].sort((a, b) => b[1] - a[1]);
  const all = rows.reduce((n, [, ms]) => n + ms, 0);
  console.log(`${title}: ${all.toFixed(0)} ms`);
  for (const [what, ms] of rows.filter(([, ms]) => ms > 0.01 * all))
    console.log(`  ${ms.toFixed(0).padStart(6)} ms  ${((100 * ms) / all).toFixed(0).padStart(3)} %  ${what}`);
}

for (const name of options.networks.split(',')) {
  const network = networks[name];
  if (!network) throw new Error(`there is no network ${name}: use ${Object.keys(networks).join(', ')}`);
  print(`${name}, ONNX Runtime`, await profileOf(network));
  if (!options.python) continue;
  const { family, width, up = 'nearest', size, batch } = network;
  const script = fileURLToPath(new URL('torch/step.py', import.meta.url));
  const argv = Object.entries({ family, width, up, size, batch, profile: steps }).flatMap(([k, v]) => [
    `--${k}`,
    String(v),
  ]);
  const sums = JSON.parse(execFileSync(options.python, [script, ...argv], { encoding: 'utf8' }));
  print(`${name}, PyTorch`, new Map(Object.entries(sums)));
}
process.exit(0);
