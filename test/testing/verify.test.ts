import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deploy, isValidSize, load, sizeRules, specializeGraph } from '../../compiler/index.js';
import type { TrainingEngine } from '../../runtime/engines/engine.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import {
  invalidSizes,
  networkShapes,
  networkSpecs,
  nthSizes,
  properties,
  referenceEngine,
  selections,
  settings,
  specText,
  validSizes,
  verify,
} from '../../testing/index.js';
import { cases } from '../cases.js';
import { spec } from '../runtime/trained.js';

const errors = (text: string) => load(text).diagnostics.filter((d) => d.severity === 'error');

describe('arbitraries', () => {
  it('draw specs that compile', () => {
    fc.assert(
      fc.property(networkSpecs(), (text) => {
        expect(errors(text).map((d) => `${d.span.start.line}: ${d.message}`)).toEqual([]);
      }),
      cases(150),
    );
  });

  it('draw sizes that a network takes, and sizes that it does not', () => {
    fc.assert(
      fc.property(networkSpecs({ depth: 3 }), fc.nat(), (text, seed) => {
        const { network } = load(text);
        const rules = sizeRules(network!);
        for (const sizes of fc.sample(validSizes(network!), { seed, numRuns: 3 })) {
          for (const rule of Object.values(rules)) expect(isValidSize(rule, sizes[rule.symbol]!)).toBe(true);
          specializeGraph(network!.graph, sizes);
        }
        const wrong = invalidSizes(network!);
        for (const sizes of wrong ? fc.sample(wrong, { seed, numRuns: 3 }) : []) {
          expect(Object.values(rules).every((rule) => isValidSize(rule, sizes[rule.symbol]!))).toBe(false);
        }
        for (const selection of fc.sample(selections(network!), { seed, numRuns: 2 })) deploy(network!, selection);
      }),
      cases(30),
    );
  });

  it('vary params within reason', () => {
    const params = { width: [16, 32, 64], classes: 1, deep: true, name: 'x', rate: 0.5 };
    const drawn = fc.sample(settings(params), { seed: 3, numRuns: 200 });
    expect(drawn).toContainEqual({});
    const widths = new Set(drawn.map((s) => s.width));
    expect(widths).toContain('[1, 2, 4]');
    expect(widths).toContain('[16, 32]');
    expect(new Set(drawn.map((s) => s.classes))).toEqual(new Set([undefined, '2']));
    expect(drawn.every((s) => s.name === undefined && s.rate === undefined)).toBe(true);
  });
});

describe('properties', () => {
  // The reference engine is slow, and right by definition: it tests the properties rather than the networks.
  it.each(properties.map((p) => [p.name, p] as const))('%s holds on the reference engine', async (_, property) => {
    await fc.assert(
      fc.asyncProperty(networkShapes({ depth: 2, channels: 2 }), fc.nat(9), async (shape, seed) => {
        const { network, recipe } = load(specText({ ...shape, rank: shape.rank === 3 ? 2 : shape.rank }));
        const [selection] = fc.sample(selections(network!), { seed, numRuns: 1 });
        await property.check(referenceEngine, {
          network: network!,
          recipe,
          ...selection!,
          sizes: nthSizes(network!, 2, []),
          seed,
        });
      }),
      { ...cases(4), seed: 1 },
    );
  });

  it.each(properties.map((p) => [p.name, p] as const))('%s holds on ONNX Runtime', async (_, property) => {
    await fc.assert(
      // Training graphs of deep networks take seconds to load.
      fc.asyncProperty(
        networkShapes({ depth: property.name === 'gradients' ? 2 : 4 }),
        fc.nat(9),
        fc.nat(1),
        async (shape, seed, step) => {
          const { network, recipe } = load(specText(shape));
          const [selection] = fc.sample(selections(network!), { seed, numRuns: 1 });
          const sizes = nthSizes(network!, 2, [step, 0, 0]);
          await property.check(ort, { network: network!, recipe, ...selection!, sizes, seed });
        },
      ),
      cases(10),
    );
  });
});

describe('verify', () => {
  it('finds nothing wrong with a right spec, and says the same for the same seed', async () => {
    const first = await verify(spec(), { engine: ort, runs: 4, seed: 5 });
    expect(first.properties.map((p) => [p.name, p.runs, p.ok])).toEqual(properties.map((p) => [p.name, 4, true]));
    expect(await verify(spec(), { engine: ort, runs: 4, seed: 5 })).toEqual(first);
  });

  it('shrinks a counterexample to the smallest case', async () => {
    /** Answers wrong numbers whenever the image is larger than 4 pixels high. */
    const broken: TrainingEngine = {
      ...ort,
      predictor: async (graph, weights) => {
        const inner = await ort.predictor(graph, weights);
        let calls = 0;
        return {
          run: async (image) => {
            const answers = await inner.run(image);
            const wrong = (image.shape[2] ?? 0) > 4 && ++calls > 0 && graph.nodes.length > 0;
            return new Map([...answers].map(([name, t]) => [name, wrong ? { ...t, shape: [...t.shape, 1] } : t]));
          },
          dispose: () => inner.dispose(),
        };
      },
    };
    const { properties: found } = await verify(spec(), { engine: broken, runs: 10 });
    const shapes = found.find((p) => p.name === 'shapes');
    expect(shapes).toMatchObject({ ok: false, reason: expect.stringContaining('on onnxruntime [') });
    expect(shapes?.counterexample).toMatchObject({ set: {}, sizes: { N: 1, H: 8, W: 4 }, seed: 0 });
  });

  it('lets params vary although expects hold only of the spec’s own', async () => {
    const text = spec().replace('  head S', '  expect parameters at L1 in fast = 1\n  head S');
    const { properties: found } = await verify(text, { engine: ort, runs: 2 });
    expect(found.every((p) => p.ok)).toBe(true);
  });

  it('refuses a spec that does not compile', async () => {
    await expect(verify('network {', { engine: ort })).rejects.toMatchObject({ code: 'verify-spec' });
  });
});
