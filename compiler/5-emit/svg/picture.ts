import { withoutDeadNodes } from '../../ir/builder.js';
import { evaluateDim, printDim, type Shape } from '../../ir/dim.js';
import type { Cell, Edge, Graph, Head, Network, Node, Value } from '../../ir/graph.js';

/** What a drawing shows of a network, before anything has a place: boxes, arrows between them, inputs and heads. */
export interface Picture {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
  readonly inputs: readonly InputMark[];
  readonly heads: readonly HeadMark[];
  /** Trained numbers in the whole network, and in what the chosen level keeps. */
  readonly weights: number;
  readonly keptWeights: number;
}

/** A cell of a grid, or, outside grids, a chain of operators at one resolution. */
export interface Box {
  readonly id: string;
  /** `X` and `[0, 2]`; a chain has no index. */
  readonly base: string;
  readonly index: readonly number[];
  readonly channels: string;
  /** `H/2 × W/2` */
  readonly size: string;
  /** Halvings relative to the largest box, rounded. */
  readonly halvings: number;
  readonly weights: number;
  /** Fed by inputs and `down` arrows alone. */
  readonly encoder: boolean;
  /** False: the chosen level cuts it. */
  readonly kept: boolean;
}

export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly kind: Edge['kind'];
  readonly kept: boolean;
}

export interface InputMark {
  readonly name: string;
  readonly size: string;
  readonly to: readonly string[];
}

export interface HeadMark {
  readonly name: string;
  readonly level: number;
  readonly box: string;
  readonly kept: boolean;
}

interface Group {
  readonly id: string;
  readonly cell?: Cell;
  readonly nodes: Node[];
}

const cellId = (cell: Cell): string => `${cell.grid}[${cell.index.join(',')}]`;

/** Outputs of what `level` keeps: its heads and its answers. */
const atLevel = (network: Network, level: number): Graph => ({
  ...network.graph,
  outputs: [
    ...network.heads.filter((h) => h.level <= level).map((h) => ({ name: h.name, value: h.value })),
    ...network.modeOutputs.filter((m) => m.level === level).map((m) => ({ name: m.mode, value: m.value })),
  ],
});

/** @param level one of `network.levels` */
export function pictureOf(network: Network, level: number): Picture {
  const kept = withoutDeadNodes(atLevel(network, level));
  const keptIds = new Set(kept.nodes.flatMap((n) => n.outputs.map((o) => o.id)));
  const groups = groupNodes(network);
  const groupOf = new Map<number, Group>();
  for (const group of groups) for (const n of group.nodes) for (const o of n.outputs) groupOf.set(o.id, group);

  const isKept = (group: Group): boolean => group.nodes.some((n) => n.outputs.some((o) => keptIds.has(o.id)));
  const keptGroups = new Set(groups.filter(isKept).map((g) => g.id));
  const arrows = arrowsBetween(network, groups, groupOf).map((a) => ({
    ...a,
    kept: keptGroups.has(a.from) && keptGroups.has(a.to),
  }));
  const notEncoder = new Set(arrows.filter((a) => a.kind !== 'down').map((a) => a.to));
  const largest = Math.max(...groups.map((g) => extent(resultOf(g).type.shape)));
  return {
    boxes: groups.map((group) => {
      const { shape } = resultOf(group).type;
      return {
        id: group.id,
        ...labelOf(group),
        channels: shape[1] ? printDim(shape[1]) : '',
        size: printSize(shape),
        halvings: Math.round(Math.log2(largest / extent(shape))),
        weights: weightsOf(network.graph, new Set(group.nodes.flatMap((n) => n.inputs.map((v) => v.id)))),
        encoder: !notEncoder.has(group.id),
        kept: keptGroups.has(group.id),
      };
    }),
    arrows,
    inputs: network.graph.inputs.map(({ name, value }) => ({
      name,
      size: [value.type.shape[1], ...value.type.shape.slice(2)].map((d) => (d ? printDim(d) : '')).join(' × '),
      to: groups.filter((g) => g.nodes.some((n) => n.inputs.some((v) => v.id === value.id))).map((g) => g.id),
    })),
    heads: headMarks(network, groupOf, level),
    weights: weightsOf(network.graph),
    keptWeights: weightsOf(kept),
  };
}

const resultOf = (group: Group): Value => group.nodes.at(-1)?.outputs[0] as Value;

const printSize = (shape: Shape): string => shape.slice(2).map(printDim).join(' × ');

/** Geometric mean of the spatial dimensions, in units where every symbol is the same large number. */
function extent(shape: Shape): number {
  const symbols = Object.fromEntries(shape.flatMap((d) => (d.symbol === null ? [] : [[d.symbol, 2 ** 14]])));
  const sizes = shape.slice(2).map((d) => Math.max(1, evaluateDim(d, symbols)));
  return sizes.length === 0 ? 1 : sizes.reduce((a, b) => a * b, 1) ** (1 / sizes.length);
}

const volume = (shape: Shape): number => shape.reduce((n, d) => n * d.offset, 1);

/** Trained numbers a graph owns; `among`: only parameters with these ids. */
const weightsOf = (graph: Graph, among?: ReadonlySet<number>): number =>
  graph.params
    .filter((p) => p.role === 'weight' && (among === undefined || among.has(p.id)))
    .reduce((sum, p) => sum + volume(p.type.shape), 0);

function labelOf(group: Group): { base: string; index: readonly number[] } {
  if (group.cell) return { base: group.cell.grid, index: group.cell.index };
  return { base: nameOf(group.nodes[0]), index: [] };
}

/** The outermost name a node was written under. */
const nameOf = (node: Node | undefined): string => node?.origin.path.split('.')[0] ?? '';

/** Nodes of the network proper by cell, the rest in chains, each inner value of which is used once; heads and what combines them are left out. */
function groupNodes(network: Network): Group[] {
  const body = withoutHeads(network);
  // A network written wholly inside its head has no other body.
  const nodes = body.length > 0 ? body : network.graph.nodes;
  const uses = new Map<number, number>();
  for (const n of nodes) for (const v of n.inputs) uses.set(v.id, (uses.get(v.id) ?? 0) + 1);
  const params = new Set(network.graph.params.map((p) => p.id));

  const groups = new Map<string, Group>();
  const chainEnds = new Map<number, Group>();
  for (const n of nodes) {
    if (n.origin.cell) {
      const id = cellId(n.origin.cell);
      const group = groups.get(id) ?? { id, cell: n.origin.cell, nodes: [] };
      groups.set(id, group);
      group.nodes.push(n);
      continue;
    }
    const tensors = n.inputs.filter((v) => !params.has(v.id));
    const size = printSize(n.outputs[0]?.type.shape ?? []);
    const before = tensors
      .flatMap((v) => (uses.get(v.id) === 1 ? (chainEnds.get(v.id) ?? []) : []))
      .find(
        (g) => printSize(resultOf(g).type.shape) === size && (tensors.length === 1 || nameOf(g.nodes[0]) === nameOf(n)),
      );
    const group: Group = before ?? { id: `#${n.outputs[0]?.id}`, nodes: [] };
    if (!before) groups.set(group.id, group);
    group.nodes.push(n);
    for (const o of n.outputs) chainEnds.set(o.id, group);
  }
  return [...groups.values()];
}

function withoutHeads(network: Network): Node[] {
  const beyond = new Set(network.heads.map((h) => h.value.id));
  const ofHead = (n: Node, h: Head): boolean => n.origin.path === h.name || n.origin.path.startsWith(`${h.name}.`);
  const body: Node[] = [];
  for (const n of network.graph.nodes) {
    const isBeyond = !n.origin.cell && n.inputs.some((v) => beyond.has(v.id));
    if (isBeyond) for (const o of n.outputs) beyond.add(o.id);
    if (n.origin.cell || (!isBeyond && !network.heads.some((h) => ofHead(n, h)))) body.push(n);
  }
  return body;
}

/** The compiler's own edges between cells; beside them, those that the graph shows to or from a chain. */
function arrowsBetween(
  network: Network,
  groups: readonly Group[],
  groupOf: ReadonlyMap<number, Group>,
): Omit<Arrow, 'kept'>[] {
  const byId = new Map(groups.map((g) => [g.id, g]));
  const arrows = new Map<string, Omit<Arrow, 'kept'>>();
  const add = (from: string, to: string, kind: Edge['kind']): void => {
    const key = `${from} ${to}`;
    if (!arrows.has(key)) arrows.set(key, { from, to, kind });
  };
  for (const e of network.edges) {
    const [from, to] = [cellId(e.from), cellId(e.to)];
    if (byId.has(from) && byId.has(to)) add(from, to, e.kind);
  }
  for (const to of groups) {
    for (const value of to.nodes.flatMap((n) => n.inputs)) {
      const from = groupOf.get(value.id);
      if (!from || from === to || (from.cell && to.cell)) continue;
      const change = extent(resultOf(to).type.shape) / extent(value.type.shape);
      add(from.id, to.id, change < 0.75 ? 'down' : change > 1.5 ? 'up' : 'skip');
    }
  }
  return [...arrows.values()];
}

/** A head is drawn on the box that feeds it. */
function headMarks(network: Network, groupOf: ReadonlyMap<number, Group>, level: number): HeadMark[] {
  const maker = new Map(network.graph.nodes.flatMap((n) => n.outputs.map((o) => [o.id, n] as const)));
  const feeder = (value: Value): string | undefined => {
    const group = groupOf.get(value.id);
    if (group) return group.id;
    for (const input of maker.get(value.id)?.inputs ?? []) {
      const found = feeder(input);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return network.heads.flatMap((h) => {
    const box = feeder(h.value);
    return box === undefined ? [] : [{ name: h.name, level: h.level, box, kept: h.level <= level }];
  });
}
