import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { probabilitiesOf, uncertaintyOf } from '../../compiler/3-transform/uncertainty.js';
import { initialWeights } from '../../compiler/6-build/initialize.js';
import {
  checkStages,
  countMacs,
  deploy,
  deployLevels,
  foldBatchNorm,
  type Graph,
  intoStages,
  levelMode,
  levelsOf,
  load,
  type Network,
  nodeMacs,
  specializeGraph,
} from '../../compiler/index.js';
import { GraphBuilder } from '../../compiler/ir/builder.js';
import { num } from '../../compiler/ir/dim.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { networkShapes, nthSizes, specText } from '../../testing/index.js';
import { evaluate, tensor } from '../../testing/reference/index.js';
import { cases } from '../cases.js';
import { Handmade, nestedNetwork } from './handmade.js';

/** Networks with a head for each of at least two levels. */
const nested = networkShapes({ depth: 3, channels: 3 })
  .filter((s) => s.width.length > 2)
  .map((s) => specText({ ...s, topology: 'nested', heads: 'all' }));

const networkOf = (text: string): Network => load(text).network as Network;

describe('stages', () => {
  it('take every node and parameter once, need only what came before, and cost what the level costs alone', () => {
    fc.assert(
      fc.property(nested, fc.constantFrom('accurate', 'fast'), fc.boolean(), (text, mode, folds) => {
        const network = networkOf(text);
        const levels = levelsOf(network, mode);
        const drawn = initialWeights(network.graph.params, 1);
        const arrays = new Map(Array.from(drawn, ([path, t]) => [path, t.data]));
        const deployed = deployLevels(network, { levels, mode });
        const graph = folds ? foldBatchNorm(deployed, arrays).graph : deployed;
        const { stages, inputs } = intoStages(graph, network, levels);
        expect(stages.map((s) => s.level)).toEqual(levels);
        expect(stages.flatMap((s) => s.params).length).toBe(graph.params.length);
        expect(stages.flatMap((s) => s.nodes).length).toBe(graph.nodes.length);

        const known = new Set(inputs.map((i) => i.value.id));
        const needed = new Set(graph.nodes.flatMap((n) => n.inputs.map((v) => v.id)));
        for (const stage of stages) {
          for (const p of stage.params) known.add(p.id);
          for (const node of stage.nodes) {
            for (const input of node.inputs) expect(known).toContain(input.id);
            for (const output of node.outputs) known.add(output.id);
          }
          expect(known).toContain(stage.answer.id);
          if (stage.uncertainty) expect(known).toContain(stage.uncertainty.id);
        }
        for (const p of graph.params) expect(needed).toContain(p.id);
        expect(stages.map((s) => s.uncertainty === null)).toEqual(levels.map((l) => l === levels.at(-1)));

        // Heads of earlier levels are all that a stage does which the level alone would not.
        const sizes = nthSizes(network, 1, []);
        const macs = (g: Graph) => countMacs(specializeGraph(g, sizes));
        const bound = intoStages(specializeGraph(graph, sizes), network, levels);
        const spent = bound.stages.map((s) => s.nodes.reduce((sum, n) => sum + nodeMacs(n), 0));
        const first = macs(deploy(network, { level: levels[0], mode }));
        expect(spent[0]).toBe(first);
        const whole = spent.reduce((a, b) => a + b, 0);
        expect(whole).toBe(macs(deploy(network, { mode: 'all' })));
      }),
      cases(40),
    );
  });

  it('follow from what answers need, not from the order of nodes: a node of a deeper level may stand before one of an earlier', () => {
    const network = nestedNetwork([2, 3, 4]);
    const graph = deployLevels(network, { levels: [1, 2], mode: 'fast' });
    const isFirst = new Set(intoStages(graph, network, [1, 2]).stages[0]?.nodes);
    const encoder = graph.nodes.filter((n) => /^X\[\d,0\]/.test(n.origin.path));
    const rest = graph.nodes.filter((n) => !encoder.includes(n));
    const shuffled = { ...graph, nodes: [...encoder, ...rest] };
    const [first] = intoStages(shuffled, network, [1, 2]).stages;
    expect(new Set(first?.nodes)).toEqual(isFirst);
    expect(shuffled.nodes.slice(0, isFirst.size).every((n) => isFirst.has(n))).toBe(false);
  });

  it('answer in the mode called fast, else in the first', () => {
    expect(levelMode(nestedNetwork([2, 3]))).toBe('fast');
    expect(levelMode({ ...nestedNetwork([2, 3]), modes: ['accurate'] })).toBe('accurate');
  });
});

describe('levels that can’t be stages', () => {
  const reason = (network: Network, mode = 'fast') =>
    checkStages(network, { levels: levelsOf(network, mode), mode })?.code ?? null;

  it('one level; no probabilities; other channels, sizes or activations; a taken name', () => {
    expect(reason(nestedNetwork([2, 3, 4]))).toBeNull();
    expect(reason(nestedNetwork([2, 3]))).toBe('one-level');
    expect(reason(nestedNetwork([2, 3, 4]), 'none')).toBe('one-level');
    const made = (heads: (h: Handmade, x: number) => number[]): Network => {
      const h = new Handmade();
      return h.network(heads(h, h.input('image', ['N', 1, 'H', 'W'])));
    };
    const sigmoid = (h: Handmade, path: string, x: number, channels: number): number =>
      h.apply('sigmoid', `${path}.sigmoid`, [h.conv(path, x, channels)], {});
    const half = { kernel: 2, stride: 2, padding: 0 };
    expect(reason(made((h, x) => [sigmoid(h, 'a', x, 2), sigmoid(h, 'b', x, 2)]))).toBeNull();
    expect(reason(made((h, x) => [sigmoid(h, 'a', x, 2), h.conv('b', x, 2)]))).toBe('no-probabilities');
    // What was resized or averaged is still a probability.
    const pooled = (h: Handmade, x: number) => h.apply('maxpool', 'b.pool', [sigmoid(h, 'b', x, 2)], half);
    expect(
      reason(made((h, x) => [pooled(h, x), h.apply('maxpool', 'c.pool', [sigmoid(h, 'c', x, 2)], half)])),
    ).toBeNull();
    const softmax = (h: Handmade, x: number) => h.apply('softmax', 's', [h.conv('c', x, 2)], { axis: 1 });
    const twoWays = made((h, x) => [sigmoid(h, 'a', x, 2), softmax(h, x)]);
    expect(reason(twoWays)).toBe('levels-differ');
    const named = nestedNetwork([2, 3, 4]);
    expect(reason({ ...named, outputName: 'level' })).toBe('name-taken');
  });

  it('a mean of a sigmoid and a softmax is neither', () => {
    const h = new Handmade();
    const x = h.input('image', ['N', 1, 'H', 'W']);
    const a = h.apply('sigmoid', 'a', [h.conv('ca', x, 2)], {});
    const b = h.apply('softmax', 'b', [h.conv('cb', x, 2)], { axis: 1 });
    const network = h.network([a, b]);
    const mean = network.modeOutputs.find((m) => m.level === 2 && m.mode === 'accurate');
    expect(probabilitiesOf(network.graph, mean!.value)).toBeNull();
  });
});

describe('uncertainty', () => {
  /** The same in plain arithmetic, of one image's probabilities, a list for each channel. */
  function plainly(channels: readonly (readonly number[])[], exclusive: boolean): number {
    const shares = channels.map((p, c) => {
      let [wrong, union] = [0, 0];
      p.forEach((v, k) => {
        const inMask = exclusive ? channels.every((q, d) => d === c || (q[k] as number) <= v) : v > 0.5;
        wrong += inMask ? 1 - v : v;
        union += inMask ? 1 : v;
      });
      return wrong / (1 + union);
    });
    return shares.reduce((a, b) => a + b, 0) / shares.length;
  }

  function computed(kind: 'sigmoid' | 'softmax', images: readonly (readonly (readonly number[])[])[]): Float64Array {
    const shape = [images.length, images[0]!.length, 1, images[0]![0]!.length];
    const build = new GraphBuilder(0, { path: 'u', span: nowhere });
    const p = build.value({ dtype: 'f32', shape: shape.map((n) => num(n)) });
    const u = uncertaintyOf(build, p, kind);
    const graph: Graph = {
      inputs: [{ name: 'p', value: p }],
      params: [],
      nodes: build.nodes,
      outputs: [{ name: 'u', value: u }],
    };
    return evaluate(graph, new Map([['p', tensor(shape, images.flat(2))]])).get('u')!.data;
  }

  it.each(['sigmoid', 'softmax'] as const)('of %s is what the definition says, an image at a time', (kind) => {
    const image = fc.integer({ min: 2, max: 3 }).chain((channels) =>
      fc.array(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 }), {
        minLength: channels,
        maxLength: channels,
      }),
    );
    fc.assert(
      fc.property(fc.tuple(image, image), ([a, b]) => {
        const images = a.length === b.length ? [a, b] : [a];
        const found = computed(kind, images);
        images.forEach((each, k) => void expect(found[k]).toBeCloseTo(plainly(each, kind === 'softmax'), 10));
        for (const u of found) expect(u >= 0 && u <= 1).toBe(true);
      }),
      cases(200),
    );
  });

  it('is 0 where all is certain, empty or not, and grows with doubt', () => {
    const of = (...p: number[]) => computed('sigmoid', [[p]])[0] as number;
    expect(of(0, 0, 0)).toBe(0);
    expect(of(1, 1, 0)).toBe(0);
    expect(of(0.9, 0.9, 0.1)).toBeLessThan(of(0.7, 0.7, 0.3));
    // An almost certainly empty image is not unsure, however many pixels say so.
    expect(of(...Array.from({ length: 10_000 }, () => 1e-6))).toBeLessThan(0.02);
  });
});
