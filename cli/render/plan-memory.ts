import { type ExecutionPlan, knownShape, type MemoryPurpose, peakOfPlan } from '../../compiler/index.js';
import { engines } from '../../runtime/engines/registry.js';
import { type BatchPlans, batchMemory, batchText, type MemoryLimit } from '../flags/batch-memory.js';
import { memoryChart } from './memory-chart.js';
import { bytes, count, sizeText } from './numbers.js';
import { table } from './table.js';

/** How many of the values alive at the peak are named. */
const named = 8;

/** What `plan` says of memory beside its totals: when most is alive, and what then. */
export function peakReport(execution: ExecutionPlan): { json: object; lines: string[] } {
  const peak = peakOfPlan(execution);
  if (!peak) return { json: {}, lines: [] };
  const alive = peak.alive.map(({ value, node, bytes, from, to }) => ({
    path: value.origin.path,
    op: node.op,
    shape: knownShape(value.type.shape),
    bytes,
    from: from + 1,
    to: Math.min(to + 1, execution.order.length),
  }));
  const rest = alive.slice(named);
  const lines = [
    'alive over the steps',
    ...memoryChart(peak.liveBytes),
    `most at step ${count(peak.step + 1)}, ${peak.node.origin.path} (${peak.node.op}), when these are alive:`,
    ...table<(typeof alive)[number]>(
      [
        { title: 'bytes', value: (v) => bytes(v.bytes), align: 'right' },
        { title: 'value', value: (v) => v.path },
        { title: 'op', value: (v) => v.op },
        { title: 'shape', value: (v) => sizeText(v.shape) },
        { title: 'steps', value: (v) => `${count(v.from)} to ${count(v.to)}` },
      ],
      alive.slice(0, named),
    ).split('\n'),
    ...(rest.length > 0 ? [`and ${count(rest.length)} more of ${bytes(rest.reduce((n, v) => n + v.bytes, 0))}`] : []),
  ];
  return { json: { peak: { step: peak.step + 1, path: peak.node.origin.path, op: peak.node.op, alive } }, lines };
}

/** What limits the batch, on each engine. */
export function batchReport(
  plans: BatchPlans,
  purpose: MemoryPurpose,
  batch: number,
  limit: MemoryLimit,
): { json: object; lines: string[] } {
  const measured = engines.flatMap(({ record, title, memory }) => (memory ? [{ engine: record, title, memory }] : []));
  const found = measured.map(({ engine, memory }) =>
    batchMemory(plans, { engine, memory, purpose, batch, limit: limit.bytes }),
  );
  return {
    json: { memoryLimit: limit, batchMemory: found },
    lines: found.map(
      (memory, k) =>
        `${k === 0 ? 'process' : '       '}     ${measured[k]?.title.padEnd(12)} ${batchText(memory, batch)} ${bytes(limit.bytes)} (${limit.from})`,
    ),
  };
}
