import type { Cell, Head, Network, Node, Value } from '../../../ir/graph.js';
import type { BoxKind } from './picture.js';

/** The operators that one box stands for; in a graph each node is in one group, and every group has one result. */
export interface Group {
  readonly id: string;
  readonly kind: BoxKind;
  readonly base: string;
  readonly index: readonly number[];
  /** In the graph's order; none for an input, for a head on a value that has another name, for an output that is a head. */
  readonly nodes: readonly Node[];
  /** What it gives; null for an output, which is another value at each level. */
  readonly result: Value | null;
  readonly head: number | null;
}

interface Draft {
  readonly kind: BoxKind;
  readonly base: string;
  readonly index: readonly number[];
  readonly nodes: Node[];
  readonly head: number | null;
}

/** The network's inputs, cells, names outside of grids, heads and output, in the graph's order. */
export function groupNodes(network: Network): Group[] {
  const drafts = new Map<string, Draft>();
  for (const node of network.graph.nodes) {
    const key = ownerOf(node, network);
    const draft = drafts.get(key) ?? draftOf(node, key, network);
    drafts.set(key, draft);
    draft.nodes.push(node);
  }
  const parts = [...drafts.values()].flatMap((draft) => split(draft, network));
  const ids = new Set<string>();
  const named = (draft: Draft, result: Value | null): Group => {
    const name = draft.index.length > 0 ? `${draft.base}[${draft.index.join(',')}]` : draft.base;
    let id = name;
    for (let k = 2; ids.has(id); k++) id = `${name}#${k}`;
    ids.add(id);
    return { ...draft, id, result };
  };
  const inputs = network.graph.inputs.map(({ name, value }) => named(empty('input', name), value));
  const groups = parts.map((part) => named(part, part.kind === 'output' ? null : resultOf(part)));
  const drawn = new Set(groups.flatMap((g) => (g.kind === 'head' && g.result ? [g.result.id] : [])));
  const bare = network.heads
    .filter((h) => !drawn.has(h.value.id))
    .map((h) => named({ ...empty('head', h.family), index: indexOf(h), head: h.level }, h.value));
  const output = groups.some((g) => g.kind === 'output') ? [] : [named(empty('output', network.outputName), null)];
  return [...inputs, ...groups, ...bare, ...output];
}

const empty = (kind: BoxKind, base: string): Draft => ({ kind, base, index: [], nodes: [], head: null });

const resultOf = ({ nodes }: Draft): Value | null => nodes.at(-1)?.outputs[0] ?? null;

/** `[2]` of `S[2]`. */
const indexOf = ({ name }: Head): number[] => {
  const index = /\[(-?\d+)\]$/.exec(name)?.[1];
  return index === undefined ? [] : [Number(index)];
};

const cellKey = (cell: Cell): string => `${cell.grid}[${cell.index.join(',')}]`;

/** The outermost name a node was written under: its cell, its head, its `let`, or the output. */
const ownerOf = (node: Node, network: Network): string =>
  node.origin.cell ? cellKey(node.origin.cell) : (headOf(node, network)?.name ?? node.origin.path.split('.')[0] ?? '');

const headOf = ({ origin }: Node, { heads }: Network) =>
  heads.find((h) => origin.path === h.name || origin.path.startsWith(`${h.name}.`));

function draftOf(node: Node, key: string, network: Network): Draft {
  const { cell } = node.origin;
  if (cell) return { kind: 'cell', base: cell.grid, index: cell.index, nodes: [], head: null };
  const head = headOf(node, network);
  if (head) return { kind: 'head', base: head.family, index: indexOf(head), nodes: [], head: head.level };
  return { kind: key === network.outputName ? 'output' : 'block', base: key, index: [], nodes: [], head: null };
}

const sampling = new Set(['maxpool', 'avgpool', 'upsample', 'conv_transpose']);
const goesUp = new Set(['upsample', 'conv_transpose']);

const isStrided = (node: Node): boolean =>
  node.op === 'conv' && [node.attrs.stride].flat().some((s) => typeof s === 'number' && s > 1);

/**
 * A name can stand for a list of values, or for a whole network that goes down and up again. It is then taken apart: each
 * value that others use, or (of a network) that changes its size next, is a box, together with all that leads to
 * nothing else (its maximum fanout-free cone). So residual units and gates stay whole, and no two boxes depend on each other.
 */
function split(draft: Draft, network: Network): Draft[] {
  if (draft.kind === 'cell' || draft.kind === 'output') return [draft];
  const own = new Set(draft.nodes);
  const down = draft.nodes.some((n) => (sampling.has(n.op) && !goesUp.has(n.op)) || isStrided(n));
  const whole = down && draft.nodes.some((n) => goesUp.has(n.op));
  const results = new Set([
    ...network.heads.map((h) => h.value.id),
    ...network.modeOutputs.map((m) => m.value.id),
    ...network.graph.nodes.flatMap((n) => (own.has(n) ? [] : n.inputs.map((v) => v.id))),
    // The head itself is what comes after all that: its last layer.
    ...(whole && draft.kind === 'head'
      ? draft.nodes
          .filter((n) => n.op === 'conv')
          .slice(-1)
          .flatMap((n) => n.inputs.slice(0, 1).map((v) => v.id))
      : []),
    ...(whole
      ? draft.nodes.flatMap((n) => (sampling.has(n.op) || isStrided(n) ? n.inputs.slice(0, 1).map((v) => v.id) : []))
      : []),
  ]);
  const rootOf = new Map<Node, Node>();
  const readers = new Map<number, Node[]>();
  for (const n of draft.nodes) for (const v of n.inputs) readers.set(v.id, [...(readers.get(v.id) ?? []), n]);
  for (const node of [...draft.nodes].reverse()) {
    const roots = new Set(node.outputs.flatMap((o) => readers.get(o.id) ?? []).map((n) => rootOf.get(n)));
    const [only] = roots;
    const ends = roots.size !== 1 || node.outputs.some((o) => results.has(o.id));
    rootOf.set(node, ends || only === undefined ? node : only);
  }
  const parts = new Map<Node, Draft>();
  for (const node of draft.nodes) {
    const root = rootOf.get(node) as Node;
    const head = network.heads.find((h) => root.outputs.some((o) => o.id === h.value.id));
    const kind = draft.kind === 'head' && !head ? 'block' : draft.kind;
    const part = parts.get(root) ?? { ...draft, kind, head: kind === 'head' ? draft.head : null, nodes: [] };
    parts.set(root, part);
    part.nodes.push(node);
  }
  return [...parts.values()];
}
