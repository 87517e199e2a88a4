import type { Span } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import type { Toolbox } from './arithmetic.js';
import {
  containsTensor,
  describe,
  float,
  int,
  isNumber,
  isPoisoned,
  type NumberValue,
  poison,
  type Value,
} from './values.js';

export const builtinNames = ['len', 'min', 'max', 'sum', 'mean', 'last'] as const;
export type BuiltinName = (typeof builtinNames)[number];
export const isBuiltin = (name: string): name is BuiltinName => (builtinNames as readonly string[]).includes(name);

/** A list's items, or several arguments; lists inside are opened. Null if too many, which is reported. */
export function flatten(tools: Toolbox, values: readonly Value[], span: Span): Value[] | null {
  const out: Value[] = [];
  for (const v of values) {
    if (v.kind !== 'list') out.push(v);
    else {
      if (!tools.spend(v.items.length, span)) return null;
      const inner = flatten(tools, v.items, span);
      if (inner === null) return null;
      for (const item of inner) out.push(item);
    }
  }
  return out;
}

/**
 * `len(list)`, `last(list)`, and `min`, `max`, `sum`, `mean` of numbers, as a list or as arguments.
 * `max`, `mean` and `sum` of tensors are operators; the caller has sent those elsewhere.
 */
export function builtin(tools: Toolbox, name: BuiltinName, args: readonly Value[], span: Span): Value {
  if (name === 'len' || name === 'last') {
    const [first] = args;
    if (first === undefined) return tools.fail(say.missingArgument.list({ name }), span);
    if (args.length > 1) return tools.fail(say.extraArgument.list({ name, count: args.length }), span);
    if (first.kind === 'poison') return poison;
    if (first.kind !== 'list') {
      const hints = first.kind === 'tensor' && name === 'last' ? ['it is one already: leave last out'] : [];
      return tools.fail(say.wrongType.list({ name, found: describe(first) }), span, { hints });
    }
    if (name === 'len') return int(first.items.length);
    return first.items.at(-1) ?? tools.fail(say.emptyList.last(), span);
  }
  if (args.length === 0) return tools.fail(say.missingArgument.numbers({ name }), span);
  if (args.some(isPoisoned)) return poison;
  const flat = flatten(tools, args, span);
  if (flat === null) return poison;
  const numbers: NumberValue[] = [];
  for (const v of flat) {
    if (!isNumber(v)) {
      const tensors = containsTensor(v) && name === 'min' ? ['of tensors there are max, mean and sum'] : [];
      return tools.fail(say.wrongType.among({ name, found: describe(v) }), span, {
        hints: tensors,
      });
    }
    numbers.push(v);
  }
  if (numbers.length === 0) return name === 'sum' ? int(0) : tools.fail(say.emptyList.list({ name }), span);
  return fold(tools, name, numbers, span);
}

function fold(
  tools: Toolbox,
  name: 'min' | 'max' | 'sum' | 'mean',
  numbers: readonly NumberValue[],
  span: Span,
): Value {
  let result = name === 'min' || name === 'max' ? (numbers[0] as NumberValue).value : 0;
  for (const { value } of numbers) {
    result = name === 'min' ? Math.min(result, value) : name === 'max' ? Math.max(result, value) : result + value;
  }
  if (name === 'mean') result /= numbers.length;
  const whole = numbers.every((n) => n.kind === 'int') && Number.isInteger(result);
  if (!Number.isFinite(result) || (whole && !Number.isSafeInteger(result))) {
    return tools.fail(say.numberOverflow.result({ name }), span);
  }
  return whole ? int(result) : float(result);
}
