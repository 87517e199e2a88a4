import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployLevels, load } from '../../compiler/index.js';
import { openFolder, split } from '../../runtime/data/index.js';
import { observe } from '../../runtime/deployment/adaptive/calibrate.js';
import {
  chooseThresholds,
  isGoodEnough,
  levelFor,
  never,
  type Observation,
  outcomeOf,
} from '../../runtime/deployment/adaptive/thresholds.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { evaluate } from '../../runtime/evaluation/evaluate.js';
import { openRun, runWeights } from '../../runtime/run/run-folder.js';
import { dataFormat } from '../../runtime/run/task.js';
import { cases } from '../cases.js';
import { spec, trained } from './trained.js';

const share = fc.double({ min: 0, max: 1, noNaN: true });

/** Images of networks of two to four levels, and what the levels cost. */
const lessons = fc.integer({ min: 2, max: 4 }).chain((levels) =>
  fc.record({
    costs: fc
      .array(fc.integer({ min: 1, max: 50 }), { minLength: levels, maxLength: levels })
      .map((steps) => steps.map((_, k) => steps.slice(0, k + 1).reduce((a, b) => a + b, 0))),
    seen: fc.array(
      fc.record({
        name: fc.constant('x'),
        iou: fc.array(share, { minLength: levels, maxLength: levels }),
        uncertainty: fc.array(share, { minLength: levels - 1, maxLength: levels - 1 }),
      }),
      { minLength: 1, maxLength: 7 },
    ),
  }),
);

/** Every way of splitting these images by thresholds: those between, below and above what was seen. */
function everyChoice(seen: readonly Observation[], decisions: number): number[][] {
  const each = Array.from({ length: decisions }, (_, k) => [...seen.map((o) => o.uncertainty[k] as number), 0, never]);
  return each.reduce<number[][]>((heads, ts) => heads.flatMap((h) => ts.map((t) => [...h, t])), [[]]);
}

describe('thresholds', () => {
  it('are the cheapest that lose no more than allowed: none of all ways to decide is cheaper', () => {
    fc.assert(
      fc.property(lessons, fc.double({ min: 0, max: 0.3, noNaN: true }), ({ costs, seen }, loss) => {
        const found = chooseThresholds(seen, costs, loss);
        expect(found.thresholds).toHaveLength(costs.length - 1);
        expect(found.iou).toBeGreaterThanOrEqual(found.deepest - loss - 1e-9);
        expect(isGoodEnough(found, loss)).toBe(true);
        expect(outcomeOf(seen, costs, found.thresholds)).toMatchObject({ cost: found.cost, iou: found.iou });
        expect(found.answered.reduce((a, b) => a + b, 0)).toBe(seen.length);
        for (const thresholds of everyChoice(seen, costs.length - 1)) {
          const other = outcomeOf(seen, costs, thresholds);
          if (isGoodEnough(other, loss)) expect(other.cost).toBeGreaterThanOrEqual(found.cost - 1e-9);
        }
      }),
      cases(100),
    );
  });

  it('part images whose uncertainties are neighbours among doubles', () => {
    const seen = [0, Number.MIN_VALUE].map((doubt) => ({
      name: 'x',
      iou: [doubt > 0 ? 0 : 1, 1],
      uncertainty: [doubt],
    }));
    // Sent on: the second image alone, which the first level answers wrongly.
    expect(chooseThresholds(seen, [1, 10], 0).answered).toEqual([1, 1]);
  });

  it('save no less where more may be lost, and are the same every time', () => {
    fc.assert(
      fc.property(lessons, share, share, ({ costs, seen }, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)].map((loss) => chooseThresholds(seen, costs, loss));
        expect(more!.cost).toBeLessThanOrEqual(less!.cost);
        expect(chooseThresholds(seen, costs, Math.max(a, b))).toEqual(more);
      }),
      cases(50),
    );
  });

  it('of more images than the grid has places are within 2 % of the cheapest', () => {
    const count = 220;
    const seen = Array.from({ length: count }, (_, k) => {
      const doubt = ((k * 7919) % count) / count;
      return { name: `${k}`, iou: [0.9 - doubt / 2, 0.9 - doubt / 4, 0.9], uncertainty: [doubt, doubt / 2] };
    });
    const costs = [1, 3, 10];
    const found = chooseThresholds(seen, costs, 0.02);
    expect(found.deepest - found.iou).toBeLessThanOrEqual(0.02);
    expect(found.standardError).toBeGreaterThan(0);
    const allowed = everyChoice(seen, 2)
      .map((thresholds) => outcomeOf(seen, costs, thresholds))
      .filter((o) => isGoodEnough(o, 0.02));
    const cheapest = Math.min(...allowed.map((o) => o.cost));
    expect(found.cost).toBeLessThanOrEqual(1.02 * cheapest);
    expect(found.cost).toBeGreaterThanOrEqual(cheapest);
  });

  it('ask for a margin that is the standard error of paired differences, and of one image for certainty', () => {
    const seen = [0.1, -0.3, 0.2, 0.05].map((gap, k) => ({ name: `${k}`, iou: [0.5 + gap, 0.5], uncertainty: [0] }));
    const { iou, standardError, deepest } = outcomeOf(seen, [1, 2], [never]);
    expect([iou, deepest]).toEqual([expect.closeTo(0.5125), 0.5]);
    // By hand: the squares of the gaps, less their mean 0.0125, add up to 0.141875, over 4 images.
    expect(standardError).toBeCloseTo(Math.sqrt(0.141875 / 3 / 4), 8);
    const [one] = seen.slice(1);
    expect(chooseThresholds([one!], [1, 2], 0.9).thresholds).toEqual([0]);
    expect(chooseThresholds([{ ...one!, iou: [0.5, 0.5] }], [1, 2], 0).cost).toBe(1);
  });

  it('decide as the file does: deeper from the threshold on, and not for what is no number', () => {
    expect(levelFor([0.5, 0.5], [0.5, 0.6])).toBe(1);
    expect(levelFor([0.5, 0.5], [0, 0])).toBe(2);
    expect(levelFor([1, 1], [never, 0])).toBe(0);
    expect(levelFor([Number.NaN, 1], [0, 0])).toBe(0);
  });
});

describe('what levels do to images', () => {
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'unetc-adaptive-'));
    await trained(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['fast', 'accurate'])('is what evaluate finds of each level, %s', async (mode) => {
    const { network, record } = await openRun(join(folder, 'run'));
    const weights = await runWeights(join(folder, 'run'));
    const all = await openFolder(join(folder, 'data'), dataFormat(network, record.recipe));
    const dataset = split(all, { names: all.names.slice(0, 5) }).held;
    const common = { weights, task: record.task, dataset, engine: ort };
    const levels = network.levels;
    const graph = deployLevels(network, { levels, mode });
    const seen = await observe({ ...common, graph, levels });
    expect(seen.map((o) => o.name)).toEqual(dataset.names);
    const { rows } = await evaluate({ ...common, network, prune: 'all', modes: [mode] });
    rows.forEach((row, k) => {
      const mean = seen.reduce((sum, o) => sum + (o.iou[k] as number), 0) / seen.length;
      expect(mean).toBeCloseTo(row.iou, 6);
    });
    for (const { uncertainty } of seen) for (const u of uncertainty) expect(u > 0 && u < 1).toBe(true);
  });

  it('a network of several exclusive classes says how unsure it is too', async () => {
    const { network } = load(spec(3, '', 'softmax'));
    const graph = deployLevels(network!, { levels: [1, 2], mode: 'fast' });
    expect(graph.outputs.map((o) => o.name)).toEqual(['mask@L1', 'mask@L2', 'uncertainty@L1']);
  });
});
