// What processes grow by, against what `plan` predicts: `node bench/memory.mjs --measure`. Each row is a process of its own (child.mjs).
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  deploy,
  executionPlan,
  memoryUse,
  neededBytes,
  processBytes,
  specializeGraph,
  trainingPlan,
} from '../../dist/compiler/index.js';
import { findEngine } from '../../dist/runtime/engines/registry.js';
import { tensorflow } from '../../dist/runtime/engines/tensorflow/index.js';
import { nonNegative } from '../../dist/runtime/profiling/calibrate/least-squares.js';
import { loadPreset } from './networks.mjs';

const child = fileURLToPath(new URL('child.mjs', import.meta.url));
const memoryOf = (name) => findEngine(name).memory;

function useOf({ spec, edge, batch, purpose }) {
  const { network, recipe, size, sizes } = loadPreset(spec, edge, batch);
  if (purpose === 'predict') {
    const graph = specializeGraph(deploy(network, {}), sizes);
    return memoryUse(graph, executionPlan(graph).order);
  }
  const plan = trainingPlan(network, recipe, { batch, size });
  return memoryUse(plan.graph, executionPlan(plan.graph).order, plan.slots.length);
}

/** Rows with what was measured and predicted, a row as soon as it is known. */
export async function* measurements(specs) {
  const engines = ['ort', ...((await tensorflow().status()).available ? ['tensorflow'] : [])];
  for (const spec of specs) {
    for (const purpose of ['predict', 'train']) {
      for (const batch of [1, 4]) {
        for (const engine of engines) {
          const edge = purpose === 'train' ? 96 : 128;
          const argv = ['--expose-gc', child, engine, purpose, spec, String(edge), String(batch)];
          yield rowOf(
            { spec, purpose, batch, engine, edge },
            JSON.parse(execFileSync(process.execPath, argv, { encoding: 'utf8' })),
          );
        }
      }
    }
  }
}

export function rowOf(row, { peak, loaded, before }) {
  const use = useOf(row);
  const engine = memoryOf(row.engine);
  return { ...row, use, before, loaded, measured: peak, predicted: processBytes(engine, row.purpose, use) };
}

/** The habits that explain the rows best, in relative error. */
export function fitHabits(rows) {
  const groups = grouped(rows);
  return [...groups].map(([name, of]) => {
    const features = of.map((r) => [
      1e6 / r.measured,
      r.use.parameterBytes / r.measured,
      r.use.foldedBytes / r.measured,
      neededBytes(memoryOf(r.engine), r.use) / r.measured,
    ]);
    const x = nonNegative(
      features,
      of.map(() => 1),
    );
    const [base, parameters, folds, spread] = x;
    const copies = parameters - 1 - of[0].use.slots;
    const errors = features
      .map((row) => Math.abs(row.reduce((sum, f, k) => sum + f * x[k], 0) - 1))
      .sort((a, b) => a - b);
    return { name, base: base * 1e6, copies, folds, spread, median: errors[errors.length >> 1], worst: errors.at(-1) };
  });
}

function grouped(rows) {
  const groups = new Map();
  for (const r of rows) {
    const name = `${r.engine} ${r.purpose}`;
    groups.set(name, [...(groups.get(name) ?? []), r]);
  }
  return groups;
}

const mb = (bytes) => (bytes / 1e6).toFixed(0);
export const heading =
  'preset           use      batch  engine  parameters  values  scratch  measured  predicted  error  (MB)';
export const line = (r) =>
  [
    r.spec.padEnd(16),
    r.purpose.padEnd(8),
    String(r.batch).padStart(5),
    ` ${r.engine.padEnd(6)}`,
    mb(r.use.parameterBytes).padStart(10),
    mb(r.engine === 'ort' ? r.use.unjoinedBytes : r.use.activationBytes).padStart(7),
    mb(r.engine === 'ort' ? r.use.scratchBytes : 0).padStart(8),
    mb(r.measured).padStart(9),
    mb(r.predicted).padStart(10),
    `${(100 * (r.predicted / r.measured - 1)).toFixed(0)} %`.padStart(6),
  ].join(' ');
export const fitLine = (f) =>
  `${f.name}: base ${(f.base / 1e6).toFixed(0)} MB, copies ${f.copies.toFixed(2)}, folds ${f.folds.toFixed(2)}, spread ${f.spread.toFixed(2)}; error median ${(100 * f.median).toFixed(0)} %, worst ${(100 * f.worst).toFixed(0)} %`;
