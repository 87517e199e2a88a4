import type { Diagnostic } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import type { RawApply, RawNetwork, RawValue } from '../1-elaborate/raw.js';
import { diagnose } from '../diagnostics/index.js';
import { num, printShape, sym } from '../ir/dim.js';
import type { Constraint, NamedValue, Network, Node, Param, Value } from '../ir/graph.js';
import { opOf } from '../ops/index.js';
import { isRefusal, type Refusal } from '../ops/op.js';
import { beyondBounds } from './bounds.js';

export interface InferResult {
  /** Null if any operator refused its inputs. */
  readonly network: Network | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Steps with their types, as far as they have any. */
export interface TypedSteps {
  /** Of each step, in their order; null for one that refused, and for what depends on it. */
  readonly values: readonly (Value | null)[];
  readonly inputs: readonly NamedValue[];
  readonly params: readonly Param[];
  readonly nodes: readonly Node[];
  readonly constraints: readonly Constraint[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Gives every step a type: symbolic shapes, the parameters an operator owns, the constraints its sizes must meet.
 * A step that refuses is reported once; what depends on it is passed over in silence.
 */
export function inferSteps(steps: RawNetwork['steps']): TypedSteps {
  const diagnostics: Diagnostic[] = [];
  const values: (Value | null)[] = [];
  const inputs: NamedValue[] = [];
  const params: Param[] = [];
  const nodes: Node[] = [];
  const constraints: Constraint[] = [];
  let id = 0;

  const apply = (step: RawApply): Value | null => {
    const tensors: Value[] = [];
    for (const k of step.inputs) {
      const v = values[k];
      if (!v) return null;
      tensors.push(v);
    }
    const types = tensors.map((v) => v.type);
    const op = opOf(step.op);
    const inferred = op.infer(step.attrs, types);
    if (isRefusal(inferred)) {
      diagnostics.push(refusalDiagnostic(step, tensors, inferred));
      return null;
    }
    const parameters = op.parameters?.(step.attrs, types) ?? [];
    const beyond = beyondBounds(step.op, inferred.outputs, parameters);
    if (beyond) {
      diagnostics.push(refusalDiagnostic(step, tensors, beyond));
      return null;
    }
    const owned = parameters.map(
      (p): Param => ({
        id: id++,
        type: { dtype: 'f32', shape: p.shape.map(num) },
        origin: { ...step.origin, path: `${step.origin.path}.${p.name}` },
        role: p.role,
        init: p.init,
      }),
    );
    params.push(...owned);
    const outputs = inferred.outputs.map((type): Value => ({ id: id++, type, origin: step.origin }));
    nodes.push({ op: step.op, attrs: step.attrs, inputs: [...tensors, ...owned], outputs, origin: step.origin });
    for (const c of inferred.constraints ?? []) constraints.push({ ...c, origin: step.origin });
    return outputs[0] ?? null;
  };

  for (const step of steps) {
    if (step.kind === 'apply') {
      values.push(apply(step));
      continue;
    }
    const shape = step.shape.map((d) => (typeof d === 'number' ? num(d) : sym(d)));
    const value: Value = { id: id++, type: { dtype: 'f32', shape }, origin: step.origin };
    inputs.push({ name: step.name, value });
    values.push(value);
  }
  return { values, inputs, params, nodes, constraints, diagnostics };
}

/** The network that a raw one is, every value with its type. */
export function infer(raw: RawNetwork, typed: TypedSteps = inferSteps(raw.steps)): InferResult {
  const { values, inputs, params, nodes, constraints } = typed;
  const diagnostics = [...typed.diagnostics];
  if (diagnostics.length > 0) return { network: null, diagnostics };

  const at = (k: RawValue): Value => values[k] as Value;
  const heads = raw.heads.map((h) => ({ name: h.name, family: h.family, level: h.level, value: at(h.value) }));
  const modeOutputs = raw.modeOutputs.map((m) => ({ level: m.level, mode: m.mode, value: at(m.value) }));
  diagnostics.push(
    ...disagreeingHeads(
      raw,
      heads.map((h) => h.value),
    ),
  );
  const outputs = [
    ...heads.map((h) => ({ name: h.name, value: h.value })),
    ...modeOutputs.map((m) => ({ name: `${raw.outputName}.${m.mode}@L${m.level}`, value: m.value })),
  ];
  const network: Network = {
    name: raw.name,
    graph: { inputs, params, nodes, outputs },
    outputName: raw.outputName,
    heads,
    modes: raw.modes,
    modeOutputs,
    levels: raw.levels,
    constraints,
    edges: raw.edges,
  };
  return { network: diagnostics.some((d) => d.severity === 'error') ? null : network, diagnostics };
}

function refusalDiagnostic(step: RawApply, tensors: readonly Value[], refusal: Refusal): Diagnostic {
  const { call } = step.origin;
  const blamed = refusal.input === undefined ? undefined : tensors[refusal.input];
  return {
    code: refusal.code,
    severity: 'error',
    message: `${step.origin.path}: ${refusal.message}`,
    span: step.origin.span,
    hints: refusal.hints,
    related: [
      ...(call ? [{ span: call.span, message: `in ${call.name}, called here` }] : []),
      ...(blamed
        ? [{ span: blamed.origin.span, message: `${blamed.origin.path} is ${printShape(blamed.type.shape)}` }]
        : []),
    ],
  };
}

/** Heads share one target, so they must have one shape. */
function disagreeingHeads(raw: RawNetwork, values: readonly Value[]): Diagnostic[] {
  const first = values[0];
  if (!first) return [];
  const expected = printShape(first.type.shape);
  return values.flatMap((v, k): Diagnostic[] => {
    const head = raw.heads[k];
    if (!head || printShape(v.type.shape) === expected) return [];
    return [
      diagnose(
        say.headShape.heads({
          name: head.name,
          shape: printShape(v.type.shape),
          first: raw.heads[0]!.name,
          due: expected,
        }),
        head.span,
        {
          hints: [
            'heads are trained against one target: bring them to one size with upsample and to the same channels',
          ],
        },
      ),
    ];
  });
}
