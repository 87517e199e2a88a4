import type { Said, Span } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import type { BinaryOperator } from '../../grammar/tree.js';
import type { Code, More } from '../diagnostics/index.js';
import type { Attrs } from '../ir/graph.js';
import type { OpName } from '../ops/index.js';
import type { RawValue } from './raw.js';
import {
  bool,
  containsTensor,
  describe,
  float,
  int,
  isNumber,
  isPoisoned,
  type NumberValue,
  poison,
  sameValue,
  type Value,
} from './values.js';

/** What the leaves of the evaluator need of it: to report, and to make nodes. */
export interface Toolbox {
  /** Reports a mistake and returns poison. */
  fail(said: Said<Code>, span: Span, more?: More): Value;
  /** Applies an operator whose attributes are complete. */
  apply(op: OpName, attrs: Attrs, inputs: readonly RawValue[], span: Span, biasUnsaid?: boolean): Value;
  /** Pays for list items about to be made; false: the limit is reached, and reported. */
  spend(steps: number, span: Span): boolean;
}

/** Every binary operator but `and` and `or`, which don't always evaluate their right side. */
export function binary(
  tools: Toolbox,
  operator: Exclude<BinaryOperator, 'and' | 'or'>,
  a: Value,
  b: Value,
  span: Span,
  rightSpan: Span,
): Value {
  if (isPoisoned(a) || isPoisoned(b)) return poison;
  if (operator === '==' || operator === '!=') {
    if (containsTensor(a) || containsTensor(b)) {
      return tools.fail(say.wrongType.compared(), span);
    }
    if (a.kind === 'list' && !tools.spend(a.total, span)) return poison;
    return bool(sameValue(a, b) === (operator === '=='));
  }
  if (a.kind === 'tensor' || b.kind === 'tensor') return onTensors(tools, operator, a, b, span, rightSpan);
  if (!isNumber(a) || !isNumber(b)) {
    const wrong = isNumber(a) ? b : a;
    return tools.fail(say.wrongType.numbers({ operator, found: describe(wrong) }), span, {
      hints: wrong.kind === 'list' ? ['write a comprehension: [2 * w for w in width]'] : [],
    });
  }
  switch (operator) {
    case '<':
      return bool(a.value < b.value);
    case '<=':
      return bool(a.value <= b.value);
    case '>':
      return bool(a.value > b.value);
    case '>=':
      return bool(a.value >= b.value);
    default:
      return onNumbers(tools, operator, a, b, span, rightSpan);
  }
}

type Arithmetic = '+' | '-' | '*' | '/' | '%' | '^';

function onNumbers(
  tools: Toolbox,
  operator: Arithmetic,
  a: NumberValue,
  b: NumberValue,
  span: Span,
  rightSpan: Span,
): Value {
  if ((operator === '/' || operator === '%') && b.value === 0) {
    return tools.fail(say.divisionByZero.divisor({ value: a.value, operator }), rightSpan);
  }
  if (operator === '^' && a.value === 0 && b.value < 0) {
    return tools.fail(say.divisionByZero.power({ exponent: b.value }), span);
  }
  const value = compute(operator, a.value, b.value);
  const whole = a.kind === 'int' && b.kind === 'int' && Number.isInteger(value);
  if (!Number.isFinite(value) || (whole && !Number.isSafeInteger(value))) {
    const why = Number.isNaN(value) ? 'has no real result' : 'is too large';
    return tools.fail(say.numberOverflow.operation({ left: a.value, operator, right: b.value, why }), span);
  }
  // + 0: a negative zero would be printed as -0
  return whole ? int(value + 0) : float(value);
}

function compute(operator: Arithmetic, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      // As in mathematics, the result has the sign of the divisor: -1 % 4 is 3.
      return a - b * Math.floor(a / b);
    case '^':
      return a ** b;
  }
}

/** x + y, x - y, x * y elementwise; with a number: scale * x + shift. */
function onTensors(tools: Toolbox, operator: BinaryOperator, a: Value, b: Value, span: Span, rightSpan: Span): Value {
  const affine = (x: RawValue, scale: number, shift: number): Value =>
    tools.apply('affine', { scale, shift }, [x], span);
  if (a.kind === 'tensor' && b.kind === 'tensor') {
    if (operator === '+') return tools.apply('add', {}, [a.step, b.step], span);
    if (operator === '-') return tools.apply('sub', {}, [a.step, b.step], span);
    if (operator === '*') return tools.apply('mul', {}, [a.step, b.step], span);
    return tools.fail(say.wrongType.tensors({ operator }), span);
  }
  if (a.kind === 'tensor' && isNumber(b)) {
    if (operator === '+') return affine(a.step, 1, b.value);
    if (operator === '-') return affine(a.step, 1, -b.value);
    if (operator === '*') return affine(a.step, b.value, 0);
    if (operator === '/') {
      if (b.value !== 0) return affine(a.step, 1 / b.value, 0);
      return tools.fail(say.divisionByZero.tensor(), rightSpan);
    }
  }
  if (isNumber(a) && b.kind === 'tensor') {
    if (operator === '+') return affine(b.step, 1, a.value);
    if (operator === '-') return affine(b.step, -1, a.value);
    if (operator === '*') return affine(b.step, a.value, 0);
  }
  const hint = [a, b].some((v) => v.kind === 'list')
    ? ['make the list one tensor first: sum, mean, max, concat or last']
    : [];
  return tools.fail(say.wrongType.operands({ operator, left: describe(a), right: describe(b) }), span, {
    hints: hint,
  });
}

export function negate(tools: Toolbox, v: Value, span: Span): Value {
  if (isPoisoned(v)) return poison;
  if (v.kind === 'tensor') return tools.apply('affine', { scale: -1, shift: 0 }, [v.step], span);
  if (!isNumber(v)) return tools.fail(say.wrongType.negated({ found: describe(v) }), span);
  return v.kind === 'int' ? int(0 - v.value) : float(-v.value);
}
