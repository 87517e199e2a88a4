import type { Span } from '../../grammar/diagnostic.js';
import type { Edge } from '../ir/graph.js';
import type { Read } from './evaluator.js';
import type { Grid, GridCell } from './grid.js';
import type { RawValue } from './raw.js';
import type { Scope, Steps } from './steps.js';

type Kind = Edge['kind'];

/** Where a path from cell to cell passes one of these, it goes up, or down. */
const upward: ReadonlySet<string> = new Set(['conv_transpose', 'upsample']);
const downward: ReadonlySet<string> = new Set(['maxpool', 'avgpool', 'global_avgpool']);

/** Of several paths between two cells the one with the least sampling says what the edge is: a gate is no way up. */
const precedence: readonly Kind[] = ['skip', 'up', 'down'];

/**
 * The edges between cells: which cells' values flow into a cell without passing another. Both end cells must have a value.
 * In the order of the cells they lead to, then of those they come from.
 */
export function findEdges(steps: Steps, grids: readonly Grid[], reads: readonly Read[]): Edge[] {
  const cells = grids.flatMap((grid) => [...(grid.cells?.values() ?? [])]);
  const order = new Map(cells.map((cell, k) => [cell, k]));
  const byLazy = new Map(cells.map((cell) => [cell.lazy, cell]));
  const holders = new Map<RawValue, GridCell[]>();
  for (const cell of cells) {
    if (cell.lazy.value.kind !== 'tensor') continue;
    const { step } = cell.lazy.value;
    const sharing = holders.get(step);
    if (sharing === undefined) holders.set(step, [cell]);
    else sharing.push(cell);
  }
  /** Where each scope first reads a cell; under null, where anything outside the cells does. */
  const readsOf = new Map<GridCell, Map<Scope | null, Span>>();
  for (const { from, to, span } of reads) {
    const cell = byLazy.get(from);
    if (cell === undefined) continue;
    const readers = readsOf.get(cell) ?? new Map<Scope | null, Span>();
    readsOf.set(cell, readers);
    const reader = to.cell === undefined ? null : to;
    if (!readers.has(reader)) readers.set(reader, span);
  }

  /** Which cell a value stands for, seen from `to`: the one that `to` names, if several cells share the value. */
  const sources = (step: RawValue, to: GridCell): GridCell[] => {
    const there = (holders.get(step) ?? []).filter((cell) => cell !== to);
    const named = there.filter((cell) => readsOf.get(cell)?.has(to.lazy.scope));
    return named.length > 0 ? named : there.filter((cell) => cell.lazy.scope === steps.owners[step]);
  };

  const edges: Edge[] = [];
  for (const to of cells) {
    const found = pathsInto(steps, to, (step) => sources(step, to));
    for (const from of [...found.keys()].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))) {
      const kinds = found.get(from);
      const a = from.lazy.scope.cell;
      const b = to.lazy.scope.cell;
      const kind = precedence.find((k) => kinds?.has(k));
      if (a === undefined || b === undefined || kind === undefined) continue;
      const readers = readsOf.get(from);
      edges.push({ from: a, to: b, kind, span: readers?.get(to.lazy.scope) ?? readers?.get(null) ?? to.lazy.span });
    }
  }
  return edges;
}

/** Walks from a cell's value backwards to the first cells on every path, noting the sampling passed. */
function pathsInto(
  steps: Steps,
  to: GridCell,
  sources: (step: RawValue) => readonly GridCell[],
): Map<GridCell, Set<Kind>> {
  const found = new Map<GridCell, Set<Kind>>();
  if (to.lazy.value.kind !== 'tensor') return found;
  const seen = new Set<string>();
  const todo: { step: RawValue; kind: Kind }[] = [{ step: to.lazy.value.step, kind: 'skip' }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { step, kind } = next;
    if (seen.has(`${step} ${kind}`)) continue;
    seen.add(`${step} ${kind}`);
    const from = sources(step);
    for (const cell of from) found.set(cell, (found.get(cell) ?? new Set()).add(kind));
    const node = steps.list[step];
    if (from.length > 0 || node?.kind !== 'apply') continue;
    const after = passing(kind, node.op, node.attrs.stride);
    for (const input of node.inputs) todo.push({ step: input, kind: after });
  }
  return found;
}

/** A path that goes both ways counts as up. */
function passing(kind: Kind, op: string, stride: unknown): Kind {
  if (kind === 'up' || upward.has(op)) return 'up';
  const strides = Array.isArray(stride) ? stride : [stride];
  const strided = op === 'conv' && strides.some((s) => typeof s === 'number' && s > 1);
  return downward.has(op) || strided ? 'down' : kind;
}
