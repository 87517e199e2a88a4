import type { RawValue } from '../compiler/1-elaborate/raw.js';
import { describe, toPlain } from '../compiler/1-elaborate/values.js';
import {
  type Analyzed,
  isValidSize,
  type Network,
  type Node,
  nextValid,
  nodeMacs,
  nodeParameters,
  printShape,
  type ReceptiveField,
  receptiveFields,
  type Sizes,
  sizeRules,
  specializeGraph,
  type Value,
} from '../compiler/index.js';
import type { HeadDecl, RuleDecl } from '../grammar/tree.js';

/** A cell, a head, or a `let` that is a tensor, and what it costs. */
export interface Place {
  /** `X[0,2]`, `S[1]`, `bottom` */
  readonly label: string;
  /** What it gives; null where its operators refuse what they are given. */
  readonly value: Value | null;
  /** The operators that were written for it. */
  readonly nodes: readonly Node[];
}

/** What the compiler found out about the places of a text. What takes long is worked out when it is first asked for. */
export class Facts {
  private nodesAt: ReadonlyMap<number, readonly Node[]> | undefined;
  private owned: ReadonlyMap<string, readonly Node[]> | undefined;
  private fields: ReadonlyMap<number, ReceptiveField> | undefined;
  private costs: { readonly macs: ReadonlyMap<number, number>; readonly size: string } | null | undefined;

  constructor(private readonly analyzed: Analyzed) {}

  /** The nodes that the operator whose call begins at this offset made, in the order of evaluation. */
  madeAt(offset: number): readonly Node[] {
    this.nodesAt ??= groupBy(this.analyzed.typed.nodes, ({ origin }) =>
      origin.span.file === undefined ? origin.span.start.offset : -1,
    );
    return offset < 0 ? [] : (this.nodesAt.get(offset) ?? []);
  }

  /** The cells that a rule defines. */
  cellsOf(rule: RuleDecl): Place[] {
    return this.analyzed.meanings.cells.filter((c) => c.rule === rule).map((c) => this.place(c.label, c.value));
  }

  gridCells(grid: string): Place[] {
    return this.analyzed.meanings.cells.filter((c) => c.cell.grid === grid).map((c) => this.place(c.label, c.value));
  }

  headsOf(decl: HeadDecl): Place[] {
    return this.analyzed.meanings.heads.filter((h) => h.decl === decl).map((h) => this.place(h.name, h.value));
  }

  /** A `let` or the input, if it is a tensor. */
  tensor(name: string): Place | undefined {
    const value = this.analyzed.meanings.values.get(name);
    return value?.kind === 'tensor' ? this.place(name, value.step) : undefined;
  }

  /** A param or a `let` that is no tensor: `[32, 64, 128]`; undefined if it has no value. */
  constant(name: string): string | undefined {
    const value = this.analyzed.meanings.values.get(name);
    if (value === undefined || value.kind === 'tensor' || value.kind === 'poison') return undefined;
    const plain = JSON.stringify(toPlain(value))?.replaceAll(',', ', ');
    return plain === undefined || plain.length > 200 ? describe(value) : plain;
  }

  private place(label: string, value: RawValue | null): Place {
    this.owned ??= groupBy(this.analyzed.typed.nodes, ({ origin }) => {
      const dot = origin.path.lastIndexOf('.');
      return dot < 0 ? origin.path : origin.path.slice(0, dot);
    });
    const found = value === null ? null : (this.analyzed.typed.values[value] ?? null);
    return { label, value: found, nodes: this.owned.get(label) ?? [] };
  }

  /** The receptive field of a value; null if the network is incomplete. */
  field(value: Value): ReceptiveField | null {
    const { sketch } = this.analyzed;
    if (sketch === null) return null;
    this.fields ??= receptiveFields(sketch.graph);
    return this.fields.get(value.id) ?? null;
  }

  /** Multiply-accumulates of nodes for one image, and of what size; null if the network is not whole. */
  macs(nodes: readonly Node[]): { readonly macs: number; readonly size: string } | null {
    this.costs ??= this.cost();
    const { costs } = this;
    if (costs === null) return null;
    return {
      macs: nodes.reduce((sum, n) => sum + (costs.macs.get(n.outputs[0]?.id ?? -1) ?? 0), 0),
      size: costs.size,
    };
  }

  private cost(): { macs: ReadonlyMap<number, number>; size: string } | null {
    const { sketch, recipe } = this.analyzed;
    if (sketch === null) return null;
    const chosen = referenceSize(sketch, recipe.resize ?? recipe.patch);
    if (chosen === null) return null;
    const bound = specializeGraph(sketch.graph, chosen.sizes);
    return { macs: new Map(bound.nodes.map((n) => [n.outputs[0]?.id ?? -1, nodeMacs(n)])), size: chosen.text };
  }
}

export const parametersOf = (nodes: readonly Node[]): number => nodes.reduce((sum, n) => sum + nodeParameters(n), 0);

/** `[16, H/2, W/2]`: without the batch. */
export const shapeOf = (value: Value): string => printShape(value.type.shape.slice(1));

/** The recipe's size where it is valid, else the smallest valid one from 256 on (64 in 3-D); null if there is none. */
export function referenceSize(
  network: Network,
  wanted: readonly number[] | undefined,
): { readonly sizes: Sizes; readonly text: string } | null {
  const dims = (network.graph.inputs[0]?.value.type.shape ?? []).slice(2);
  const rules = sizeRules(network);
  const sizes: Record<string, number> = { N: 1 };
  const size: number[] = [];
  for (const [k, d] of dims.entries()) {
    if (d.symbol === null) {
      size.push(d.offset);
      continue;
    }
    const rule = rules[d.symbol];
    const given = wanted?.length === dims.length ? wanted[k] : undefined;
    const edge = dims.length === 3 ? 64 : 256;
    const n =
      sizes[d.symbol] ??
      (given !== undefined && rule && isValidSize(rule, given) ? given : rule ? nextValid(rule, edge) : edge);
    if (n === null) return null;
    sizes[d.symbol] = n;
    size.push(n);
  }
  return { sizes, text: size.join('x') };
}

function groupBy<K, T>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const k = key(item);
    const group = groups.get(k);
    if (group) group.push(item);
    else groups.set(k, [item]);
  }
  return groups;
}
