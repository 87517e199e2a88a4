import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { EpochLine } from '../position.js';
import { escapeHtml, scriptJson } from './html.js';

export interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
  readonly color: string;
  readonly width: number;
  readonly dash?: readonly number[];
}

export interface Chart {
  readonly title: string;
  readonly epochs: readonly number[];
  readonly series: readonly Series[];
  readonly percent: boolean;
}

/** Okabe & Ito (2008), in an order in which neighbours differ in lightness too. */
const colors = ['#56b4e9', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#0072b2', '#b8a800'];

/** Loss, and the IoU of each head where images were held out. */
export function chartsOf(lines: readonly EpochLine[]): Chart[] {
  const epochs = lines.map((l) => l.epoch);
  const loss: Chart = {
    title: 'Training loss',
    epochs,
    percent: false,
    series: [{ label: 'loss', values: lines.map((l) => l.loss), color: '#0072b2', width: 2 }],
  };
  const heads = lines[0]?.heads ?? [];
  if (heads.length === 0) return [loss];
  const series = heads.map(
    ({ level }, k): Series => ({
      label: heads.length === 1 ? 'IoU' : `head L${level}`,
      values: lines.map((l) => l.heads[k]?.iou ?? null),
      color: colors[k % colors.length] as string,
      width: heads.length === 1 ? 2 : 1.5,
    }),
  );
  const average: Series = {
    label: 'average',
    values: lines.map((l) => l.average?.iou ?? null),
    color: 'var(--ink)',
    width: 2,
    dash: [5, 4],
  };
  const all = heads.length > 1 ? [...series, average] : series;
  return [loss, { title: 'IoU on held-out images, %', epochs, percent: true, series: all }];
}

/** Places for the charts; `chartScript` draws into them. */
export const chartPlaces = (charts: readonly Chart[]): string =>
  charts
    .map(
      ({ title, series }) => `<div class="chart"><h3>${escapeHtml(title)}</h3><div class="plot"></div>
<div class="key">${series.length > 1 ? series.map((s) => `<span><i style="background:${s.color}"></i>${escapeHtml(s.label)}</span>`).join('') : ''}</div></div>`,
    )
    .join('\n');

/** uPlot and the charts' data, inlined. */
export function chartScript(charts: readonly Chart[]): { css: string; script: string } {
  const folder = join(dirname(createRequire(import.meta.url).resolve('uplot')));
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return {
    css: read('uPlot.min.css'),
    script: `${read('uPlot.iife.min.js')}\n(${draw})(${scriptJson(charts)});`,
  };
}

// Runs in the reader's browser.
const draw = `function (charts) {
  const style = getComputedStyle(document.documentElement);
  const color = (text) => text.startsWith('var(') ? style.getPropertyValue(text.slice(4, -1)).trim() : text;
  const axis = (more) => Object.assign({
    stroke: color('var(--soft)'), font: '12px system-ui, sans-serif', grid: { stroke: color('var(--faint)'), width: 1 },
    ticks: { show: false },
  }, more);
  document.querySelectorAll('.plot').forEach((place, k) => {
    const chart = charts[k];
    const scale = chart.percent ? 100 : 1;
    const series = chart.series.map((s) => ({
      label: s.label, stroke: color(s.color), width: s.width, dash: s.dash, spanGaps: true,
      points: { show: chart.epochs.length < 3 },
    }));
    const plot = new uPlot({
      width: place.clientWidth, height: 260, legend: { show: false }, cursor: { y: false },
      scales: { x: { time: false } },
      series: [{ label: 'epoch' }].concat(series),
      axes: [
        axis({ size: 30, grid: { show: false }, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], label: 'epoch', labelSize: 18, labelFont: '12px system-ui, sans-serif' }),
        axis({ size: 52 }),
      ],
    }, [chart.epochs].concat(chart.series.map((s) => s.values.map((v) => v === null ? null : v * scale))), place);
    addEventListener('resize', () => plot.setSize({ width: place.clientWidth, height: 260 }));
  });
}`;
