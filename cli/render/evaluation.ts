import type { EvaluationRow } from '../../runtime/evaluation/evaluate.js';
import type { ModelRow } from '../../runtime/evaluation/evaluate-model.js';
import { count, macs, percent } from './numbers.js';
import { table } from './table.js';

/** Levels and modes side by side; `saved` is the share of the highest level's time, in the same mode, that a level saves. */
export const evaluationTable = (rows: readonly EvaluationRow[]): string =>
  table<EvaluationRow>(
    [
      { title: 'level', value: (r) => `L${r.level}` },
      { title: 'mode', value: (r) => r.mode },
      { title: 'parameters', value: (r) => count(r.parameters), align: 'right' },
      { title: 'MACs', value: (r) => macs(r.macs), align: 'right' },
      { title: 'IoU %', value: (r) => percent(r.iou), align: 'right' },
      { title: 'pooled %', value: (r) => percent(r.iouPooled), align: 'right' },
      { title: 'dice %', value: (r) => percent(r.dice), align: 'right' },
      { title: 'bce', value: (r) => r.bce.toFixed(4), align: 'right' },
      { title: 'ms', value: (r) => r.milliseconds.toFixed(1), align: 'right' },
      { title: 'saved', value: (r) => saved(r.saving), align: 'right' },
    ],
    rows,
  );

/** A built model by itself. */
export const modelTable = (rows: readonly ModelRow[]): string =>
  table<ModelRow>(
    [
      { title: 'level', value: (r) => `L${r.level}` },
      { title: 'mode', value: (r) => r.mode },
      { title: 'IoU %', value: (r) => percent(r.iou), align: 'right' },
      { title: 'pooled %', value: (r) => percent(r.iouPooled), align: 'right' },
      { title: 'dice %', value: (r) => percent(r.dice), align: 'right' },
      { title: 'bce', value: (r) => r.bce.toFixed(4), align: 'right' },
      { title: 'ms', value: (r) => r.milliseconds.toFixed(1), align: 'right' },
    ],
    rows,
  );

/** `61 %`; `slower` for what saves nothing; `-` where the times can't tell. */
export const saved = (share: number | null): string =>
  share === null ? '-' : share < -0.005 ? 'slower' : `${Math.abs(100 * share).toFixed(0)} %`;

/** `1.52x`; `-` where the times can't tell. */
export const speedupText = (speedup: number | null): string => (speedup === null ? '-' : `${speedup.toFixed(2)}x`);
