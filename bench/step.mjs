#!/usr/bin/env node
// One training step, this compiler's engines against PyTorch, on the same machine in turns:
//
//   npm run build && node bench/step.mjs --python PATH
//     [--networks unetpp-128,...|all]     of bench/step/networks.mjs; unetpp-128 without
//     [--sides ort,tensorflow,tensorflow-bf16,torch,torch-bf16]
//         also torch-plain, torch-compile, torch-fused (Adam in one kernel), which combine: torch-fused-bf16
//     [--rounds 15] [--warmup 3] [--threads CORES] [--json]
//     [--width 16,32,64,128,256] [--size 128] [--batch 4] [--up nearest|bilinear|deconv]   instead of the network's own
//
// --python names an interpreter with bench/torch/requirements.txt installed; without it only our own steps are timed. Each
// side is a process of its own, so that its peak memory is its own, and all take turns, each alone on the machine, so
// that a slow minute slows all. Printed are medians and the middle half; ratios of medians, and the middle half of the
// ratios of single rounds, to the fastest side of PyTorch in fp32 and to its fastest in bf16. A side that can't run is said.
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { networkOf, networks } from './step/networks.mjs';
import { isLow, isTorch, ours, startSide } from './step/sides.mjs';
import { compared, median, quantile } from './step/statistics.mjs';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string' },
    networks: { type: 'string', default: 'unetpp-128' },
    sides: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    warmup: { type: 'string', default: '3' },
    threads: { type: 'string', default: `${availableParallelism()}` },
    width: { type: 'string' },
    size: { type: 'string' },
    batch: { type: 'string' },
    up: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [rounds, warmup] = [options.rounds, options.warmup].map(Number);
const changes = {
  ...(options.width && { width: options.width.split(',').map(Number) }),
  ...(options.size && { size: Number(options.size) }),
  ...(options.batch && { batch: Number(options.batch) }),
  ...(options.up && { up: options.up }),
};
const sideNames = options.sides?.split(',') ?? [
  ...Object.keys(ours),
  ...(options.python ? ['torch', 'torch-bf16'] : []),
];
const chosen = (options.networks === 'all' ? Object.keys(networks) : options.networks.split(',')).map((name) => ({
  name,
  ...networkOf(name, changes),
}));

const note = (text) => process.stderr.write(`${text}\n`);

/** Every side of one network in turns: by side its answers, those of the warm-up apart. */
async function takeTurns(network) {
  const sides = [];
  const failures = [];
  for (const name of sideNames) {
    try {
      sides.push(await startSide(name, network, options));
    } catch (error) {
      failures.push({ side: name, error: error.message });
      note(`${network.name}: ${error.message}`);
    }
  }
  const counts = new Set(sides.map((side) => side.about.parameters));
  if (counts.size > 1) {
    const told = sides.map((side) => `${side.name} ${side.about.parameters}`).join(', ');
    throw new Error(`${network.name}: these are not the same network, by their parameters: ${told}`);
  }
  const answers = new Map(sides.map((side) => [side, { first: undefined, warm: [] }]));
  for (let round = -warmup; round < rounds; round++) {
    // Who goes first changes, and a pause lets the other's spinning threads go to sleep.
    const turn = sides.map((_, k) => sides[(k + Math.max(round, 0)) % sides.length]);
    if (round % 2 !== 0) turn.reverse();
    for (const side of turn) {
      await pause(250);
      const answer = await side.step();
      const kept = answers.get(side);
      kept.first ??= answer;
      kept.last = answer;
      if (round >= 0) kept.warm.push(answer);
    }
  }
  for (const side of sides) await side.stop();
  return { answers, failures };
}

/** The fastest of some sides by name; undefined where there are none. */
const fastest = (seconds, which) =>
  [...seconds].filter(([name]) => which(name)).sort((a, b) => median(a[1]) - median(b[1]))[0]?.[0];

function summary(network, { answers, failures }) {
  const seconds = new Map([...answers].map(([side, { warm }]) => [side.name, warm.map((a) => a.seconds)]));
  const against = {
    fp32: fastest(seconds, (name) => isTorch(name) && !isLow(name)),
    bf16: fastest(seconds, (name) => isTorch(name) && isLow(name)),
  };
  const sides = [...answers].map(([side, { first, last }]) => {
    const own = seconds.get(side.name);
    const ratio = (to) => (to && to !== side.name ? compared(own, seconds.get(to)) : undefined);
    return {
      side: side.name,
      engine: side.about.engine,
      seconds: median(own),
      quarter: quantile(own, 0.25),
      threeQuarters: quantile(own, 0.75),
      best: Math.min(...own),
      firstSeconds: first.seconds,
      peakGb: last.peak_gb,
      loss: last.loss,
      toFp32: ratio(against.fp32),
      toBf16: ratio(against.bf16),
    };
  });
  const parameters = [...answers.keys()][0]?.about.parameters;
  return { network: network.name, ...network, parameters, rounds, against, sides, failures };
}

const fixed = (value, digits = 3) => value.toFixed(digits);
const span = (r) => (r ? `${fixed(r.ofMedians, 2)} (${fixed(r.quarter, 2)}-${fixed(r.threeQuarters, 2)})` : '');

function table({ network, family, width, up, size, batch, parameters, against, sides, failures }) {
  const head = ['', 'seconds', 'middle half', 'best', 'first', 'peak GB'];
  const to = [against.fp32, against.bf16];
  const rows = sides.map((s) => [
    s.side,
    fixed(s.seconds),
    `${fixed(s.quarter)}-${fixed(s.threeQuarters)}`,
    fixed(s.best),
    fixed(s.firstSeconds, 1),
    fixed(s.peakGb, 2),
    ...[s.toFp32, s.toBf16].filter((_, k) => to[k]).map(span),
  ]);
  const all = [[...head, ...to.filter(Boolean).map((name) => `to ${name}`)], ...rows];
  const widths = all[0].map((_, k) => Math.max(...all.map((row) => row[k].length)));
  const what = `${family} ${width.join(' ')}${up ? `, ${up}` : ''}, 3x${size}x${size}, batch ${batch}, ${parameters} parameters`;
  return [
    `${network}: ${what}; ${rounds} rounds, ${options.threads} threads`,
    ...all.map((row) => row.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]) : cell.padStart(widths[k]))).join('  ')),
    ...failures.map(({ side, error }) => `${side}: did not run: ${error.split('\n')[0]}`),
  ].join('\n');
}

const results = [];
for (const network of chosen) {
  const result = summary(network, await takeTurns(network));
  results.push(result);
  if (!options.json) console.log(`${table(result)}\n`);
}
if (options.json) console.log(JSON.stringify({ threads: Number(options.threads), networks: results }));
if (results.some((r) => r.failures.length > 0)) process.exitCode = 1;
