import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pictureOf } from '../../compiler/5-emit/drawing/index.js';
import { describeBox, type Picture, parameterLine } from '../../compiler/5-emit/drawing/picture/picture.js';
import { countMacs, countParameters, deploy, type Network, prune, specializeGraph } from '../../compiler/index.js';
import { networkSpecs } from '../../testing/index.js';
import { cases } from '../cases.js';
import { nested, networkOf, smallest, specs } from './specs.js';

const draw = (network: Network, level?: number): Picture => pictureOf(network, { level, sizes: smallest(network) });
const cellId = (c: { grid: string; index: readonly number[] }): string => `${c.grid}[${c.index.join(',')}]`;

const everySpec = Object.entries(specs);
const anyNetwork = networkSpecs({ depth: 4, channels: 3 }).map((text) => networkOf(text));

describe('the picture of any network', () => {
  const holds = (network: Network): void => {
    const picture = draw(network);
    // Every operator is in one box, so what boxes own adds up.
    const bound = specializeGraph(network.graph, { ...smallest(network), N: 1 });
    const sum = (of: 'parameters' | 'macs'): number => picture.boxes.reduce((n, b) => n + b.facts[of], 0);
    expect(sum('parameters')).toBe(countParameters(bound));
    expect(sum('macs')).toBe(countMacs(bound));
    expect(new Set(picture.boxes.map((b) => b.id)).size).toBe(picture.boxes.length);
    // Each cell that computes something is a box, once.
    const cells = new Set(network.graph.nodes.flatMap((n) => (n.origin.cell ? [cellId(n.origin.cell)] : [])));
    expect(picture.boxes.filter((b) => b.kind === 'cell').map((b) => b.id)).toEqual([...cells]);
    const heads = picture.boxes.filter((b) => b.kind === 'head').map((b) => b.head as number);
    expect(heads.sort((a, b) => a - b)).toEqual(network.heads.map((h) => h.level));
    // Links join boxes there are, never twice the same two.
    const pairs = picture.links.map((l) => `${l.from} ${l.to}`);
    expect(new Set(pairs).size).toBe(pairs.length);
    const ids = new Set(picture.boxes.map((b) => b.id));
    for (const l of picture.links) expect(ids.has(l.from) && ids.has(l.to)).toBe(true);
    // Nothing hangs in the air.
    for (const b of picture.boxes) {
      if (b.kind !== 'input')
        expect(
          picture.links.some((l) => l.to === b.id),
          b.id,
        ).toBe(true);
      if (b.kind !== 'output')
        expect(
          picture.links.some((l) => l.from === b.id),
          b.id,
        ).toBe(true);
    }
  };

  test.each(everySpec)('adds up: %s', (_, text) => holds(networkOf(text)));

  test('adds up', () => {
    fc.assert(fc.property(anyNetwork, holds), cases(60));
  });

  test("has the compiler's own edges between cells, of its kinds", () => {
    fc.assert(
      fc.property(anyNetwork, (network) => {
        const drawn = draw(network)
          .links.filter((l) => network.edges.some((e) => cellId(e.to) === l.to) && l.from !== 'image')
          .map((l) => `${l.from} ${l.kind === 'next' ? 'skip' : l.kind} ${l.to}`);
        expect(drawn.sort()).toEqual(network.edges.map((e) => `${cellId(e.from)} ${e.kind} ${cellId(e.to)}`).sort());
      }),
      cases(60),
    );
  });

  test('what is grey is what pruning removes, in every mode', () => {
    const check = (network: Network, level: number): void => {
      const modes = network.modeOutputs.filter((m) => m.level === level).map((m) => m.mode);
      const live = new Set(
        [...modes, 'all'].flatMap((mode) =>
          prune(network, { level, mode }).nodes.flatMap((n) => n.outputs.map((o) => o.id)),
        ),
      );
      const picture = draw(network, level);
      for (const cell of picture.boxes.filter((b) => b.kind === 'cell')) {
        const nodes = network.graph.nodes.filter((n) => n.origin.cell && cellId(n.origin.cell) === cell.id);
        const isLive = nodes.some((n) => n.outputs.some((o) => live.has(o.id)));
        expect(cell.state, cell.id).toBe(isLive ? 'kept' : 'cut');
      }
      for (const head of picture.boxes.filter((b) => b.kind === 'head')) {
        expect(head.state).toBe((head.head as number) <= level ? 'kept' : 'cut');
      }
      for (const l of picture.links) {
        const ends = picture.boxes.filter((b) => b.id === l.from || b.id === l.to);
        if (l.state === 'kept') expect(ends.map((b) => b.state)).toEqual(['kept', 'kept']);
        else if (l.kind !== 'output') expect(ends.map((b) => b.state)).toContain('cut');
      }
      const graph = specializeGraph(deploy(network, { level }), { ...smallest(network), N: 1 });
      const facts = picture.levels.find((l) => l.level === level);
      expect(facts).toEqual({ level, parameters: countParameters(graph), macs: countMacs(graph) });
    };
    fc.assert(
      fc.property(anyNetwork, fc.nat(), (network, pick) => {
        check(network, network.levels[pick % network.levels.length] as number);
      }),
      cases(60),
    );
    for (const [, text] of everySpec) {
      const network = networkOf(text);
      for (const level of network.levels) check(network, level);
    }
  });
});

describe('the picture of UNet++', () => {
  const paper = networkOf(nested([32, 64, 128, 256, 512]));

  test('has its 15 nodes, 4 down, 10 up and 20 skip links, and the count of parameters of the paper', () => {
    const picture = draw(paper);
    const count = (kind: string): number => picture.links.filter((l) => l.kind === kind).length;
    expect(picture.boxes.filter((b) => b.kind === 'cell')).toHaveLength(15);
    expect(['down', 'up', 'skip', 'next', 'head', 'output'].map(count)).toEqual([4, 10, 20, 1, 4, 4]);
    expect(parameterLine(picture)).toBe('9,041,700 parameters');
    expect(parameterLine(draw(paper, 2))).toBe('L2 of L4: 511,138 of 9,041,700 parameters');
    expect(picture.sizeRules).toBe('H and W: multiples of 16');
    expect(picture.boxes.filter((b) => b.encoder).map((b) => b.index.join())).toEqual([
      '0,0',
      '1,0',
      '2,0',
      '3,0',
      '4,0',
    ]);
  });

  test('says of a node what there is to know', () => {
    const picture = draw(paper, 2);
    const [node, cut] = ['X[0,2]', 'X[0,3]'].map((id) => picture.boxes.find((b) => b.id === id));
    if (!node || !cut) throw new Error('no such node');
    expect(node.shape).toBe('32 · H');
    expect(describeBox(node, picture)).toEqual([
      'X[0,2]: 32 × H × W',
      '45,152 parameters',
      `${((9 * 32 * (3 * 32 + 32) + 64 * 32) * 256) / 1e6} M MACs at 16×16`.replace(/^\d+\.\d+/, (n) =>
        Number(n).toPrecision(3),
      ),
      'sees 44×44 pixels',
      'conv_transpose 2×2 stride 2, concat, 2 × conv 3×3, 2 × relu',
    ]);
    expect(describeBox(cut, picture).at(-1)).toBe('cut at L2');
  });

  test('answers that only lower levels give are not there to draw', () => {
    const picture = draw(networkOf(nested([2, 2, 2], 'fast = last(S)')));
    const states = picture.links.filter((l) => l.kind === 'output').map((l) => [l.from, l.state]);
    expect(states).toEqual([
      ['S[1]', 'absent'],
      ['S[2]', 'kept'],
    ]);
  });
});

test('gates are told from other products', () => {
  const gated = (text: string): string[] =>
    draw(networkOf(text))
      .links.filter((l) => l.gated)
      .map((l) => `${l.from} ${l.to}`);
  expect(gated(specs.attention)).toEqual(['E[3] D[3]', 'E[2] D[2]', 'E[1] D[1]', 'E[0] D[0]']);
  // Squeeze and excitation weighs a value by itself.
  expect(gated(specs.lets)).toEqual([]);
});

test('names outside of grids are boxes whole: residual units and excitations inside them', () => {
  const names = draw(networkOf(specs.lets)).boxes.map((b) => b.id);
  expect(names).toEqual(['image', 'stem', 'enc1', 'enc2', 'dec1', 'dec0', 'full', 'S', 'mask']);
});

test('a network written in one expression is taken apart where it changes its size', () => {
  const sizes = draw(networkOf(specs.inHead)).boxes.map((b) => `${b.kind} ${b.shape}`);
  expect(sizes).toEqual([
    'input 3 · H',
    'block 8 · H',
    'block 16 · H/2',
    'block 32 · H/4',
    'block 16 · H/2',
    'block 8 · H',
    'head 1 · H',
    'output 1 · H',
  ]);
});

test('a head that feeds the network further is linked there', () => {
  const links = draw(networkOf(specs.cascade)).links.map((l) => `${l.from} ${l.to}`);
  expect(links).toContain('first S[1]');
  expect(links).toContain('first X[0]');
  expect(links).toContain('S[2] mask');
});
