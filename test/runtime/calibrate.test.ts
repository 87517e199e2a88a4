import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphWork, predictTime } from '../../compiler/4-schedule/time/index.js';
import { deploy, load, type Network, specializeGraph } from '../../compiler/index.js';
import { fitSeconds } from '../../runtime/profiling/calibrate/fit.js';
import { profileOf } from '../../runtime/profiling/calibrate/index.js';
import { probe, timed } from '../../runtime/profiling/calibrate/measure.js';
import { readCalibration, storeCalibration } from '../../runtime/profiling/calibrate/stored.js';
import { suite } from '../../runtime/profiling/calibrate/suite.js';
import { cases } from '../cases.js';

const machine = { unetc: '1.2.3', cpu: 'Some CPU', cores: 4 };
const profile = profileOf({ name: 'onnxruntime', device: 'cpu', precision: 'fp32' }, 'predict', 8, [
  {
    work: new Map([
      ['conv.macs', 1e9],
      ['run', 1],
    ]),
    seconds: 0.03,
  },
]);

describe('fitting', () => {
  it('finds the numbers that made the measurements', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 2, maxLength: 8 }),
        fc.integer({ min: 0, max: 1e6 }),
        (truth, seed) => {
          // Well-spread amounts, ten orders of magnitude apart by quantity.
          const amount = (r: number, j: number) =>
            10 ** j * (1 + ((seed + 7919 * (r + 1) * (j + 3) ** 2) % 101)) * ((r + j) % 3 === 0 ? 0 : 1);
          const rows = Array.from({ length: 40 }, (_, r) => {
            const work = new Map(truth.map((_, j) => [`q${j}`, amount(r, j)]));
            return { work, seconds: truth.reduce((s, t, j) => s + (t / 10 ** j) * amount(r, j), 1e-3) };
          });
          const found = fitSeconds(rows.map((row) => ({ ...row, work: new Map([...row.work, ['one', 1e-3]]) })));
          for (const [j, t] of truth.entries()) expect((found[`q${j}`] as number) * 10 ** j).toBeCloseTo(t, 2);
        },
      ),
      cases(50),
    );
  });

  it('is not moved far by one measurement that went wrong', () => {
    const rows = Array.from({ length: 20 }, (_, k) => ({ work: new Map([['a', 1 + k]]), seconds: 1 + k }));
    const disturbed = rows.map((row, k) => (k === 7 ? { ...row, seconds: 5 * row.seconds } : row));
    expect(fitSeconds(disturbed).a).toBeCloseTo(1, 1);
  });

  it('answers no negative number, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9), fc.double({ min: 0.01, max: 9, noNaN: true })), {
          minLength: 1,
        }),
        (rows) => {
          const found = fitSeconds(
            rows.map(([a, b, c, seconds]) => ({ work: new Map(Object.entries({ a, b, c })), seconds })),
          );
          for (const x of Object.values(found)) expect(x).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  it('predicts the networks of a made-up machine from its suite', () => {
    const truth: Record<string, number> = { run: 1e-4 };
    const workOf = (spec: string, batch: number, size: readonly number[]) => {
      const { network } = probe(spec);
      const symbols = network.graph.inputs[0]?.value.type.shape.map((d) => d.symbol) ?? [];
      const sizes = Object.fromEntries(
        symbols.flatMap((s, k) => (s ? [[s, k === 0 ? batch : (size[k - 2] as number)]] : [])),
      );
      return graphWork(specializeGraph(deploy(network), sizes), 8);
    };
    const priceOf = (name: string) =>
      (name.endsWith('nodes') ? 5e-6 : name.endsWith('bytes') ? 1e-10 : 1e-11) * (1 + (name.length % 4));
    const measured = suite('predict').map(({ spec, batch, size }) => {
      const work = new Map([...workOf(spec, batch, size), ['run', 1]]);
      for (const name of work.keys()) truth[name] ??= priceOf(name);
      return { work, seconds: [...work].reduce((s, [name, amount]) => s + amount * (truth[name] as number), 0) };
    });
    const { run: perRun = 0, ...seconds } = truth;
    const fitted = profileOf({ name: 'onnxruntime', device: 'cpu', precision: 'fp32' }, 'predict', 8, measured);
    const { network } = load(`network A {
  input image: f32[N, 3, H, W]
  head S = image |> conv(33, kernel: 3) |> relu |> maxpool(2) |> conv(65, kernel: 3) |> relu
    |> conv_transpose(33, kernel: 2, stride: 2) |> conv(1, kernel: 1) |> sigmoid
  output mask = S
}`);
    const graph = specializeGraph(deploy(network as Network), { N: 1, H: 128, W: 128 });
    const ratio = predictTime(graph, fitted).seconds / predictTime(graph, { ...fitted, perRun, seconds }).seconds;
    expect(ratio).toBeGreaterThan(0.97);
    expect(ratio).toBeLessThan(1.03);
  });
});

describe('timing', () => {
  it('takes the lower quartile of rounds in which all take turns', async () => {
    let now = 0;
    const order: string[] = [];
    const runnable = (name: string, times: number[]) => ({
      graph: { inputs: [], params: [], nodes: [], outputs: [] },
      run: async () => {
        order.push(name);
        now += times[order.filter((o) => o === name).length - 1] ?? 0;
      },
      dispose: async () => undefined,
    });
    // Before, then two a round, of which the second is timed.
    const a = runnable('a', [9, 9, 40, 9, 20, 9, 10, 9, 30, 9, 50]);
    const b = runnable('b', new Array(11).fill(7));
    expect(await timed([a, b], { rounds: 5, clock: () => now })).toEqual([0.02, 0.007]);
    expect(order.slice(2, 6).join('')).toBe('aabb');
  });

  it('runs a short one until what ran before it has settled', async () => {
    let now = 0;
    let runs = 0;
    const graph = { inputs: [], params: [], nodes: [], outputs: [] };
    const run = async () => {
      runs++;
      now += 2;
    };
    expect(await timed([{ graph, run, dispose: async () => undefined }], { rounds: 3, clock: () => now })).toEqual([
      0.002,
    ]);
    // One before all; then three, of 6 ms, and the one that counts.
    expect(runs).toBe(1 + 3 * 4);
  });
});

describe('a stored calibration', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unetc-calibration-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is read back on the same machine', async () => {
    const file = join(folder, 'new', 'calibration.json');
    await storeCalibration([profile], machine, file);
    expect(await readCalibration(machine, file)).toEqual({ profiles: [profile] });
  });

  it.each([
    ['of another CPU', { cpu: 'Another CPU' }, /another machine \(Some CPU, 4 cores; this is Another CPU, 4\)/],
    ['with another number of cores', { cores: 2 }, /another machine/],
    ['of another version', { unetc: '9.9.9' }, /of unetc 1.2.3/],
  ])('%s is refused, and the way out is named', async (_, change, said) => {
    const file = join(folder, 'calibration.json');
    await storeCalibration([profile], machine, file);
    const found = await readCalibration({ ...machine, ...change }, file);
    expect(found).toMatchObject({ missing: expect.stringMatching(said), remedy: "run 'unetc doctor --calibrate'" });
  });

  it.each([
    '',
    '{',
    'null',
    '{}',
    '{"machine":{"cpu":"Some CPU","unetc":"1.2.3","cores":4}}',
    JSON.stringify({ machine, profiles: [null] }),
    JSON.stringify({ machine, profiles: [{ ...profile, perRun: -1 }] }),
    JSON.stringify({ machine, profiles: [{ ...profile, seconds: { 'conv.macs': 'fast' } }] }),
  ])('damaged as %j is refused, and the way out is named', async (text) => {
    const file = join(folder, 'damaged.json');
    await writeFile(file, text);
    expect(await readCalibration(machine, file)).toEqual({
      missing: `${file} is damaged`,
      remedy: "run 'unetc doctor --calibrate', which writes it anew",
    });
  });

  it('that is absent says so', async () => {
    expect(await readCalibration(machine, join(folder, 'absent.json'))).toMatchObject({
      missing: 'this machine is not calibrated',
    });
  });
});
