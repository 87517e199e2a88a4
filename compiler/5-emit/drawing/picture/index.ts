import { describeRules, sizeRules } from '../../../2-infer/sizes.js';
import { type Sizes, specializeGraph } from '../../../2-infer/specialize.js';
import { prune, topLevel } from '../../../3-transform/prune.js';
import { countMacs, countParameters, nodeMacs, nodeParameters } from '../../../4-schedule/cost.js';
import { receptiveFields } from '../../../4-schedule/receptive-field.js';
import { withoutDeadNodes } from '../../../ir/builder.js';
import { type Dim, evaluateDim, printDim, type Shape } from '../../../ir/dim.js';
import type { Graph, Network, Node, Value } from '../../../ir/graph.js';
import { type Group, groupNodes } from './groups.js';
import { linksBetween } from './links.js';
import { operatorList } from './operators.js';
import type { Box, Picture, State } from './picture.js';

export interface PictureOptions {
  /** One of `network.levels`; default: the highest, nothing cut. */
  readonly level?: number;
  /** Values of the network's symbols at which MACs are counted; valid ones (`sizeRules`), N among them. */
  readonly sizes: Sizes;
}

/** What there is to draw of a network that is not too large (`tooLargeToDraw`). */
export function pictureOf(network: Network, { level = topLevel(network), sizes }: PictureOptions): Picture {
  const groups = groupNodes(network);
  const liveAt = liveness(network);
  const bound = specializeGraph(network.graph, { ...sizes, N: 1 });
  const stateOf = (levels: readonly number[]): State => {
    if (levels.includes(level)) return 'kept';
    return levels.length === 0 || levels.includes(topLevel(network)) ? 'cut' : 'absent';
  };
  // An output is another value at each level: shown is the whole network's.
  const resultOf = (group: Group): Value => group.result ?? (network.modeOutputs.at(-1)?.value as Value);
  const sizeOf = (group: Group): number => extent(resultOf(group).type.shape);

  const links = linksBetween(network, groups, liveAt, sizeOf).map(({ from, to, ...link }) => ({
    ...link,
    from: from.id,
    to: to.id,
    state: stateOf(link.levels),
  }));
  const notEncoder = new Set(links.filter((l) => l.kind === 'up' || l.kind === 'skip').map((l) => l.to));
  const largest = groups.map(sizeOf).reduce((a, b) => Math.max(a, b));
  const boundNodes = new Map(bound.nodes.flatMap((n) => n.outputs.map((o) => [o.id, n] as const)));
  const fields = receptiveFields(network.graph);

  const boxOf = (group: Group): Box => {
    const { shape, id } = { shape: resultOf(group).type.shape, id: resultOf(group).id };
    const levels = levelsOf(group, network, liveAt);
    const own = group.nodes.flatMap((n) => boundNodes.get(n.outputs[0]?.id ?? -1) ?? []);
    return {
      id: group.id,
      kind: group.kind,
      base: group.base,
      index: group.index,
      shape: shortShape(shape),
      size: printSize(shape),
      halvings: Math.round(Math.log2(largest / extent(shape))),
      encoder: (group.kind === 'cell' || group.kind === 'block') && !notEncoder.has(group.id),
      levels,
      state: stateOf(levels),
      facts: {
        shape: shape.slice(1).map(printDim).join(' × '),
        parameters: own.reduce((sum, n) => sum + nodeParameters(n), 0),
        macs: own.reduce((sum, n) => sum + nodeMacs(n), 0),
        receptiveField: fields.get(id) ?? null,
        operators: group.kind === 'output' ? [] : operatorList(group.nodes, shape.length - 2),
      },
      head: group.head,
      modes: group.kind === 'output' ? network.modes : [],
    };
  };
  return {
    name: network.name,
    boxes: groups.map(boxOf),
    links,
    level,
    levels: network.levels.map((l) => {
      const graph = specializeGraph(prune(network, { level: l }), { ...sizes, N: 1 });
      return { level: l, parameters: countParameters(graph), macs: countMacs(graph) };
    }),
    sizeRules: describeRules(sizeRules(network)),
    referenceSize: bound.inputs[0]?.value.type.shape.slice(2).map((d) => d.offset) ?? [],
  };
}

/** The levels at which a head that the level keeps, or one of its outputs, depends on a node. */
function liveness(network: Network): (node: Node) => readonly number[] {
  const levels = new Map<number, number[]>();
  for (const level of network.levels) {
    for (const node of withoutDeadNodes(atLevel(network, level)).nodes) {
      for (const o of node.outputs) levels.set(o.id, [...(levels.get(o.id) ?? []), level]);
    }
  }
  return (node) => levels.get(node.outputs[0]?.id ?? -1) ?? [];
}

/** Outputs of what `level` keeps: its heads and its outputs in every mode. */
const atLevel = (network: Network, level: number): Graph => ({
  ...network.graph,
  outputs: [
    ...network.heads.filter((h) => h.level <= level).map((h) => ({ name: h.name, value: h.value })),
    ...network.modeOutputs.filter((m) => m.level === level).map((m) => ({ name: m.mode, value: m.value })),
  ],
});

function levelsOf(group: Group, network: Network, liveAt: (node: Node) => readonly number[]): readonly number[] {
  if (group.kind === 'input' || group.kind === 'output') return network.levels;
  if (group.kind === 'head') return network.levels.filter((l) => l >= (group.head ?? 0));
  const levels = new Set(group.nodes.flatMap((n) => liveAt(n)));
  return network.levels.filter((l) => levels.has(l));
}

const printSize = (shape: Shape): string => shape.slice(2).map(printDim).join(' × ');

/** Channels and size; sizes that are alike but for their symbol are said once. */
function shortShape(shape: Shape): string {
  const [, channels, ...space] = shape;
  const alike = (a: Dim, b: Dim): boolean =>
    (a.symbol === null) === (b.symbol === null) &&
    a.scale === b.scale &&
    a.offset === b.offset &&
    a.divisor === b.divisor;
  const distinct = space.filter((d, k) => space.findIndex((e) => alike(d, e)) === k);
  return channels ? `${printDim(channels)} · ${distinct.map(printDim).join(' × ')}` : '';
}

/** Geometric mean of the spatial dimensions, in units where every symbol is the same large number. */
function extent(shape: Shape): number {
  const symbols = Object.fromEntries(shape.flatMap((d) => (d.symbol === null ? [] : [[d.symbol, 2 ** 14]])));
  const sizes = shape.slice(2).map((d) => Math.max(1, evaluateDim(d, symbols)));
  return sizes.length === 0 ? 1 : sizes.reduce((a, b) => a * b, 1) ** (1 / sizes.length);
}
