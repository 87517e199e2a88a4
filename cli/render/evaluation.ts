import { coverage } from '../../runtime/evaluation/coverage.js';
import type { EvaluationRow } from '../../runtime/evaluation/evaluate.js';
import type { ModelRow } from '../../runtime/evaluation/evaluate-model.js';
import type { Interval } from '../../runtime/evaluation/metrics/bootstrap.js';
import type { Judgement } from '../../runtime/evaluation/rows.js';
import type { Timing } from '../../runtime/evaluation/times.js';
import type { Task } from '../../runtime/run/task.js';
import { count, macs, percent, sizeText } from './numbers.js';
import { type Column, table } from './table.js';

/** What quality columns are worth showing for these rows. */
function qualityColumns<Row extends Judgement>(rows: readonly Row[]): Column<Row>[] {
  const foreground = rows.some((r) => r.iouForeground !== undefined);
  const native = rows.some((r) => r.native.iou !== r.iou);
  return [
    { title: 'IoU %', value: (r) => percent(r.iou), align: 'right' },
    { title: '95 %', value: (r) => interval(r.intervals.iou), align: 'right' },
    ...(foreground
      ? [{ title: 'without bg %', value: (r: Row) => percent(r.iouForeground), align: 'right' as const }]
      : []),
    ...(native ? [{ title: 'own size %', value: (r: Row) => percent(r.native.iou), align: 'right' as const }] : []),
    { title: 'pooled %', value: (r) => percent(r.iouPooled), align: 'right' },
    { title: 'dice %', value: (r) => percent(r.dice), align: 'right' },
    { title: 'bce', value: (r) => r.bce.toFixed(4), align: 'right' },
    { title: 'ms', value: (r) => r.milliseconds.toFixed(1), align: 'right' },
    { title: 'spread', value: (r) => spreadText(r), align: 'right' },
  ];
}

/** Levels and modes side by side; `saved` is the share of the highest level's time, in the same mode, that a level saves. */
const evaluationTable = (rows: readonly EvaluationRow[]): string =>
  table<EvaluationRow>(
    [
      { title: 'level', value: (r) => `L${r.level}` },
      { title: 'mode', value: (r) => r.mode },
      { title: 'parameters', value: (r) => count(r.parameters), align: 'right' },
      { title: 'MACs', value: (r) => macs(r.macs), align: 'right' },
      ...qualityColumns(rows),
      { title: 'saved', value: (r) => saved(r.saving), align: 'right' },
    ],
    rows,
  );

/** A built model by itself. */
const modelTable = (rows: readonly ModelRow[]): string =>
  table<ModelRow>(
    [{ title: 'level', value: (r) => `L${r.level}` }, { title: 'mode', value: (r) => r.mode }, ...qualityColumns(rows)],
    rows,
  );

type Judged = Judgement & { readonly level: number; readonly mode: string };

/** The table of a run's levels, what its figures cover, and each class's. */
export function evaluationText(rows: readonly EvaluationRow[], task: Task): string {
  const more = rows.some((r) => r.saving === null) ? [untold] : [];
  return [evaluationTable(rows), ...notes(rows, task, more), ...rows.flatMap(details)].join('\n');
}

/** The same of a built model. */
export const modelText = (rows: readonly ModelRow[], task: Task): string =>
  [modelTable(rows), ...notes(rows, task, []), ...rows.flatMap(details)].join('\n');

function notes(rows: readonly Judged[], { resize }: Task, more: readonly string[]): string[] {
  const top = rows.at(-1);
  if (!top) return [];
  const lines = [
    ...(resize
      ? [
          `IoU, dice and bce are at the size images are resized to, ${sizeText(resize)}; at their own size L${top.level} ${top.mode} has IoU ${percent(top.native.iou)} %, pooled ${percent(top.native.iouPooled)} %, dice ${percent(top.native.dice)} %`,
        ]
      : []),
    ...(top.classes ? [coverage(top)] : []),
    ...more,
  ];
  return lines.length > 0 ? ['', ...lines] : [];
}

function details(row: Judged): string[] {
  const lines = [...classLines(row), ...objectLines(row)];
  return lines.length > 0 ? ['', `L${row.level} ${row.mode}`, ...lines.map((line) => `  ${line}`)] : [];
}

const classLines = ({ classes = [] }: Judged): string[] =>
  classes.map(
    (c) =>
      `${c.name}${c.background ? ' (background)' : ''}: IoU ${percent(c.iou)} %, dice ${percent(c.dice)} %, in ${c.images} ${c.images === 1 ? 'image' : 'images'}`,
  );

function objectLines({ surface, lesions, instances }: Judged): string[] {
  const number = (n: number): string => (Number.isNaN(n) ? '-' : n.toFixed(2));
  const missed =
    surface && surface.missed > 0 ? `; ${surface.missed} with one side empty, at the image's diagonal` : '';
  return [
    ...(surface
      ? [
          `HD95 ${number(surface.hd95)} ${surface.unit}, ASSD ${number(surface.assd)} ${surface.unit}, NSD at ${surface.tolerance} ${surface.unit} ${percent(surface.nsd)} %${missed}`,
        ]
      : []),
    ...(lesions
      ? [
          `lesion F1 ${percent(lesions.f1)} %: ${lesions.tp} found, ${lesions.fn} missed, ${lesions.fp} where there is none`,
        ]
      : []),
    ...(instances
      ? [
          `objects: AP ${percent(instances.ap)} %, at 0.5 ${percent(instances.ap50)} %, at 0.75 ${percent(instances.ap75)} %; PQ ${percent(instances.pq)} % (SQ ${percent(instances.sq)}, RQ ${percent(instances.rq)})`,
        ]
      : []),
  ];
}

/** `71.20-75.31`, in percent; `-` where there is none. */
export const interval = (range: Interval | null): string =>
  range === null ? '-' : `${percent(range[0])}-${percent(range[1])}`;

/** `61 %`; `slower` for what saves nothing; `-` where the times can't tell. */
export const saved = (share: number | null): string =>
  share === null ? '-' : share < -0.005 ? 'slower' : `${Math.abs(100 * share).toFixed(0)} %`;

/** `1.9-2.4`: half of the times lie between. */
export const spreadText = ({ millisecondsSpread: [low, high] }: Timing, digits = 1): string =>
  `${low.toFixed(digits)}-${high.toFixed(digits)}`;

/** `1.52x`; `-` where the times can't tell. */
export const speedupText = ({ speedup, told }: { readonly speedup: number; readonly told: boolean }): string =>
  told ? `${speedup.toFixed(2)}x` : '-';

/** What `-` means in a table of times. */
export const untold = "'-': the spread of the times is larger than their difference, or there are fewer than 5";
