import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classOf } from '../../compiler/4-schedule/time/classes.js';
import { type DeviceProfile, graphWork, predictTime } from '../../compiler/4-schedule/time/index.js';
import {
  deploy,
  type Loaded,
  load,
  type Network,
  sizeRules,
  specializeGraph,
  trainingPlan,
} from '../../compiler/index.js';
import { probe } from '../../runtime/profiling/calibrate/measure.js';
import { suite } from '../../runtime/profiling/calibrate/suite.js';
import { networkSpecs, validSizes } from '../../testing/arbitraries.js';
import { cases } from '../cases.js';

/** A profile in which every quantity costs something. */
const profiles = fc.record({ seed: fc.integer({ min: 1, max: 1e6 }), lanes: fc.constantFrom(8, 16) }).map(
  ({ seed, lanes }): DeviceProfile => ({
    engine: 'onnxruntime',
    device: 'cpu',
    precision: 'fp32',
    purpose: 'predict',
    lanes,
    perRun: 1e-5,
    seconds: new Proxy({} as Record<string, number>, {
      get: (_, name) => (1 + ((seed * (String(name).length + String(name).charCodeAt(0))) % 97)) * 1e-11,
    }),
  }),
);

const timeOf = (network: Network, sizes: Record<string, number>, profile: DeviceProfile, level?: number): number =>
  predictTime(specializeGraph(deploy(network, { level }), sizes), profile).seconds;

describe('predicted time', () => {
  it('does not fall when the batch grows, nor when a size does', () => {
    fc.assert(
      fc.property(networkSpecs(), profiles, fc.integer({ min: 2, max: 4 }), (spec, profile, factor) => {
        const network = load(spec).network as Network;
        const sizes = fc.sample(validSizes(network), { ...cases(1), seed: 1 })[0] as Record<string, number>;
        const before = timeOf(network, sizes, profile);
        expect(timeOf(network, { ...sizes, N: (sizes.N ?? 1) * factor }, profile)).toBeGreaterThan(before);
        // A multiple of a valid size is valid: rules are divisors and least sizes.
        for (const { symbol } of Object.values(sizeRules(network)).filter((r) => r.symbol !== 'N')) {
          const larger = { ...sizes, [symbol]: (sizes[symbol] as number) * factor };
          expect(timeOf(network, larger, profile)).toBeGreaterThan(before);
        }
      }),
      cases(60),
    );
  });

  it('is never more for a lower level', () => {
    fc.assert(
      fc.property(networkSpecs(), profiles, (spec, profile) => {
        const network = load(spec).network as Network;
        const sizes = fc.sample(validSizes(network), { ...cases(1), seed: 1 })[0] as Record<string, number>;
        const times = network.levels.map((level) => timeOf(network, sizes, profile, level));
        for (const [k, time] of times.slice(1).entries())
          expect(time).toBeGreaterThanOrEqual((times[k] as number) * (1 - 1e-12));
      }),
      cases(60),
    );
  });

  it('is the sum of its nodes and what a run costs', () => {
    fc.assert(
      fc.property(networkSpecs(), profiles, (spec, profile) => {
        const network = load(spec).network as Network;
        const graph = specializeGraph(
          deploy(network),
          fc.sample(validSizes(network), { ...cases(1), seed: 1 })[0] as Record<string, number>,
        );
        const { seconds, nodes } = predictTime(graph, profile);
        expect([...nodes.keys()]).toEqual([...graph.nodes]);
        expect(seconds).toBeCloseTo(
          [...nodes.values()].reduce((a, b) => a + b, profile.perRun),
          12,
        );
        for (const [node, time] of nodes) if (classOf(node.op) === 'free') expect(time).toBe(0);
      }),
      cases(30),
    );
  });

  it('counts weights twice of which more are read than a cache keeps, those of every node alike', () => {
    const weights = (width: number) => {
      const { network } = load(`network A {
  input image: f32[N, 3, H, W]
  head S = image |> conv(${width}, kernel: 3) |> conv(${width}, kernel: 3) |> conv(1, kernel: 1) |> sigmoid
  output mask = S
}`);
      const work = graphWork(specializeGraph(deploy(network as Network), { N: 1, H: 8, W: 8 }), 8);
      return { all: work.get('conv.weights') as number, far: work.get('conv.far') ?? 0 };
    };
    expect(weights(512)).toEqual({ all: 4 * (512 * (3 * 9 + 512 * 9 + 1)), far: 0 });
    const { all, far } = weights(1024);
    expect(far).toBeCloseTo(all - 2 ** 24, 0);
  });

  it('counts a batch norm and an activation after a convolution as part of it, unless another reads between', () => {
    const body = (s: string) => {
      const { network } = load(`network A {
  input image: f32[N, 8, H, W]
  head S = image |> conv(8, kernel: 3) |> batchnorm |> relu |> conv(1, kernel: 1) |> sigmoid
  ${s}
}`);
      return graphWork(specializeGraph(deploy(network as Network), { N: 1, H: 8, W: 8 }), 8);
    };
    expect([...body('output mask = S').keys()].filter((n) => !/^(conv|pointwise)\./.test(n))).toEqual([]);
  });
});

describe('the calibration suite', () => {
  const quantities = (purpose: 'predict' | 'train') => {
    const found = new Set<string>();
    for (const { spec, batch, size } of suite(purpose)) {
      const { network, recipe } = probe(spec);
      const symbols = network.graph.inputs[0]?.value.type.shape.map((d) => d.symbol) ?? [];
      const sizes = Object.fromEntries(
        symbols.flatMap((s, k) => (s ? [[s, k === 0 ? batch : (size[k - 2] as number)]] : [])),
      );
      const graph =
        purpose === 'train'
          ? trainingPlan(network, recipe, { batch, size: [...size] }).graph
          : specializeGraph(deploy(network), sizes);
      for (const name of graphWork(graph, 8).keys()) found.add(name);
    }
    return found;
  };

  it.each(['predict', 'train'] as const)('to %s asks for all that the specs we ship ask for', (purpose) => {
    const measured = quantities(purpose);
    for (const file of readdirSync('specs').filter((f) => f.endsWith('.unet'))) {
      const { network, recipe } = load(readFileSync(`specs/${file}`, 'utf8')) as Loaded & { network: Network };
      const spatial = network.graph.inputs[0]?.value.type.shape.slice(2) ?? [];
      const sizes = Object.fromEntries([['N', 1], ...spatial.map((d) => [d.symbol, 64])]);
      const graph =
        purpose === 'train'
          ? trainingPlan(network, recipe, { batch: 1, size: spatial.map(() => 64) }).graph
          : specializeGraph(deploy(network), sizes);
      expect(
        [...graphWork(graph, 8).keys()].filter((name) => !measured.has(name)),
        file,
      ).toEqual([]);
    }
  });
});
