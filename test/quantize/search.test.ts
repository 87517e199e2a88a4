import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy, foldBatchNorm, quantizableNodes } from '../../compiler/index.js';
import { knownShape } from '../../compiler/ir/dim.js';
import { Histogram } from '../../runtime/deployment/quantize/histogram.js';
import {
  calibrationImages,
  openCalibration,
  type QuantizeModelOptions,
  quantizeModel,
} from '../../runtime/deployment/quantize/index.js';
import { rangeOf } from '../../runtime/deployment/quantize/range-rules.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { HeldOut } from '../../runtime/evaluation/held-out.js';
import { openRun, runWeights } from '../../runtime/run/run-folder.js';
import { dataFormat } from '../../runtime/run/task.js';
import { trained } from '../runtime/trained.js';

let folder = '';
let options: Omit<QuantizeModelOptions, 'bound'>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-search-'));
  await trained(folder);
  const { network, record } = await openRun(join(folder, 'run'));
  const weights = await runWeights(join(folder, 'run'));
  const folded = foldBatchNorm(deploy(network, {}), new Map([...weights].map(([path, { data }]) => [path, data])));
  const shapes = new Map(folded.graph.params.map((p) => [p.origin.path, knownShape(p.type.shape)]));
  const opened = await openCalibration(join(folder, 'data'), dataFormat(network, record.recipe));
  options = {
    graph: folded.graph,
    weights: new Map([...folded.weights].map(([path, data]) => [path, { data, shape: shapes.get(path)! }])),
    task: record.task,
    engine: ort,
    images: await calibrationImages(opened, { task: record.task, judged: record.heldOut, seed: 0 }),
    held: new HeldOut(opened.dataset!, record.task),
  };
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the search for what stays in float', () => {
  it('leaves all in whole numbers where nothing is asked, and nothing where all is', async () => {
    const all = await quantizeModel({ ...options, bound: 1 });
    expect(all.layers.every((l) => l.type === 'int8')).toBe(true);
    expect(all.layers).toHaveLength(quantizableNodes(options.graph).length);
    expect(all.error).toBeGreaterThan(0);
    // No model is a whole point better than itself.
    const none = await quantizeModel({ ...options, bound: -1 });
    expect(none.layers.every((l) => l.type === 'float' && l.reason !== undefined)).toBe(true);
    expect(none.error).toBe(0);
    expect(none.quality?.after).toEqual(none.quality?.before);
  });

  it('puts back no more layers than a bound takes, and holds it', async () => {
    const all = await quantizeModel({ ...options, bound: 1 });
    const lost = all.quality!.before.iou - all.quality!.after.iou;
    for (const bound of [lost - 1e-9, lost / 2]) {
      const some = await quantizeModel({ ...options, bound });
      const floats = some.layers.filter((l) => l.type === 'float').length;
      expect(floats).toBeGreaterThan(0);
      const left = some.quality!.before.iou - some.quality!.after.iou;
      expect(left <= bound || floats === some.layers.length).toBe(true);
    }
  });
});

describe('ranges', () => {
  const seen = (numbers: readonly number[]): Histogram => {
    const histogram = new Histogram({ low: Math.min(...numbers), high: Math.max(...numbers) });
    histogram.add(Float32Array.from(numbers));
    return histogram;
  };

  it('leave out what is rare and far, but by the extremes', () => {
    const many = Array.from({ length: 100_000 }, (_, k) => Math.sin(k));
    const far = seen([...many, 1000]);
    expect(rangeOf('minmax', far)).toEqual({ low: far.low, high: 1000 });
    expect(rangeOf('percentile', far).high).toBeLessThan(2);
    expect(rangeOf('percentile', far).low).toBeCloseTo(-1, 1);
    expect(rangeOf('mse', seen([...many, 3])).high).toBeLessThanOrEqual(3);
  });

  it('are what there is where there is one number', () => {
    for (const rule of ['minmax', 'percentile', 'mse'] as const) {
      expect(rangeOf(rule, seen([2, 2, 2]))).toEqual({ low: 2, high: 2 });
    }
  });
});
