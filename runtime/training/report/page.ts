import { coverage } from '../../evaluation/coverage.js';
import type { EvaluationRow } from '../../evaluation/evaluate.js';
import { classColors } from '../../prediction/overlay.js';
import type { RunRecord } from '../../run/run-folder.js';
import { bestBy, bestMetrics, bestOf, defaultBest } from '../best.js';
import type { EpochLine } from '../position.js';
import { chartPlaces, chartScript, chartsOf } from './charts.js';
import { escapeHtml, percent, short, times } from './html.js';
import { style } from './style.js';

/** One held-out image: what it is, what is true of it, what was predicted; PNG data URIs. */
export interface CaseImages {
  readonly name: string;
  readonly iou: number;
  readonly image: string;
  readonly truth: string;
  readonly prediction: string;
}

export interface ReportData {
  readonly record: RunRecord;
  readonly lines: readonly EpochLine[];
  /** By level and mode, ascending; empty without held-out images. */
  readonly rows: readonly EvaluationRow[];
  /** What answered for them, in words. */
  readonly engine: string;
  readonly best: readonly CaseImages[];
  readonly worst: readonly CaseImages[];
}

/** The whole report as one HTML document that needs no network and no other file. */
export function reportPage(data: ReportData): string {
  const charts = chartsOf(data.lines);
  const { css, script } = chartScript(charts);
  const title = `${data.record.network}: training report`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${css}</style>
<style>${style}</style>
</head>
<body>
${header(data)}
<h2>Learning</h2>
<div class="charts">
${chartPlaces(charts)}
</div>
${levels(data)}
${cases(data)}
${settings(data.record)}
<script>${script}</script>
</body>
</html>
`;
}

function header({ record, lines, rows }: ReportData): string {
  const metric = bestMetrics.find((m) => m === record.best) ?? defaultBest;
  const best = bestOf(lines, metric);
  const top = rows.filter((r) => r.level === Math.max(...rows.map((x) => x.level)))[0];
  const heldOut = record.heldOut.length;
  const facts: [string, string][] = top
    ? [
        [`${percent(top.iou)} %`, `IoU, ${top.mode} at L${top.level}`],
        [`${percent(top.dice)} %`, 'Dice'],
        [short(top.parameters), 'parameters'],
        [`${top.milliseconds.toPrecision(3)} ms`, 'an image'],
      ]
    : [[String(lines.at(-1)?.loss.toPrecision(4) ?? '–'), 'last loss']];
  const trained = record.data.images - heldOut;
  return `<header>
<h1>${escapeHtml(record.network)}</h1>
<p class="soft">${lines.length} epochs on ${trained} images${heldOut ? `, judged on ${heldOut} held out` : ''}${best ? `; best after epoch ${best.epoch}, chosen by ${bestBy(metric, heldOut > 0)}` : ''}.</p>
<ul class="facts">${facts.map(([value, what]) => `<li><b>${value}</b><span>${what}</span></li>`).join('')}</ul>
</header>`;
}

function levels({ rows, engine }: ReportData): string {
  if (rows.length === 0) return '';
  const slowest = Math.max(...rows.map((r) => r.milliseconds));
  const named = rows.some((r) => r.iouForeground !== undefined);
  const body = rows.map((row, k) => {
    const speedup = row.saving === null ? Number.NaN : 1 / (1 - row.saving);
    const first = k > 0 && rows[k - 1]?.level !== row.level;
    const width = row.milliseconds / slowest;
    return `<tr${first ? ' class="first"' : ''}><td>L${row.level}</td><td class="left">${escapeHtml(row.mode)}</td><td>${short(row.parameters)}</td><td>${short(row.macs)}</td><td>${percent(row.iou)}</td><td>${percent(row.iouPooled)}</td>${named ? `<td>${percent(row.iouForeground ?? Number.NaN)}</td>` : ''}<td>${percent(row.dice)}</td><td>${row.bce.toFixed(3)}</td><td class="bar"><i style="width:calc((100% - 1.5rem) * ${width.toFixed(3)})"></i><span>${row.milliseconds.toPrecision(3)}</span></td><td>${times(speedup)}</td></tr>`;
  });
  return `<h2>Levels</h2>
${pruningSentence(rows)}
<div class="scroll"><table style="margin-top:1.25rem">
<thead><tr><th>level</th><th class="left">mode</th><th>parameters</th><th>MACs</th><th>IoU, %</th><th>pooled IoU, %</th>${named ? '<th>IoU without background, %</th>' : ''}<th>Dice, %</th><th>cross-entropy</th><th>ms an image</th><th>speed</th></tr></thead>
<tbody>${body.join('\n')}</tbody>
</table></div>
<p class="soft">Measured in ${escapeHtml(engine)}; ms are medians, levels in turns. A speed is left out (–) where the spread of the times is larger than the difference.${scaleSentence(rows)}</p>
${classTable(rows)}`;
}

/** What pruning costs here, in words: the smallest level within half a point of the best. */
function pruningSentence(rows: readonly EvaluationRow[]): string {
  const top = Math.max(...rows.map((r) => r.level));
  const full = rows.find((r) => r.level === top);
  if (!full || rows.every((r) => r.level === top)) return '';
  const same = rows.filter((r) => r.mode === full.mode);
  const best = Math.max(...same.map((r) => r.iou));
  const small = same.find((r) => r.iou >= best - 0.005);
  if (!small || small.level === top)
    return '<p class="soft">Each level is a network of its own, cut from the same weights.</p>';
  const loss = 100 * (full.iou - small.iou);
  const change = loss > 0.05 ? `gives up ${loss.toFixed(1)} points of IoU` : 'gives up nothing in IoU';
  return `<p class="soft">Each level is a network of its own, cut from the same weights. L${small.level} ${change} against L${top}, with ${times(full.parameters / small.parameters)} fewer parameters${small.saving === null ? '' : `, and is ${times(1 / (1 - small.saving))} as fast`}.</p>`;
}

/** What images of the working size would hide. */
function scaleSentence(rows: readonly EvaluationRow[]): string {
  const top = rows.filter((r) => r.level === Math.max(...rows.map((x) => x.level)))[0];
  if (!top || top.native.iou === top.iou) return '';
  return ` Judged at the training size; at the images' own size L${top.level} ${escapeHtml(top.mode)} has IoU ${percent(top.native.iou)} %, Dice ${percent(top.native.dice)} %.`;
}

function classTable(rows: readonly EvaluationRow[]): string {
  const top = rows.filter((r) => r.level === Math.max(...rows.map((x) => x.level)))[0];
  if (!top?.classes) return '';
  const body = top.classes.map(
    (c) =>
      `<tr><td>${escapeHtml(c.name)}${c.background ? ' (background)' : ''}</td><td>${percent(c.iou)}</td><td>${percent(c.dice)}</td></tr>`,
  );
  return `<h2>Classes</h2>
<div class="scroll"><table style="max-width:30rem"><thead><tr><th>class</th><th>IoU, %</th><th>Dice, %</th></tr></thead><tbody>${body.join('')}</tbody></table></div>
<p class="soft">${escapeHtml(coverage(top))}</p>`;
}

function cases({ worst, best, record }: ReportData): string {
  if (worst.length === 0) return '';
  const group = (title: string, list: readonly CaseImages[]): string =>
    list.length === 0 ? '' : `<h3 class="group">${title}</h3>\n<div class="cases">${list.map(figure).join('\n')}</div>`;
  return `<h2>Cases</h2>
<p class="soft">Held-out images: as they are, with the truth, with the prediction.</p>
${legend(record)}
${group('Worst', worst)}
${group('Best', best)}`;
}

function figure({ name, iou, image, truth, prediction }: CaseImages): string {
  const label = escapeHtml(name);
  return `<figure class="case"><figcaption><span title="${label}">${label}</span><b>IoU ${percent(iou)} %</b></figcaption>
<div><img src="${image}" alt="${label}"><img src="${truth}" alt="truth of ${label}"><img src="${prediction}" alt="prediction for ${label}"></div></figure>`;
}

function legend({ task }: RunRecord): string {
  if (task.classes.length < 2) return '';
  const shown = task.exclusive ? task.classes.slice(1) : task.classes;
  const entries = shown.map((name, k) => {
    const [r, g, b] = classColors[k % classColors.length] ?? [0, 0, 0];
    return `<span><i style="background:rgb(${r},${g},${b})"></i>${escapeHtml(name)}</span>`;
  });
  return `<div class="legend" style="margin-top:1rem">${entries.join('')}</div>`;
}

function settings(record: RunRecord): string {
  const { recipe, params, set, seed, engine, unetc, spec, data } = record;
  const shown = { params, set, recipe, seed, engine, unetc, spec, data };
  return `<h2>Settings</h2>
<details><summary>Everything this run was made with</summary><pre>${escapeHtml(JSON.stringify(shown, null, 2))}</pre></details>`;
}
