import { type AbsentRule, absentRules } from '../../runtime/evaluation/metrics/overlap.js';
import type { ScoresOptions } from '../../runtime/evaluation/scores.js';
import { UsageError } from '../errors.js';
import { parseNumber } from './options.js';

export interface MeasureOptions {
  readonly absent?: string;
  readonly measures?: string;
  readonly tolerance?: string;
}

const extra = ['surface', 'lesions', 'instances'] as const;

/** Reads `--absent`, `--measures` and `--tolerance`. @throws UsageError for what is none */
export function parseMeasures(options: MeasureOptions): Pick<ScoresOptions, 'absent' | 'objects'> {
  const { absent, measures, tolerance } = options;
  const names = measures === undefined ? [] : measures.split(',').map((name) => name.trim());
  const unknown = names.find((name) => name !== 'all' && !extra.some((e) => e === name));
  if (unknown !== undefined) {
    throw new UsageError(`there is no measure ${unknown}`, `use --measures ${extra.join(',')}, or all`);
  }
  const wants = (name: (typeof extra)[number]): boolean => names.includes(name) || names.includes('all');
  if (tolerance !== undefined && !wants('surface')) {
    throw new UsageError('--tolerance is for distances of surfaces', 'add --measures surface');
  }
  return {
    ...(absent === undefined ? {} : { absent: absentRule(absent) }),
    ...(names.length === 0
      ? {}
      : {
          objects: {
            ...(wants('surface')
              ? { surface: { tolerance: tolerance === undefined ? 1 : parseNumber(tolerance, '--tolerance') } }
              : {}),
            lesions: wants('lesions'),
            instances: wants('instances'),
          },
        }),
  };
}

function absentRule(text: string): AbsentRule {
  const rule = absentRules.find((r) => r === text);
  if (rule) return rule;
  throw new UsageError(`there is no rule ${text} for absent classes`, `use --absent ${absentRules.join(', ')}`);
}
