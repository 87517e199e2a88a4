import type { Span } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import type { RuleDecl } from '../../grammar/tree.js';
import { type Collector, diagnose } from '../diagnostics/index.js';
import type { Edge } from '../ir/graph.js';
import { biasBeforeNorm } from './bias.js';
import type { Lazy } from './environment.js';
import { type Grid, type GridCell, headerOf, someOf } from './grid.js';
import type { HeadFamily } from './heads.js';
import { squashedLogits } from './logits.js';
import type { Answers } from './outputs.js';
import type { RawValue } from './raw.js';
import { cellLabel, type Scope, type Steps } from './steps.js';
import { containsTensor, type Value } from './values.js';

export interface Elaborated {
  readonly steps: Steps;
  readonly grids: readonly Grid[];
  readonly families: readonly HeadFamily[];
  /** The network's `let`s. */
  readonly lets: readonly Lazy[];
  readonly answers: Answers;
  readonly edges: readonly Edge[];
  /** Unused definitions: reported already. */
  readonly unused: readonly Span[];
}

/** What looks wrong in a network that is right: only called if it has no errors, so that none causes a warning. */
export function lint(network: Elaborated, report: Collector): void {
  const roots = [...network.answers.heads, ...network.answers.modeOutputs].map((r) => r.value);
  const alive = network.steps.reachable(roots);
  const dead = unusedNodes(network, alive, report);
  unusedResults(network, alive, dead, report);
  unusedHeads(network, report);
  droppedSkips(network, report);
  biasBeforeNorm(network.steps, alive, report);
  squashedLogits(network.steps, network.answers.heads, report);
}

/** Cells and lets no head or output depends on; one warning for each rule. Returns their scopes. */
function unusedNodes(network: Elaborated, alive: ReadonlySet<RawValue>, report: Collector): Set<Scope> {
  const dead = new Set<Scope>();
  for (const grid of network.grids) {
    const byRule = new Map<RuleDecl, GridCell[]>();
    for (const cell of grid.cells?.values() ?? []) {
      const { value } = cell.lazy;
      if (value.kind !== 'tensor' || alive.has(value.step) || cell.rule === null) continue;
      dead.add(cell.lazy.scope);
      byRule.set(cell.rule, [...(byRule.get(cell.rule) ?? []), cell]);
    }
    for (const [rule, cells] of byRule) {
      report.add(
        diagnose(
          say.unusedNode.cells({ cells: someOf(cells.map((c) => c.label)), one: cells.length === 1 }),
          headerOf(rule),
          {
            hints: ['connect it, or narrow the ranges of the grid'],
          },
        ),
      );
    }
  }
  for (const lazy of network.lets) {
    const tensors = tensorsIn(lazy.value);
    if (tensors.length === 0 || tensors.some((t) => alive.has(t))) continue;
    dead.add(lazy.scope);
    if (network.unused.some((span) => within(lazy.span, span))) continue;
    report.add(
      diagnose(say.unusedNode.value({ name: lazy.label }), lazy.span, {
        hints: ['connect it, or remove it'],
      }),
    );
  }
  return dead;
}

function tensorsIn(value: Value): RawValue[] {
  if (value.kind === 'tensor') return [value.step];
  return value.kind === 'list' && containsTensor(value) ? value.items.flatMap(tensorsIn) : [];
}

/** Operators inside a living cell whose result goes nowhere. */
function unusedResults(
  network: Elaborated,
  alive: ReadonlySet<RawValue>,
  dead: ReadonlySet<Scope>,
  report: Collector,
): void {
  const { list, owners } = network.steps;
  const consumed = new Set(list.flatMap((step) => (step.kind === 'apply' ? step.inputs : [])));
  const heldByCell = new Set(
    network.grids.flatMap((g) => [...(g.cells?.values() ?? [])].flatMap((c) => tensorsIn(c.lazy.value))),
  );
  for (const [k, step] of list.entries()) {
    if (step.kind !== 'apply' || alive.has(k) || consumed.has(k) || heldByCell.has(k)) continue;
    const owner = owners[k];
    if (owner === undefined || dead.has(owner) || network.unused.some((span) => within(step.origin.span, span)))
      continue;
    report.add(
      diagnose(say.unusedNode.result({ op: step.op, path: owner.path }), step.origin.span, {
        hints: ['connect it, or remove it'],
      }),
    );
  }
}

const within = (inner: Span, outer: Span): boolean =>
  inner.start.offset >= outer.start.offset && inner.end.offset <= outer.end.offset;

/** Families that are trained, and that no mode of any level depends on. */
function unusedHeads({ families, answers, steps }: Elaborated, report: Collector): void {
  const read = steps.reachable(answers.modeOutputs.map((m) => m.value));
  for (const family of families) {
    const values = answers.heads.filter((h) => h.family === family.name).map((h) => h.value);
    if (values.length === 0 || family.name.startsWith('_') || values.some((v) => read.has(v))) continue;
    report.add(
      diagnose(say.unusedHead.head({ name: family.name }), family.decl.name.span, {
        hints: [`name ${family.name} in ${answers.outputName}, or call it _${family.name} if it only helps training`],
      }),
    );
  }
}

/** Cells that read two nodes of their own row but not one between these; one warning for each rule. */
function droppedSkips({ grids, edges }: Elaborated, report: Collector): void {
  const into = new Map<string, Edge[]>();
  for (const edge of edges) {
    if (edge.kind !== 'skip' || edge.from.grid !== edge.to.grid) continue;
    const before = into.get(cellLabel(edge.to));
    if (before === undefined) into.set(cellLabel(edge.to), [edge]);
    else before.push(edge);
  }
  for (const grid of grids) {
    const warned = new Set<RuleDecl>();
    for (const cell of grid.cells?.values() ?? []) {
      if (cell.rule === null || warned.has(cell.rule)) continue;
      const dropped = droppedBy(grid, cell, into.get(cell.label) ?? []);
      if (dropped === null) continue;
      warned.add(cell.rule);
      const { first, missing, last } = dropped;
      const row = cell.index.slice(0, -1);
      const label = (place: number): string => cellLabel({ grid: grid.name, index: [...row, place] });
      report.add(
        diagnose(
          say.droppedSkip.row({
            cell: cell.label,
            first: label(first.place),
            last: label(last.place),
            missing: someOf(missing.map(label)),
          }),
          last.span,
          {
            hints: [`read the whole row: ${grid.name}[${[...row, `${first.place}..${last.place}`].join(', ')}]`],
          },
        ),
      );
    }
  }
}

interface RowRead {
  readonly place: number;
  readonly span: Span;
}

/** The outermost nodes a cell reads before it in its row (all indices but the last equal), and what is missing between them. */
function droppedBy(
  grid: Grid,
  cell: GridCell,
  into: readonly Edge[],
): { first: RowRead; missing: number[]; last: RowRead } | null {
  const row = cell.index.slice(0, -1).join(',');
  const end = cell.index.at(-1) ?? 0;
  const reads = into
    .filter((e) => e.from.index.slice(0, -1).join(',') === row)
    .map((e): RowRead => ({ place: e.from.index.at(-1) ?? 0, span: e.span }))
    .filter((r) => r.place < end)
    .sort((a, b) => a.place - b.place);
  const first = reads[0];
  const last = reads.at(-1);
  // In a grid of one index there are no rows, just a sequence.
  if (first === undefined || last === undefined || cell.index.length < 2) return null;
  const read = new Set(reads.map((r) => r.place));
  const missing = (grid.runs.get(row) ?? []).filter((n) => n > first.place && n < last.place && !read.has(n));
  return missing.length > 0 ? { first, missing, last } : null;
}
