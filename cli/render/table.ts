import { visibleLine } from '../../grammar/visible.js';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Numbers are set flush right. */
  readonly align?: 'left' | 'right';
}

/** A plain table: a line of titles, a line for each row, two spaces between columns, no trailing blanks. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [columns.map((c) => c.title), ...rows.map((row) => columns.map((c) => visibleLine(c.value(row))))];
  const widths = columns.map((_, k) => Math.max(...cells.map((line) => (line[k] ?? '').length)));
  return cells
    .map((line) =>
      line
        .map((cell, k) => (columns[k]?.align === 'right' ? cell.padStart(widths[k] ?? 0) : cell.padEnd(widths[k] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
