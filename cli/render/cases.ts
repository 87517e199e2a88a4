import type { CaseRow } from '../../runtime/evaluation/rows.js';

/** A row an image, level and mode; classes' figures in columns of their own. RFC 4180: fields with commas, quotes or line breaks quoted. */
export function casesCsv(cases: readonly CaseRow[], model?: (row: CaseRow) => string): string {
  const classes = [...new Set(cases.flatMap((row) => row.classes?.map((c) => c.name) ?? []))];
  const optional = (['iouForeground', 'hd95', 'assd', 'nsd'] as const).filter((key) =>
    cases.some((row) => row[key] !== undefined),
  );
  const columns: [string, (row: CaseRow) => string | number | undefined][] = [
    ...(model ? [['model', model] as [string, (row: CaseRow) => string]] : []),
    ['image', (row) => row.image],
    ['level', (row) => `L${row.level}`],
    ['mode', (row) => row.mode],
    ...(['iou', 'dice', 'precision', 'recall', 'accuracy', 'bce', ...optional] as const).map(
      (key) => [key, (row) => row[key]] as [string, (row: CaseRow) => number | undefined],
    ),
    ['native_iou', (row) => row.native.iou],
    ['native_dice', (row) => row.native.dice],
    ...classes.flatMap((name): [string, (row: CaseRow) => number | undefined][] => [
      [`iou ${name}`, (row) => row.classes?.find((c) => c.name === name)?.iou],
      [`dice ${name}`, (row) => row.classes?.find((c) => c.name === name)?.dice],
    ]),
  ];
  const lines = [columns.map(([title]) => title), ...cases.map((row) => columns.map(([, of]) => of(row)))];
  return lines.map((line) => `${line.map(field).join(',')}\r\n`).join('');
}

/** Empty for what is not a number: a class that an image does not have. */
function field(value: string | number | undefined): string {
  if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
