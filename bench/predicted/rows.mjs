// Calibrates, then predicts and measures every preset, level and mode: what bench/predicted.mjs and bench/performance/predicted.mjs print.
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { graphWork } from '../../dist/compiler/4-schedule/time/index.js';
import { countMacs, load, predictTime, specializeGraph } from '../../dist/compiler/index.js';
import { ort } from '../../dist/runtime/engines/onnxruntime/index.js';
import { tensorflow } from '../../dist/runtime/engines/tensorflow/index.js';
import { calibrate, calibratedLanes } from '../../dist/runtime/profiling/calibrate/index.js';
import { runnablePrediction, runnableStep, timed } from '../../dist/runtime/profiling/calibrate/measure.js';

const specs = fileURLToPath(new URL('../../specs/', import.meta.url));

const kinds = {
  'ort-predict': { engine: () => ort, purpose: 'predict' },
  'ort-train': { engine: () => ort, purpose: 'train' },
  'tfjs-train': { engine: () => tensorflow(), purpose: 'train' },
};

/** Processor time is split over the cores: what a step would take if it had them to itself. */
const clocks = {
  wall: undefined,
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000 / availableParallelism();
  },
};

/** The largest edge of these whose network multiplies little enough to be run many times within seconds. */
function edgeOf(network, spatial) {
  const cost = (edge) => {
    const sizes = Object.fromEntries([['N', 1], ...spatial.map((d) => [d.symbol, edge])]);
    return countMacs(specializeGraph(network.graph, sizes));
  };
  return [128, 96, 64, 32].find((edge) => cost(edge) < 4e9) ?? 16;
}

export async function measureAll({
  kinds: names = Object.keys(kinds),
  specs: wanted,
  rounds,
  clock = 'wall',
  note,
  onKind,
}) {
  const results = [];
  for (const name of names) {
    const { engine: open, purpose } = kinds[name];
    const engine = open();
    const { available, reason } = await engine.status();
    if (!available) {
      note(`${name}: not measured: ${reason}`);
      continue;
    }
    const started = Date.now();
    const calibrated = await calibrate(engine, {
      purpose,
      lanes: await calibratedLanes(),
      clock: clocks[clock],
      onProgress: (done, total) => note(`${name}: calibrating ${done}/${total}`),
    });
    const calibrationSeconds = (Date.now() - started) / 1000;
    const rows = [];
    for (const file of readdirSync(specs)
      .filter((f) => f.endsWith('.unet'))
      .sort()) {
      const spec = file.replace('.unet', '');
      if (wanted && !wanted.includes(spec)) continue;
      rows.push(...(await measurePreset(spec, engine, calibrated.profile, { purpose, rounds, clock: clocks[clock] })));
      note(`${name}: ${spec}`);
    }
    results.push({
      name,
      calibrationSeconds,
      profile: calibrated.profile,
      measurements: calibrated.measurements.map(plain),
      rows,
    });
    onKind?.(results);
  }
  return results;
}

const plain = (m) => ({ ...m, work: Object.fromEntries(m.work) });

async function measurePreset(spec, engine, profile, { purpose, rounds, clock }) {
  const { network, recipe } = load(readFileSync(`${specs}${spec}.unet`, 'utf8'));
  const spatial = network.graph.inputs[0].value.type.shape.slice(2);
  const edge = purpose === 'train' ? Math.min(64, edgeOf(network, spatial)) : edgeOf(network, spatial);
  const size = spatial.map(() => edge);
  const batch = purpose === 'train' ? 2 : 1;
  const runnables = [];
  const titles = [];
  try {
    if (purpose === 'train') {
      titles.push(`${spec}, ${size.join('x')} x ${batch}`);
      runnables.push(await runnableStep(network, recipe, engine, batch, size));
    } else {
      const sizes = Object.fromEntries([['N', 1], ...spatial.map((d) => [d.symbol, edge])]);
      for (const { level, mode } of network.modeOutputs) {
        titles.push(`${spec} L${level} ${mode}, ${size.join('x')}`);
        runnables.push(await runnablePrediction(network, engine, sizes, { level, mode }));
      }
    }
    const seconds = await timed(runnables, { rounds, clock });
    return runnables.map(({ graph }, k) => {
      const predicted = predictTime(graph, profile).seconds;
      const work = Object.fromEntries([...graphWork(graph, profile.lanes), ['run', 1]]);
      return { title: titles[k], work, measured: seconds[k], predicted, error: predicted / seconds[k] - 1 };
    });
  } finally {
    for (const r of runnables) await r.dispose();
  }
}

/** Sizes of errors: the middle one, that which nine in ten do not pass, the worst; and how many are within a quarter. */
export function distribution(rows) {
  const sizes = rows.map((r) => Math.abs(r.error)).sort((a, b) => a - b);
  const at = (q) => sizes[Math.min(sizes.length - 1, Math.floor(q * sizes.length))];
  return { median: at(0.5), p90: at(0.9), worst: sizes.at(-1), within: sizes.filter((s) => s <= 0.25).length };
}

const percent = (x) => `${(100 * x).toFixed(0)} %`;
const ms = (seconds) => (1000 * seconds).toFixed(1);

export function summary({ name, rows, measurements, calibrationSeconds }) {
  const width = Math.max(...rows.map((r) => r.title.length));
  const { median, p90, worst, within } = distribution(rows);
  const own = distribution(measurements.map((m) => ({ error: m.predicted / m.seconds - 1 })));
  return [
    `${name}: calibrated in ${calibrationSeconds.toFixed(0)} s on ${measurements.length} networks, themselves explained within ${percent(own.median)} (median), ${percent(own.p90)} (p90)`,
    `${''.padEnd(width)}  predicted ms  measured ms  error`,
    ...rows.map(
      (r) =>
        `${r.title.padEnd(width)}  ${ms(r.predicted).padStart(12)}  ${ms(r.measured).padStart(11)}  ${percent(r.error).padStart(5)}`,
    ),
    `error: median ${percent(median)}, p90 ${percent(p90)}, worst ${percent(worst)}; ${within} of ${rows.length} within 25 %`,
  ].join('\n');
}
