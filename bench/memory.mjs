// What the presets need in memory: `node bench/memory.mjs [PRESET...] [--edge 128] [--batch 4]`, after npm run build. Nothing is timed.
//   as written, planned: bytes alive at the worst moment, in the order that the graph was written in and in the plan's
//   no less than:        what some step of every possible order holds (bench/memory/bound.mjs)
//   arena:               the plan's buffers with their places
// `--measure` instead starts a process for each preset, engine, use and batch, and compares what it grows by with what is predicted
// (docs/memory.md); on Linux, where a process can ask for its own peak.
import { parseArgs } from 'node:util';
import { presets } from './memory/networks.mjs';
import { plans } from './memory/plans.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    edge: { type: 'string', default: '128' },
    batch: { type: 'string', default: '4' },
    measure: { type: 'boolean', default: false },
  },
});
if (values.measure) {
  const { fitHabits, fitLine, heading, line, measurements } = await import('./memory/measure.mjs');
  console.log(heading);
  const measured = [];
  for await (const row of measurements(positionals.length > 0 ? positionals : presets)) {
    measured.push(row);
    console.log(line(row));
  }
  for (const f of fitHabits(measured)) console.log(fitLine(f));
  process.exit(0);
}
const [edge, batch] = [Number(values.edge), Number(values.batch)];
const mib = (bytes) => (bytes / 2 ** 20).toFixed(1);

const rows = plans(positionals.length > 0 ? positionals : presets, edge, batch);

console.log(`MiB; the deepest level, its first mode, one image; a training step, ${batch} images`);
console.log('preset           use      size       as written  planned  saved  no less than  above  arena/planned');
for (const { name, use, size, written, peak, bound, arena } of rows) {
  console.log(
    [
      name.padEnd(16),
      use.padEnd(8),
      size.join('x').padEnd(9),
      mib(written).padStart(11),
      mib(peak).padStart(8),
      `${(100 * (1 - peak / written)).toFixed(1)} %`.padStart(7),
      mib(bound).padStart(12),
      `${(100 * (peak / bound - 1)).toFixed(1)} %`.padStart(7),
      (arena / peak).toFixed(3).padStart(10),
    ].join(' '),
  );
}
