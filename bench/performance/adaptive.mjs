// Adaptive models, as rows of docs/performance.md.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, mean, pairedError, tableOf, measure as takeTurns } from '../adaptive/measure.mjs';
import { prepare } from '../adaptive/prepare.mjs';

export const title = 'Adaptive models: one file of every level';

/** Points of IoU that may be lost against the deepest level. */
const losses = [0.2, 0.5, 1];

/**
 * Trains a short run, or takes one (`run` and its `data`), builds a file of each level and adaptive ones, and measures them. Without real
 * images it works on drawn ones.
 * @param rounds how often each file answers each image; the best counts
 */
export async function measure({ rounds = 3, note = () => undefined, run, data }) {
  const folder = await mkdtemp(join(tmpdir(), 'unetc-adaptive-'));
  try {
    const prepared = await prepare({ run, data, folder, note });
    const sides = await build({ ...prepared, folder, losses });
    const found = await takeTurns(sides, { ...prepared, rounds, note });
    return { rows: rowsOf(found, prepared.judge.length), text: tableOf(found) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function rowsOf(found, images) {
  const deepest = found.findLast((s) => s.level !== undefined);
  const adaptive = found.filter((s) => s.loss !== undefined);
  const end = found.find((s) => s.name === 'to the end');
  return [
    ...adaptive.map((s) => ({
      what: `IoU below ${deepest.name}'s where ${s.loss} points may be lost`,
      figure: round(100 * (mean(deepest.iou) - mean(s.iou))),
      unit: 'points',
      goal: { atMost: s.loss },
      note: `standard error ${(100 * pairedError(s.iou, deepest.iou)).toFixed(2)}, ${images} images`,
    })),
    ...adaptive.map((s) => ({
      what: `mean time of an image, ${s.loss} points of IoU given up`,
      figure: round(mean(s.ms) / mean(deepest.ms)),
      unit: `of ${deepest.name}'s`,
      goal: { atMost: 1 },
    })),
    {
      what: `${deepest.name} through every decision, beside a file of ${deepest.name} alone`,
      figure: round(mean(end.ms) / mean(deepest.ms)),
      unit: 'of its time',
      goal: { atMost: 1.1 },
    },
  ];
}

const round = (n) => Math.round(1000 * n) / 1000;
