// Each level as a file of its own, and adaptive files for several losses, on images that neither weights nor thresholds have seen.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HeldOut } from '../../dist/runtime/evaluation/held-out.js';
import { openFolder, openRun, ort, Scores, split } from '../../dist/runtime/index.js';
import { infer } from '../../dist/runtime/prediction/inference.js';
import { deepestLevel } from '../../dist/runtime/prediction/model.js';
import { writeNames } from './prepare.mjs';
import { unetc } from './unetc.mjs';

/** Builds the files; answers a side for each: `{ name, level, loss?, parameters, macs, file, adaptive? }`. */
export async function build({ run, data, calibrate, folder, losses, mode = 'fast' }) {
  await mkdir(folder, { recursive: true });
  const names = await writeNames(join(folder, 'calibrate.txt'), calibrate);
  const { network } = await openRun(run);
  const sides = [];
  for (const level of network.levels) {
    const file = join(folder, `L${level}.onnx`);
    const { parameters, macs } = await unetc('build', run, '-o', file, '--prune', `L${level}`, '--mode', mode);
    sides.push({ name: `L${level}`, level, file, parameters, macs });
  }
  const flags = ['--mode', 'adaptive', '--level-mode', mode];
  for (const loss of losses) {
    const file = join(folder, `adaptive-${loss}.onnx`);
    const built = await unetc(
      'build',
      run,
      '-o',
      file,
      ...flags,
      '--calibrate',
      data,
      '--split',
      names,
      '--iou-loss',
      `${loss}`,
    );
    sides.push({ name: `adaptive, ${loss}`, loss, file, parameters: built.parameters, adaptive: built.adaptive });
  }
  // What deciding costs: the deepest level, reached through every decision.
  const file = join(folder, 'always.onnx');
  await unetc('build', run, '-o', file, ...flags, '--threshold-uncertainty', '0');
  return [...sides, { name: 'to the end', file }];
}

/** Adds `iou` (per image), `levels` (per image) and `ms` (per image, the best of `rounds`) to each side. All take turns at each image. */
export async function measure(sides, { run, data, judge, rounds, note = () => undefined }) {
  const { record } = await openRun(run);
  const { task } = record;
  const all = await openFolder(data, {
    channels: task.channels,
    classes: task.classes.length,
    exclusive: task.exclusive,
  });
  const held = new HeldOut(split(all, { names: judge }).held, task);
  const found = sides.map((side) => ({ ...side, iou: [], levels: [], ms: [] }));
  const predictors = [];
  try {
    for (const { file } of sides) predictors.push(await ort.open(await readFile(file)));
    for (let round = 0; round < rounds; round++) {
      note(`round ${round + 1} of ${rounds}`);
      let image = 0;
      for await (const { input, truth } of held.examples()) {
        for (const [k, side] of found.entries()) {
          const seen = deepestLevel();
          const started = performance.now();
          const maps = await infer(input, predictors[k], null, { axes: task.axes, onAnswers: seen.add });
          const ms = performance.now() - started;
          side.ms[image] = Math.min(side.ms[image] ?? Infinity, ms);
          side.levels[image] = seen.level() ?? side.level;
          const scores = new Scores(task);
          side.iou[image] = scores.add(maps.values().next().value.data, truth);
        }
        image++;
      }
    }
  } finally {
    for (const predictor of predictors) await predictor.dispose();
  }
  return found;
}

export const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** Standard error of the mean of paired differences, a - b. */
export function pairedError(a, b) {
  const gaps = a.map((v, k) => v - b[k]);
  const middle = mean(gaps);
  return Math.sqrt(gaps.reduce((sum, g) => sum + (g - middle) ** 2, 0) / (gaps.length - 1) / gaps.length);
}

/**
 * What the same mean IoU would cost by lot: the cheapest mean time of a level, or of two that share the images by chance. Whoever decides by
 * the image has to be below it. NaN where no level is as good.
 */
export function byLot(fixed, iou) {
  const points = fixed.map((s) => [mean(s.iou), mean(s.ms)]);
  const mixes = points.flatMap(([a, timeA]) =>
    points.map(([b, timeB]) => {
      if (a >= iou) return timeA;
      return b < iou ? Number.POSITIVE_INFINITY : timeA + ((timeB - timeA) * (iou - a)) / (b - a);
    }),
  );
  const least = Math.min(...mixes);
  return Number.isFinite(least) ? least : Number.NaN;
}

/** The table as Markdown: IoU, time, what that IoU would cost by lot, and which levels answered. */
export function tableOf(found) {
  const deepest = found.findLast((s) => s.level !== undefined);
  const lines = found.map((s) => {
    const gap = 100 * (mean(s.iou) - mean(deepest.iou));
    const error = 100 * pairedError(s.iou, deepest.iou);
    const own = s === deepest ? '' : `${gap >= 0 ? '+' : '−'}${Math.abs(gap).toFixed(2)} ± ${error.toFixed(2)}`;
    const time = mean(s.ms) / mean(deepest.ms);
    const fixed = found.filter((f) => f.level !== undefined);
    const lot = s.loss === undefined ? '' : (byLot(fixed, mean(s.iou)) / mean(deepest.ms)).toFixed(2);
    const levels = [...new Set(s.levels)]
      .sort()
      .map((l) => `L${l} ${Math.round((100 * s.levels.filter((x) => x === l).length) / s.levels.length)} %`);
    const figures = [(100 * mean(s.iou)).toFixed(2), own, mean(s.ms).toFixed(2), time.toFixed(2), lot];
    return `| ${[s.name, ...figures, s.loss === undefined ? '' : levels.join(', ')].join(' | ')} |`;
  });
  return [
    '| | IoU % | against the deepest | mean ms | of its time | by lot | answered by |',
    '| --- | ---: | ---: | ---: | ---: | ---: | --- |',
    ...lines,
  ].join('\n');
}
