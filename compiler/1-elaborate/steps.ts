import type { Span } from '../../grammar/diagnostic.js';
import type { Attrs, Cell, Origin } from '../ir/graph.js';
import type { OpName } from '../ops/index.js';
import { limits } from './limits.js';
import type { RawApply, RawInput, RawValue } from './raw.js';

/**
 * What nodes are named after: a cell, a head, a `let` of the network, a level and mode of the output.
 *
 * The rule: a node's path is its scope, a dot, its operator, and the how-manieth of that operator in the scope it is,
 * in the order of evaluation: the second convolution of X[0,2] is `X[0,2].conv2`, whatever blocks it was written in.
 * So paths are unique since scopes are; moving part of a rule into a block renames no weight; and adding
 * an operator at the end leaves the names before it alone, which is why the first carries its number too.
 */
export interface Scope {
  /** `X[0,2]`, `S[1]`, `bottom`, `mask.fast.L2`. */
  readonly path: string;
  readonly cell?: Cell;
  /** How many of each operator there are already. */
  readonly counts: Map<string, number>;
}

export const scopeOf = (path: string, cell?: Cell): Scope => ({ path, cell, counts: new Map() });

/** `X[0,2]` */
export const cellLabel = ({ grid, index }: Cell): string => `${grid}[${index.join(',')}]`;

/** The flat network under construction. */
export class Steps {
  readonly list: (RawInput | RawApply)[] = [];
  /** The scope each step was made in. */
  readonly owners: Scope[] = [];
  private inputs = 0;

  addInput(name: string, shape: readonly (number | string)[], span: Span): RawValue {
    this.inputs++;
    this.owners.push(scopeOf(name));
    return this.list.push({ kind: 'input', name, shape, origin: { path: name, span } }) - 1;
  }

  get full(): boolean {
    return this.list.length - this.inputs >= limits.nodes;
  }

  apply(
    op: OpName,
    attrs: Attrs,
    inputs: readonly RawValue[],
    span: Span,
    scope: Scope,
    call?: Origin['call'],
    biasUnsaid = false,
  ): RawValue {
    const count = (scope.counts.get(op) ?? 0) + 1;
    scope.counts.set(op, count);
    this.owners.push(scope);
    const path = `${scope.path}.${op}${count}`;
    const origin = { path, span, ...(scope.cell ? { cell: scope.cell } : {}), ...(call ? { call } : {}) };
    return this.list.push({ kind: 'apply', op, attrs, inputs, origin, ...(biasUnsaid ? { biasUnsaid } : {}) }) - 1;
  }

  /** Forgets the steps made since the list was `length` long: an attempt that failed. */
  truncate(length: number): void {
    this.list.length = length;
    this.owners.length = length;
  }

  /** The steps that `roots` depend on, themselves included. */
  reachable(roots: readonly RawValue[]): Set<RawValue> {
    const seen = new Set<RawValue>(roots);
    // A set is visited in the order of insertion, what is added on the way included.
    for (const k of seen) {
      const step = this.list[k];
      if (step?.kind === 'apply') for (const input of step.inputs) seen.add(input);
    }
    return seen;
  }
}
