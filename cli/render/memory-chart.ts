import { bytes, count } from './numbers.js';

/** Eighths of a line, from below. */
const eighths = ' ▁▂▃▄▅▆▇█';

/**
 * Bytes over steps, as bars of eighths of a line: at most `width` characters wide, so several steps may share a bar, which is then
 * as high as the highest of them.
 */
export function memoryChart(live: readonly number[], { width = 78, height = 8 } = {}): string[] {
  const most = live.reduce((a, b) => Math.max(a, b), 0);
  const labels = Array.from({ length: height }, (_, row) =>
    row === 0 ? bytes(most) : row === height - 1 ? '0 B' : '',
  );
  const margin = Math.max(...labels.map((l) => l.length)) + 1;
  const columns = Math.max(1, Math.min(live.length, width - margin - 1));
  const bars = Array.from({ length: columns }, (_, k) => {
    const from = Math.floor((k * live.length) / columns);
    const to = Math.max(from + 1, Math.floor(((k + 1) * live.length) / columns));
    const top = live.slice(from, to).reduce((a, b) => Math.max(a, b), 0);
    return most === 0 ? 0 : Math.ceil((8 * height * top) / most);
  });
  const rows = labels.map((label, row) => {
    const below = 8 * (height - 1 - row);
    const cells = bars.map((bar) => eighths[Math.max(0, Math.min(8, bar - below))] as string);
    return `${label.padStart(margin - 1)} │${cells.join('')}`.trimEnd();
  });
  const last = `step ${count(live.length)}`;
  const axis = columns > last.length + 3 ? `1${last.padStart(columns - 1)}` : `1 to ${count(live.length)}`;
  return [...rows, `${''.padStart(margin - 1)} └${'─'.repeat(columns)}`, `${''.padStart(margin - 1)}  ${axis}`];
}
