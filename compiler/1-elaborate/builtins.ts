import type { Span } from '../../grammar/diagnostic.js';
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
    if (first === undefined) return tools.fail('missing-argument', span, `${name} needs a list`);
    if (args.length > 1)
      return tools.fail('extra-argument', span, `${name} takes one list, and this is ${args.length} arguments`);
    if (first.kind === 'poison') return poison;
    if (first.kind !== 'list') {
      const hints = first.kind === 'tensor' && name === 'last' ? ['it is one already: leave last out'] : [];
      return tools.fail('wrong-type', span, `${name} needs a list, and this is ${describe(first)}`, { hints });
    }
    if (name === 'len') return int(first.items.length);
    return first.items.at(-1) ?? tools.fail('empty-list', span, 'last of an empty list');
  }
  if (args.length === 0) return tools.fail('missing-argument', span, `${name} needs numbers`);
  if (args.some(isPoisoned)) return poison;
  const flat = flatten(tools, args, span);
  if (flat === null) return poison;
  const numbers: NumberValue[] = [];
  for (const v of flat) {
    if (!isNumber(v)) {
      const tensors = containsTensor(v) && name === 'min' ? ['of tensors there are max, mean and sum'] : [];
      return tools.fail('wrong-type', span, `${name} needs numbers, and there is ${describe(v)} among them`, {
        hints: tensors,
      });
    }
    numbers.push(v);
  }
  if (numbers.length === 0) return name === 'sum' ? int(0) : tools.fail('empty-list', span, `${name} of an empty list`);
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
    return tools.fail('number-overflow', span, `the ${name} is too large`);
  }
  return whole ? int(result) : float(result);
}
