import type { Said } from '../../grammar/diagnostic.js';
import type { Dim } from '../ir/dim.js';
import type { Attrs, Init, TensorType, Value } from '../ir/graph.js';
import type { OpName } from './index.js';

/** One argument a spec may give an operator, beside its tensors. */
export interface ArgSpec {
  readonly name: string;
  /** `ints`: an int, or a list with one int for each spatial dimension. `padding`: `same`, `valid`, an int or a list. */
  readonly type: 'int' | 'float' | 'bool' | 'ints' | 'padding' | { readonly oneOf: readonly string[] };
  /** Absent: the argument must be given. */
  readonly default?: number | boolean | string;
  /** Smallest allowed number. */
  readonly least?: number;
  readonly doc: string;
}

/** A parameter the operator owns; its path is the node's path and this name. */
export interface OwnedParam {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: 'weight' | 'statistic';
  readonly init: Init;
}

/** Why an operator can't take these inputs. `input`: the index of the one to blame. */
export interface Refusal extends Said {
  readonly hints: readonly string[];
  readonly input?: number;
}

export interface Inferred {
  readonly outputs: readonly TensorType[];
  /** What must hold of the sizes for these shapes to be exact. */
  readonly constraints?: readonly { readonly dim: Dim; readonly divisor?: number; readonly least?: number }[];
}

/** Builds nodes that compute a gradient; each call returns the node's first output. */
export interface GradientBuilder {
  emit(op: OpName, inputs: readonly Value[], attrs?: Attrs): Value;
  emitAll(op: OpName, inputs: readonly Value[], attrs?: Attrs): readonly Value[];
}

export interface GradientContext {
  readonly attrs: Attrs;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** dL/d(output), null where the loss does not depend on it. */
  readonly outputGradients: readonly (Value | null)[];
  /** Whether anyone wants dL/d(input k). */
  readonly needed: readonly boolean[];
  readonly build: GradientBuilder;
}

/**
 * An operator of the IR. `language` holds what a spec may say of it; an operator without it is internal:
 * only passes write it.
 */
export interface Op {
  readonly doc: string;
  readonly language?: {
    /** How many tensors it takes; `many` spreads lists (`concat(X[i, 0..j-1], up)`), `pair` takes two. */
    readonly tensors: 'one' | 'pair' | 'many';
    /** Positional in this order after the tensors, or by name. */
    readonly args: readonly ArgSpec[];
  };
  /** Least and largest value that comes out, where it cuts off what goes in on a side at least. */
  readonly range?: readonly [least: number, most: number];
  /** Owned parameters, given the tensors it is applied to; called only if `infer` accepts them. */
  parameters?(attrs: Attrs, tensors: readonly TensorType[]): readonly OwnedParam[];
  /** Output types. For an operator with own parameters `inputs` holds only its tensors. */
  infer(attrs: Attrs, inputs: readonly TensorType[]): Inferred | Refusal;
  /** Multiply-accumulates at bound shapes; only conv-like operators have any (Dim numbers, `known`). */
  macs?(attrs: Attrs, inputs: readonly TensorType[], outputs: readonly TensorType[]): number;
  /** dL/d(input) for each input that is needed, null for others. Absent: not differentiable. */
  gradient?(context: GradientContext): readonly (Value | null)[];
}

export const isRefusal = (r: Inferred | Refusal): r is Refusal => 'code' in r;
