import type { AdaptiveEvaluation, AdaptiveRow } from '../../runtime/deployment/adaptive/evaluate.js';
import type { AdaptiveFacts } from '../../runtime/deployment/adaptive/facts.js';
import { saved } from './evaluation.js';
import { count, macs, percent } from './numbers.js';
import { type Column, table } from './table.js';

/** What `build` says of an adaptive model's levels: what they cost, when they pass on, and what that did on the calibration images. */
export function adaptiveLines({ levels, calibration }: AdaptiveFacts): string[] {
  const answered = calibration?.answered;
  type Row = { readonly facts: AdaptiveFacts['levels'][number]; readonly images: number | undefined };
  const columns: Column<Row>[] = [
    { title: 'level', value: (r) => `L${r.facts.level}` },
    { title: 'parameters', value: (r) => count(r.facts.parameters), align: 'right' },
    { title: 'MACs', value: (r) => macs(r.facts.macs), align: 'right' },
    { title: 'deeper from', value: (r) => thresholdText(r.facts.threshold), align: 'right' },
    ...(answered ? [{ title: 'images', value: (r: Row) => String(r.images), align: 'right' as const }] : []),
  ];
  const rows = levels.map((facts, k) => ({ facts, images: answered?.[k] }));
  const lines = table(columns, rows)
    .split('\n')
    .map((line) => `  ${line}`);
  if (!calibration) return lines;
  const { iou, deepest, standardError, loss, images, cost } = calibration;
  const last = `L${levels.at(-1)?.level}`;
  const gap = `${(100 * (iou - deepest)).toFixed(2)} ± ${(100 * standardError).toFixed(2)} points against ${last}`;
  const dead = levels.findIndex((l) => (l.threshold ?? 0) > 1);
  return [
    ...lines,
    ...(dead < 0
      ? []
      : [
          `  nothing is asked of what is deeper than L${levels[dead]?.level}: --prune L${levels[dead]?.level} leaves it out`,
        ]),
    `  on ${images} images: IoU ${percent(iou)} %, ${gap} (${Number((100 * loss).toFixed(4))} allowed, 95 % sure), with ${(100 * cost).toFixed(0)} % of its MACs`,
  ];
}

const thresholdText = (threshold: number | undefined): string =>
  threshold === undefined ? '-' : threshold > 1 ? 'never' : threshold === 0 ? 'always' : threshold.toFixed(4);

/** Each level alone, and the model as it chooses; `saved` is the share of the deepest level's time. */
export function adaptiveTable({ rows, levels, images }: AdaptiveEvaluation): string {
  const shares = levels.map((l) => `L${l.level} ${((100 * l.images) / images).toFixed(0)} %`).join(', ');
  return table<AdaptiveRow>(
    [
      { title: 'level', value: (r) => (r.mode === 'fixed' ? `L${r.level}` : r.mode) },
      { title: 'parameters', value: (r) => count(r.parameters), align: 'right' },
      { title: 'MACs', value: (r) => macs(r.macs), align: 'right' },
      { title: 'IoU %', value: (r) => percent(r.iou), align: 'right' },
      { title: 'pooled %', value: (r) => percent(r.iouPooled), align: 'right' },
      { title: 'mean ms', value: (r) => r.milliseconds.toFixed(2), align: 'right' },
      {
        title: 'saved',
        value: (r) => saved(r.saving),
        align: 'right',
      },
      { title: 'answered by', value: (r) => (r.mode === 'fixed' ? `L${r.level}` : shares) },
    ],
    rows,
  );
}
