import type { Attrs, Value } from '../ir/graph.js';
import type { ArgSpec, GradientBuilder, GradientContext, Op } from './op.js';

/** Writes an operator in others; returns the result, which must be a value that it emitted. */
export type Decompose = (build: GradientBuilder, x: Value, attrs: Attrs) => Value;

/**
 * An elementwise operator that is a composition of others. It needs no lowering, gradient, precision rule or cost class: the pass
 * `decompose` writes its parts before a graph is differentiated, scheduled or emitted.
 */
export interface ComposedOp extends Op {
  readonly language: { readonly tensors: 'one'; readonly args: readonly ArgSpec[] };
  readonly decompose: Decompose;
  /** What PyTorch calls it, for the documentation. */
  readonly torch: string;
}

interface Step {
  readonly op: Parameters<GradientBuilder['emit']>[0];
  readonly attrs: Attrs;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** @param options.args what a spec may say beside the tensor */
export function composed(
  doc: string,
  options: {
    readonly args?: readonly ArgSpec[];
    readonly torch: string;
    /** See `Op.range`; null: it cuts nothing off. */
    readonly range: readonly [least: number, most: number] | null;
  },
  decompose: Decompose,
): ComposedOp {
  return {
    doc,
    torch: options.torch,
    ...(options.range && { range: options.range }),
    language: { tensors: 'one', args: options.args ?? [] },
    infer: (_, inputs) => ({ outputs: [inputs[0]!] }),
    decompose,
  };
}

/** Reverse-mode differentiation of the decomposition, computed again from `x`. */
export function gradientOf(
  decompose: Decompose,
  { attrs, inputs, outputGradients, build }: GradientContext,
  opOf: (name: Step['op']) => Op,
): Value | null {
  const [x] = inputs as readonly [Value];
  const [dy] = outputGradients;
  if (!dy) return null;
  const steps: Step[] = [];
  const record: GradientBuilder = {
    emitAll: (op, from, given = {}) => {
      const outputs = build.emitAll(op, from, given);
      steps.push({ op, attrs: given, inputs: from, outputs });
      return outputs;
    },
    emit: (op, from, given) => record.emitAll(op, from, given)[0] as Value,
  };
  const gradients = new Map<number, Value>([[decompose(record, x, attrs).id, dy]]);
  for (const step of steps.reverse()) {
    const own = step.outputs.map((v) => gradients.get(v.id) ?? null);
    if (own.every((g) => g === null)) continue;
    const differentiate = opOf(step.op).gradient;
    if (!differentiate) throw new Error(`${step.op} has no gradient, and is part of an operator that needs one`);
    const needed = step.inputs.map(() => true);
    const parts = differentiate({ ...step, outputGradients: own, needed, build });
    step.inputs.forEach((v, k) => {
      const part = parts[k];
      const sum = gradients.get(v.id);
      if (part) gradients.set(v.id, sum ? build.emit('add', [sum, part]) : part);
    });
  }
  return gradients.get(x.id) ?? null;
}
