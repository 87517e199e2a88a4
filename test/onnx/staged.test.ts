import fc from 'fast-check';
import { onnx } from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { emitStaged, thresholdName } from '../../compiler/5-emit/onnx/staged.js';
import { initialWeights } from '../../compiler/6-build/initialize.js';
import {
  deploy,
  deployLevels,
  foldBatchNorm,
  intoStages,
  levelOutput,
  levelsOf,
  load,
  type Network,
  uncertaintyName,
} from '../../compiler/index.js';
import { stream } from '../../compiler/random.js';
import { fixedAt, withThresholds } from '../../runtime/deployment/adaptive/rethreshold.js';
import { levelFor, never } from '../../runtime/deployment/adaptive/thresholds.js';
import type { Predictor, Tensor } from '../../runtime/engines/engine.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { networkShapes, nthSizes, specText } from '../../testing/index.js';
import { cases } from '../cases.js';
import { nestedNetwork } from '../compiler/handmade.js';

/** Networks with a head for each of at least two levels. */
const nested = networkShapes({ depth: 3, channels: 3 })
  .filter((s) => s.width.length > 2)
  .map((s) => specText({ ...s, topology: 'nested', heads: 'all' }));

const weightsOf = (network: Network, seed = 1) =>
  new Map(Array.from(initialWeights(network.graph.params, seed), ([path, t]) => [path, t.data]));

/** As `build --mode adaptive` writes it. */
function fileOf(network: Network, thresholds: readonly number[], mode = 'fast', seed = 1): Uint8Array {
  const levels = levelsOf(network, mode);
  const { graph, weights } = foldBatchNorm(deployLevels(network, { levels, mode }), weightsOf(network, seed));
  const options = { name: network.name, metadata: { 'unetc.mode': 'adaptive' }, thresholds, weights };
  return emitStaged(intoStages(graph, network, levels), options);
}

function imageOf(network: Network, batch: number, seed: number): Tensor {
  const sizes = nthSizes(network, batch, [1, 1, 1]);
  const dims = network.graph.inputs[0]!.value.type.shape;
  const shape = dims.map((d) => (d.symbol === null ? d.offset : (sizes[d.symbol] as number)));
  const random = stream(seed, 'image');
  return { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.uniform(-1, 1)) };
}

async function answer(predictor: Promise<Predictor>, image: Tensor): Promise<ReadonlyMap<string, Tensor>> {
  const opened = await predictor;
  return opened.run(image).finally(() => opened.dispose());
}

function expectNear(found: Tensor | undefined, due: Tensor | undefined): void {
  expect(found?.shape).toEqual(due?.shape);
  const off = due!.data.reduce((worst, v, k) => Math.max(worst, Math.abs(v - (found!.data[k] as number))), 0);
  expect(off).toBeLessThanOrEqual(1e-5);
}

const openly = (network: Network, level: number, mode: string, seed: number) =>
  ort.predictor(deploy(network, { level, mode }), initialWeights(network.graph.params, seed));

describe('an adaptive model', () => {
  it('answers what the level alone would that it says answered: the first that is sure enough of every image', {
    timeout: 3_600_000,
  }, async () => {
    const tried = fc.record({
      text: nested,
      mode: fc.constantFrom('accurate', 'fast'),
      batch: fc.integer({ min: 1, max: 3 }),
      seed: fc.nat(1000),
      // Of what the batch shows, so that every decision is met: below, between and above it.
      ranks: fc.array(fc.double({ min: -0.2, max: 1.2, noNaN: true }), { minLength: 3, maxLength: 3 }),
    });
    const answered: number[] = [];
    await fc.assert(
      fc.asyncProperty(tried, async ({ text, mode, batch, seed, ranks }) => {
        const network = load(text).network as Network;
        const levels = levelsOf(network, mode);
        const image = imageOf(network, batch, seed);
        const every = await answer(
          ort.predictor(deployLevels(network, { levels, mode }), initialWeights(network.graph.params, seed)),
          image,
        );
        const doubts = levels.slice(0, -1).map((l) => Math.max(...every.get(uncertaintyName(l))!.data));
        const [least, most] = [Math.min(...doubts), Math.max(...doubts)];
        const thresholds = doubts.map((_, k) => Math.max(0, least + (ranks[k] as number) * (most - least)));
        // Two engines' roundings may put a number on either side of a threshold that it equals.
        fc.pre(doubts.every((u, k) => Math.abs(u - (thresholds[k] as number)) > 1e-5 || thresholds[k] === 0));

        const got = await answer(ort.open(fileOf(network, thresholds, mode, seed)), image);
        expect([...got.keys()]).toEqual([network.outputName, levelOutput]);
        expect(got.get(levelOutput)?.shape).toEqual([]);
        const level = got.get(levelOutput)!.data[0] as number;
        expect(level).toBe(levels[levelFor(doubts, thresholds)]);
        expectNear(
          got.get(network.outputName),
          (await answer(openly(network, level, mode, seed), image)).get(network.outputName),
        );
        answered.push(level);
      }),
      cases(20),
    );
    expect(new Set(answered).size).toBeGreaterThan(1);
  });

  it('goes to the end with thresholds of 0, and nowhere with thresholds above 1', async () => {
    await fc.assert(
      fc.asyncProperty(nested, fc.nat(1000), async (text, seed) => {
        const network = load(text).network as Network;
        const levels = levelsOf(network, 'fast');
        const image = imageOf(network, 2, seed);
        for (const [threshold, level] of [
          [0, levels.at(-1)],
          [never, levels[0]],
          [Number.POSITIVE_INFINITY, levels[0]],
        ] as const) {
          const thresholds = levels.slice(1).map(() => threshold);
          const got = await answer(ort.open(fileOf(network, thresholds, 'fast', seed)), image);
          expect(got.get(levelOutput)?.data[0]).toBe(level);
          expectNear(
            got.get(network.outputName),
            (await answer(openly(network, level!, 'fast', seed), image)).get(network.outputName),
          );
        }
      }),
      cases(6),
    );
  });

  it('takes a batch as deep as its most unsure image alone', async () => {
    const network = nestedNetwork([3, 4, 5, 6]);
    const levels = levelsOf(network, 'fast');
    const image = imageOf(network, 8, 3);
    const graph = deployLevels(network, { levels, mode: 'fast' });
    const every = await answer(ort.predictor(graph, initialWeights(network.graph.params, 1)), image);
    const doubts = [...every.get(uncertaintyName(1))!.data].sort((a, b) => a - b);
    const file = fileOf(network, [((doubts[6] as number) + (doubts[7] as number)) / 2, never]);
    const length = image.data.length / 8;
    const predictor = await ort.open(file);
    const alone: number[] = [];
    for (let k = 0; k < 8; k++) {
      const one = { data: image.data.slice(k * length, (k + 1) * length), shape: [1, ...image.shape.slice(1)] };
      alone.push((await predictor.run(one)).get(levelOutput)!.data[0] as number);
    }
    expect(alone.filter((l) => l === 2)).toHaveLength(1);
    expect((await predictor.run(image)).get(levelOutput)?.data[0]).toBe(2);
    await predictor.dispose();
  });

  const network = nestedNetwork([3, 4, 5, 6]);
  const thresholds = [0.25, 0.5];
  const file = fileOf(network, thresholds);

  it('is the same bytes every time, and holds each weight once', () => {
    expect(Buffer.compare(fileOf(network, thresholds), file)).toBe(0);
    const { graph, weights } = foldBatchNorm(deploy(network, { mode: 'all' }), weightsOf(network));
    const whole = emitOnnx(graph, { name: network.name, metadata: {}, weights });
    // The whole network and its heads, and what decides: some nodes and names, no second copy of anything.
    expect(file.length).toBeLessThan(whole.length + 12_000);
    expect(weights.size).toBe(graph.params.length);
  });

  it('is branches within branches: names are unique, and nothing is used that is not around it', () => {
    const model = onnx.ModelProto.decode(file);
    const taken = new Set<string>();
    let depth = 0;
    const visit = (graph: onnx.IGraphProto, around: ReadonlySet<string>, level: number): void => {
      depth = Math.max(depth, level);
      const known = new Set(around);
      const define = (name: string): void => {
        expect(taken).not.toContain(name);
        taken.add(name);
        known.add(name);
      };
      for (const v of [...(graph.input ?? []), ...(graph.initializer ?? [])]) define(v.name!);
      for (const n of graph.node ?? []) {
        for (const name of n.input ?? []) if (name !== '') expect(known).toContain(name);
        for (const a of n.attribute ?? []) if (a.g) visit(a.g, known, level + 1);
        for (const name of n.output ?? []) define(name);
      }
      for (const o of graph.output ?? []) expect(known).toContain(o.name!);
    };
    visit(model.graph!, new Set(), 0);
    expect(depth).toBe(2);
    const held = new Map(model.graph?.initializer?.map((t) => [t.name, t.rawData]));
    thresholds.forEach((t, k) => {
      const raw = held.get(thresholdName(k + 1)) as Uint8Array;
      expect(new DataView(raw.buffer, raw.byteOffset).getFloat32(0, true)).toBe(t);
    });
  });

  it('can be given other thresholds, or one level, and the file stays as it was', async () => {
    // A Buffer, as files are read: its slices share memory.
    const bytes = Buffer.from(file);
    const other = withThresholds(bytes, new Map([[1, 0.75]]));
    expect(Buffer.compare(bytes, file)).toBe(0);
    expect(Buffer.compare(other, fileOf(network, [0.75, 0.5]))).toBe(0);
    expect(() => withThresholds(bytes, new Map([[7, 0.5]]))).toThrow(thresholdName(7));
    const levels = [1, 2, 3].map((level) => ({ level, parameters: 0, macs: 0 }));
    const image = imageOf(network, 1, 1);
    for (const { level } of levels) {
      const got = await answer(ort.open(fixedAt(bytes, { levels }, level)), image);
      expect(got.get(levelOutput)?.data[0]).toBe(level);
    }
  });

  it('needs as many thresholds as there are decisions', () => {
    expect(() => fileOf(network, [0.5])).toThrow('a threshold less');
  });
});
