import type { Compared, ComparedPair } from '../compare-eval.js';
import { interval } from './evaluation.js';
import { percent } from './numbers.js';
import { table } from './table.js';

/** Models side by side. */
export const comparedTable = (models: readonly Compared[]): string => {
  const foreground = models.some((m) => m.iouForeground !== undefined);
  return table<Compared>(
    [
      { title: 'model', value: (m) => m.model },
      { title: 'level', value: (m) => (Number.isNaN(m.level) ? '-' : `L${m.level}`) },
      { title: 'mode', value: (m) => m.mode },
      { title: 'IoU %', value: (m) => percent(m.iou), align: 'right' },
      { title: '95 %', value: (m) => interval(m.intervals.iou), align: 'right' },
      ...(foreground
        ? [{ title: 'without bg %', value: (m: Compared) => percent(m.iouForeground), align: 'right' as const }]
        : []),
      { title: 'pooled %', value: (m) => percent(m.iouPooled), align: 'right' },
      { title: 'dice %', value: (m) => percent(m.dice), align: 'right' },
      { title: 'bce', value: (m) => m.bce.toFixed(4), align: 'right' },
      { title: 'ms', value: (m) => m.milliseconds.toFixed(1), align: 'right' },
    ],
    models,
  );
};

/** How far b lies from a, and where most. */
export function comparisonText(pair: ComparedPair): string {
  const { a, b, iou, dice, iouPooled, better, worse, equal, most } = pair;
  const line = (name: string, { difference, interval: range }: ComparedPair['iou']): string => {
    const sure = range === null ? '' : range[0] > 0 || range[1] < 0 ? '' : ', which can be chance';
    return `  ${name} ${points(difference)} points${range ? `, 95 % from ${points(range[0])} to ${points(range[1])}` : ''}${sure}`;
  };
  return [
    `${b} against ${a}, paired by image: better on ${better}, worse on ${worse}, equal on ${equal}`,
    line('IoU', iou),
    line('dice', dice),
    line('pooled IoU', iouPooled),
    ...(most.length > 0 ? ['  where they differ most, IoU %:'] : []),
    ...most.map((m) => `    ${m.image}: ${percent(m.a)} -> ${percent(m.b)}`),
  ].join('\n');
}

const points = (share: number): string => `${share >= 0 ? '+' : ''}${(100 * share).toFixed(2)}`;
