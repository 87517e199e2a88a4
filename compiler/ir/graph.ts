import type { Span } from '../../grammar/diagnostic.js';
import type { OpName } from '../ops/index.js';
import type { Shape } from './dim.js';

/**
 * The intermediate representation: a flat, immutable graph of tensor operators in topological order, in SSA form:
 * each value is defined once, by an input, a parameter or a node.
 */
/**
 * `bf16` is f32 cut to 8 bits of precision, `f16` IEEE's binary16, of 11 bits and at most 65504: only the pass `precision` writes them. `i8` and `i32` are quantized parameters,
 * which only the pass `quantize` makes; their weights still come as floats, each an integer.
 */
export type DType = 'f32' | 'bf16' | 'f16' | 'i64' | 'i8' | 'i32';

export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A node of the grid: `X[0,2]` is `{ grid: 'X', index: [0, 2] }`. */
export interface Cell {
  readonly grid: string;
  readonly index: readonly number[];
}

/**
 * Where a value comes from: its path (`X[0,2].conv1`), the text that made it, and its cell if it has one. `call`: the call in the
 * spec's own text through which an imported block made it.
 */
export interface Origin {
  readonly path: string;
  readonly span: Span;
  readonly cell?: Cell;
  readonly call?: { readonly name: string; readonly span: Span };
}

export interface Value {
  /** Unique in its graph, and kept by passes, so that a value can be followed through them. */
  readonly id: number;
  readonly type: TensorType;
  readonly origin: Origin;
}

/**
 * How a parameter starts. `he_normal`: N(0, sqrt(2 / fanIn)) cut at two sigma (He et al., 2015);
 * the runtime draws it from the run's seed.
 */
export type Init =
  | { readonly kind: 'he_normal'; readonly fanIn: number }
  | { readonly kind: 'constant'; readonly value: number };

/** A learned weight, or a statistic (batch norm's running mean and variance), named by path: `X[0,1].conv1.weight`. */
export interface Param extends Value {
  readonly role: 'weight' | 'statistic';
  readonly init: Init;
}

export type AttrValue = number | boolean | string | readonly number[];
export type Attrs = Readonly<Record<string, AttrValue>>;

export interface Node {
  readonly op: OpName;
  readonly attrs: Attrs;
  /** Tensors first, then the operator's own parameters in its declared order. */
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly origin: Origin;
  /**
   * It is not to run before these are made, though it does not read them: so that what is computed a second time is not computed
   * long before it is wanted (4-schedule/recompute.ts). It changes no result.
   */
  readonly after?: readonly Value[];
}

export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

/** A supervised node: trained against the target, kept or dropped by pruning. */
export interface Head {
  /** `S[2]` */
  readonly name: string;
  /** The family, `S`. */
  readonly family: string;
  /** Its index in the family, which is its level: L2 keeps heads with level <= 2. */
  readonly level: number;
  readonly value: Value;
}

/** The network's output at a level in a mode; elaboration writes one for each pair, pruning chooses. */
export interface ModeOutput {
  readonly level: number;
  readonly mode: string;
  readonly value: Value;
}

/** `divisor` divides `dim` (a spatial size entering a pool, say), or `dim` is at least `least`. */
export interface Constraint {
  readonly dim: import('./dim.js').Dim;
  readonly divisor?: number;
  readonly least?: number;
  readonly origin: Origin;
}

export interface Graph {
  readonly inputs: readonly NamedValue[];
  readonly params: readonly Param[];
  readonly nodes: readonly Node[];
  /** What this graph computes: everything else may be dropped. Names are what an exported model calls them. */
  readonly outputs: readonly NamedValue[];
}

/** A whole elaborated and inferred network, all levels and modes in one graph. */
export interface Network {
  readonly name: string;
  /** Its outputs are every head and every mode output. */
  readonly graph: Graph;
  /** The output's declared name, `mask`. */
  readonly outputName: string;
  readonly heads: readonly Head[];
  /** Mode names in the order declared; the first is the default. */
  readonly modes: readonly string[];
  readonly modeOutputs: readonly ModeOutput[];
  /** Ascending: [1, 2, 3, 4]. */
  readonly levels: readonly number[];
  readonly constraints: readonly Constraint[];
  /** Edges between cells, for pictures and messages. */
  readonly edges: readonly Edge[];
}

export interface Edge {
  readonly from: Cell;
  readonly to: Cell;
  readonly kind: 'down' | 'up' | 'skip';
  readonly span: Span;
}
