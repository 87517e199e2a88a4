#!/usr/bin/env node
// One training step, this compiler's against PyTorch's, on the same machine in turns:
//
//   npm run build && node bench/step.mjs [--python PATH] [--rounds 15] [--width 16,32,64,128,256] [--size 128] [--batch 4]
//
// --python names an interpreter with bench/torch/requirements.txt installed; without it only our own step is timed.
// The step is UNet++ with batch norm, nearest upsampling, four heads, binary cross entropy and Adam; both sides use two
// threads. The two take turns, each alone on the machine, so that a slow minute slows both; printed are medians, the
// ratio of the medians, and the middle half of the ratios of single rounds. --json prints one JSON document instead.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { load, trainingPlan } from '../dist/compiler/index.js';
import { initialState } from '../dist/runtime/initialize.js';
import { ort } from '../dist/runtime/ort/index.js';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    width: { type: 'string', default: '16,32,64,128,256' },
    size: { type: 'string', default: '128' },
    batch: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
});
const [rounds, size, batch] = [options.rounds, options.size, options.batch].map(Number);

const spec = `
network Step {
  param width = [${options.width}]
  let depth = len(width) - 1
  input image: f32[N, 3, H, W]
  block Conv2(x, c) {
    x |> conv(c, kernel: 3) |> batchnorm |> relu
      |> conv(c, kernel: 3) |> batchnorm |> relu
  }
  grid X[i in 0..depth, j in 0..depth - i] {
    X[0, 0] = image |> Conv2(width[0])
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Conv2(width[i])
    X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1] |> upsample(2, mode: nearest)) |> Conv2(width[i])
  }
  head S[j in 1..depth] = X[0, j] |> conv(1, kernel: 1) |> sigmoid
  output mask = mean(S)
}
train {
  loss = bce
  optimizer = adam(lr: 1e-3)
}
`;

/** One side: `step()` answers its seconds; `peak()` its largest resident memory so far in GB. */
async function ours() {
  const { network, recipe, diagnostics } = load(spec);
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  const started = performance.now();
  const plan = trainingPlan(network, recipe, { batch, size: [size, size] });
  const trainer = await ort.trainer(plan, initialState(plan, 0));
  const prepared = (performance.now() - started) / 1000;
  const image = Float32Array.from({ length: batch * 3 * size * size }, (_, k) => Math.sin(k * 12.9898) * 1.5);
  const target = Float32Array.from({ length: batch * size * size }, (_, k) => Number(Math.sin(k * 78.233) > 0));
  let count = 0;
  return {
    about: { engine: ort.name, parameters: plan.parameters.length, nodes: plan.graph.nodes.length, prepared },
    async step() {
      const from = performance.now();
      await trainer.step({ image, target, lr: 1e-3, step: ++count, seed: count });
      return (performance.now() - from) / 1000;
    },
    peak: () => process.resourceUsage().maxRSS / 1e6,
    stop: () => trainer.dispose(),
  };
}

async function torch(python) {
  const script = fileURLToPath(new URL('torch/step.py', import.meta.url));
  const args = [script, '--width', options.width, '--size', options.size, '--batch', options.batch];
  const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('PyTorch ended early');
    return JSON.parse(value);
  };
  const { torch: version, parameters } = await next();
  let peak = 0;
  return {
    about: { engine: `torch ${version}`, parameters },
    async step() {
      child.stdin.write('step\n');
      const { seconds, peak_gb } = await next();
      peak = peak_gb;
      return seconds;
    },
    peak: () => peak,
    stop: () => child.stdin.end('quit\n'),
  };
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
const median = (values) =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );

const sides = { ours: await ours(), ...(options.python ? { torch: await torch(options.python) } : {}) };
const times = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
for (let round = -3; round < rounds; round++) {
  // Who goes first changes, and a pause lets the other's spinning threads go to sleep.
  const turn = Object.entries(sides);
  if (round % 2 !== 0) turn.reverse();
  for (const [name, side] of turn) {
    await pause(250);
    const seconds = await side.step();
    if (round >= 0) times[name].push(seconds);
  }
}
const result = Object.fromEntries(
  Object.entries(sides).map(([name, side]) => [
    name,
    { ...side.about, seconds: median(times[name]), best: Math.min(...times[name]), peakGb: side.peak() },
  ]),
);
for (const side of Object.values(sides)) await side.stop();
const ratios = times.torch?.map((seconds, k) => times.ours[k] / seconds).sort((a, b) => a - b);
const ratio = ratios && {
  ofMedians: result.ours.seconds / result.torch.seconds,
  quarter: quantile(ratios, 0.25),
  threeQuarters: quantile(ratios, 0.75),
};

if (options.json) console.log(JSON.stringify({ size, batch, width: options.width, rounds, ...result, ratio }));
else {
  for (const [name, r] of Object.entries(result)) {
    const memory = `peak ${r.peakGb.toFixed(2)} GB`;
    console.log(`${name.padEnd(6)} ${r.seconds.toFixed(3)} s (best ${r.best.toFixed(3)}), ${memory}, ${r.engine}`);
  }
  if (ratio) {
    const [low, high] = [ratio.quarter, ratio.threeQuarters].map((r) => r.toFixed(2));
    console.log(`ratio  ${ratio.ofMedians.toFixed(2)} (middle half of ${rounds} rounds: ${low} to ${high})`);
  }
}
