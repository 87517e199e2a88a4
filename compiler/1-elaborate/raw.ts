import type { Span } from '../../grammar/diagnostic.js';
import type { HeadDecl, RuleDecl } from '../../grammar/tree.js';
import type { Attrs, Cell, Edge, Origin } from '../ir/graph.js';
import type { OpName } from '../ops/index.js';
import type { Value } from './values.js';

/**
 * What elaboration makes of a spec: a flat list of operator applications without shapes.
 * A raw value is a number: the index of the step that makes it; inputs come first.
 */
export type RawValue = number;

export interface RawInput {
  readonly kind: 'input';
  readonly name: string;
  /** A number, or one of the symbols N, D, H, W. */
  readonly shape: readonly (number | string)[];
  readonly origin: Origin;
}

export interface RawApply {
  readonly kind: 'apply';
  readonly op: OpName;
  /** Every argument of the operator, defaults filled in, types already checked. */
  readonly attrs: Attrs;
  readonly inputs: readonly RawValue[];
  readonly origin: Origin;
  /** The call leaves its bias to the default. */
  readonly biasUnsaid?: boolean;
}

export interface RawHead {
  readonly name: string;
  readonly family: string;
  readonly level: number;
  readonly value: RawValue;
  readonly span: Span;
}

/** `expect parameters at L3 in fast = 2_204_961`, its value evaluated. */
export interface RawExpect {
  readonly what: 'parameters' | 'macs' | 'shape' | 'receptive_field';
  readonly level?: number;
  readonly mode?: string;
  readonly size?: readonly number[];
  readonly relation: '=' | '<=' | '>=';
  readonly value: number | readonly number[];
  readonly valueSpan: Span;
  readonly span: Span;
}

export interface RawNetwork {
  readonly name: string;
  /** In an order where every input of a step comes before it; dead code is not eliminated yet. */
  readonly steps: readonly (RawInput | RawApply)[];
  readonly outputName: string;
  readonly heads: readonly RawHead[];
  readonly modes: readonly string[];
  /** One for each level and mode that makes sense there. */
  readonly modeOutputs: readonly { readonly level: number; readonly mode: string; readonly value: RawValue }[];
  readonly levels: readonly number[];
  readonly edges: readonly Edge[];
  readonly expects: readonly RawExpect[];
  /** The effective value of each `param`, for the record a run keeps. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** What the declarations of a network came to mean; of a wrong one, what could be made of it. A `value` is null where there is none. */
export interface Meanings {
  readonly steps: readonly (RawInput | RawApply)[];
  /** Every cell of every grid, with the rule that defines it. */
  readonly cells: readonly {
    readonly cell: Cell;
    /** `X[0,2]` */
    readonly label: string;
    readonly rule: RuleDecl | null;
    readonly value: RawValue | null;
  }[];
  readonly heads: readonly {
    readonly decl: HeadDecl;
    readonly name: string;
    readonly level: number;
    readonly value: RawValue | null;
  }[];
  /** The network's input, params and `let`s by name. */
  readonly values: ReadonlyMap<string, Value>;
}
