// What plans need and what processes take, for the runner of docs/performance.md: the tables of bench/memory.mjs.
import { heading, line, measurements } from '../memory/measure.mjs';
import { presets } from '../memory/networks.mjs';
import { plans } from '../memory/plans.mjs';

export const title = 'Memory: the plan, and what a process takes';

/** Presets whose processes are measured: shallow and deep, wide and narrow, one in three dimensions. */
const run = [
  'attention-unet',
  'resnet34-unetpp',
  'unet',
  'unet-nuclei',
  'unet3plus',
  'unetpp-3d',
  'unetpp-bn',
  'unetpp-nuclei',
];
const engines = { ort: 'ONNX Runtime', tfjs: 'TensorFlow' };

export async function measure({ note = () => undefined }) {
  const planned = plans(presets, 128, 4);
  const measured = [];
  for await (const row of measurements(run)) {
    measured.push(row);
    note(line(row));
  }
  return {
    rows: [...planRows(planned), ...processRows(measured)],
    text: `MB of a process, training at 96x96, prediction at 128x128 (3-D: 32x32x32), batch as said (bench/memory.mjs --measure):\n\n${fenced([heading, ...measured.map(line)])}`,
  };
}

const fenced = (lines) => ['```', ...lines, '```'].join('\n');
const percent = (ratio) => Number((100 * ratio).toFixed(1));
const sorted = (list) => [...list].sort((a, b) => a - b);

function planRows(rows) {
  const above = ({ peak, bound }) => peak / bound - 1;
  const most = rows.reduce((a, b) => (above(b) > above(a) ? b : a));
  const arena = rows.reduce((a, b) => (b.arena / b.peak > a.arena / a.peak ? b : a));
  const saved = ['unetpp', 'unet3plus', 'unetpp-3d'].flatMap((name) =>
    rows
      .filter((r) => r.name === name)
      .map(({ use, written, peak }) => ({
        what: `${name}, ${use}: peak in the planned order, to that as written`,
        figure: peak / written,
        unit: '',
      })),
  );
  return [
    ...saved,
    {
      what: 'planned peak above what no order can go below, median',
      figure: percent(sorted(rows.map(above))[rows.length >> 1]),
      unit: '%',
      note: `${rows.length} graphs of the presets`,
    },
    { what: 'the same, worst', figure: percent(above(most)), unit: '%', note: `${most.name}, ${most.use}` },
    {
      what: 'offsets above the planned peak, worst',
      figure: percent(arena.arena / arena.peak - 1),
      unit: '%',
      note: `${arena.name}, ${arena.use}`,
    },
  ];
}

/** Where we drive allocation nothing is: both engines place values themselves. */
function processRows(rows) {
  const kinds = new Map();
  for (const row of rows) {
    const kind = `${engines[row.engine]}, ${row.purpose}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), row]);
  }
  return [...kinds].flatMap(([kind, of]) => {
    const errors = sorted(of.map(({ predicted, measured }) => Math.abs(predicted / measured - 1)));
    return [
      {
        what: `${kind}: predicted process against measured, median error`,
        figure: percent(errors[errors.length >> 1]),
        unit: '%',
        goal: { atMost: 10 },
      },
      {
        what: `${kind}: the same, worst`,
        figure: percent(errors.at(-1)),
        unit: '%',
        goal: { atMost: 10 },
        note: 'docs/memory.md says why',
      },
    ];
  });
}
