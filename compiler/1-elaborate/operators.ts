import type { Span } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import { suggest } from '../diagnostics/index.js';
import type { Attrs, AttrValue } from '../ir/graph.js';
import { isOpName, type OpName, opNames, opOf } from '../ops/index.js';
import type { ArgSpec } from '../ops/op.js';
import type { Toolbox } from './arithmetic.js';
import { flatten } from './builtins.js';
import { limits } from './limits.js';
import type { RawValue } from './raw.js';
import { describe, isNumber, isPoisoned, poison, shortNumber, type Value, wholeNumber } from './values.js';

/** An argument of a call, evaluated. `name` is absent for one given by its place. */
export interface CallArg {
  readonly name?: { readonly text: string; readonly span: Span };
  readonly value: Value;
  readonly span: Span;
}

/** The operators a spec may name. */
export const languageOps: readonly OpName[] = opNames.filter((name) => opOf(name).language !== undefined);

export const isLanguageOp = (name: string): name is OpName => isOpName(name) && opOf(name).language !== undefined;

/** Words that arguments take: `padding: same`, `mode: linear`. Where no definition has such a name it stands for itself. */
export const argumentWords: ReadonlySet<string> = new Set([
  'same',
  'valid',
  ...languageOps.flatMap((name) =>
    (opOf(name).language?.args ?? []).flatMap((a) => (typeof a.type === 'object' ? a.type.oneOf : [])),
  ),
]);

/** Whether the operator owns weights. */
export const ownsWeights = (name: OpName): boolean => opOf(name).parameters !== undefined;

/** Applies a language operator to evaluated arguments: its tensors first, then the rest by place or by name. */
export function callOperator(tools: Toolbox, op: OpName, args: readonly CallArg[], span: Span): Value {
  const language = opOf(op).language;
  if (language === undefined) return poison;
  const positional = args.filter((a) => a.name === undefined);
  const named = args.filter((a) => a.name !== undefined);
  const split = language.tensors === 'many' ? positional.length : language.tensors === 'pair' ? 2 : 1;
  const tensors = tensorArguments(tools, op, language.tensors, positional.slice(0, split), span);
  // A missing tensor shifts all other arguments, so further errors of the call would mislead.
  if (tensors === 'wrong') return poison;
  const attrs = bindArguments(tools, op, language.args, positional.slice(split), named, span);
  if (tensors === null || attrs === null) return poison;
  // One tensor joined, summed or averaged with nothing is itself.
  if (language.tensors === 'many' && tensors.length === 1) return { kind: 'tensor', step: tensors[0] as RawValue };
  const place = language.args.findIndex((a) => a.name === 'bias');
  const biasUnsaid = place >= positional.length - split && !named.some((a) => a.name?.text === 'bias');
  return tools.apply(op, attrs, tensors, span, biasUnsaid);
}

/** The tensors of a call; null if one is poison, 'wrong' if a mistake among them has been reported. */
function tensorArguments(
  tools: Toolbox,
  op: OpName,
  arity: 'one' | 'pair' | 'many',
  args: readonly CallArg[],
  span: Span,
): RawValue[] | 'wrong' | null {
  if (args.some((a) => isPoisoned(a.value))) return null;
  const needed = arity === 'pair' ? 2 : 1;
  const usage = arity === 'many' ? `${op}(a, b, ...)` : arity === 'pair' ? `${op}(a, b)` : `x |> ${op}(...)`;
  if (args.length < needed) {
    const what = arity === 'one' ? 'a tensor' : arity === 'pair' ? 'two tensors' : 'tensors';
    tools.fail(say.missingArgument.tensors({ op, what }), span, { hints: [`write ${usage}`] });
    return 'wrong';
  }
  const out: RawValue[] = [];
  for (const arg of args) {
    const flat = arity === 'many' ? flatten(tools, [arg.value], arg.span) : [arg.value];
    if (flat === null) return null;
    for (const v of flat) {
      if (v.kind !== 'tensor') {
        const manyHint = v.kind === 'list' ? ['make the list one tensor first: concat, mean, max, sum or last'] : [];
        const pipeHint = isNumber(v) && arity === 'one' ? [`the tensor comes first: ${usage}`] : [];
        tools.fail(say.wrongType.input({ op, one: arity === 'one', found: describe(v) }), arg.span, {
          hints: [...manyHint, ...pipeHint],
        });
        return 'wrong';
      }
      out.push(v.step);
    }
  }
  if (out.length === 0) {
    tools.fail(say.noInputs.list({ op }), span, {
      hints: ['a range such as 1..0 is empty; give this case a rule of its own'],
    });
    return 'wrong';
  }
  return out;
}

/** All mistakes of a call are reported, not just the first. Null if there is any. */
function bindArguments(
  tools: Toolbox,
  op: OpName,
  specs: readonly ArgSpec[],
  positional: readonly CallArg[],
  named: readonly CallArg[],
  span: Span,
): Attrs | null {
  const given = new Map<string, CallArg>();
  let ok = true;
  const wrong = (...args: Parameters<Toolbox['fail']>): void => {
    tools.fail(...args);
    ok = false;
  };
  positional.forEach((arg, k) => {
    const spec = specs[k];
    if (spec !== undefined) given.set(spec.name, arg);
    else if (!isPoisoned(arg.value)) {
      const takes = specs.length === 0 ? 'takes no arguments' : `takes ${specs.map((s) => s.name).join(', ')}`;
      wrong(say.extraArgument.operator({ op, takes }), arg.span);
    } else ok = false;
  });
  for (const arg of named) {
    const name = arg.name?.text ?? '';
    const at = arg.name?.span ?? arg.span;
    if (!specs.some((s) => s.name === name)) {
      wrong(say.unknownArgument.callee({ callee: op, name }), at, {
        ...suggest(
          name,
          specs.map((s) => s.name),
          at,
        ),
      });
    } else if (given.has(name)) {
      wrong(say.repeatedArgument.argument({ name, callee: op }), at, {
        related: [{ span: given.get(name)?.span ?? at, message: 'given here first' }],
      });
    } else given.set(name, arg);
  }
  // An argument that is missing was given under a name that does not exist.
  const misspelt = named.some((a) => !specs.some((s) => s.name === a.name?.text));
  const attrs: Record<string, AttrValue> = {};
  for (const spec of specs) {
    const arg = given.get(spec.name);
    if (arg === undefined) {
      if (spec.default === undefined && !misspelt)
        wrong(say.missingArgument.operator({ op, name: spec.name }), span, {
          hints: [`add it: ${spec.name}: ...; ${lower(spec.doc)}`],
        });
      continue;
    }
    if (isPoisoned(arg.value)) {
      ok = false;
      continue;
    }
    const value = convert(spec, arg.value, `${spec.name} of ${op}`, arg.span, wrong);
    if (value !== undefined) attrs[spec.name] = value;
  }
  return ok ? withDefaults(specs, attrs) : null;
}

const lower = (doc: string): string => doc.charAt(0).toLowerCase() + doc.slice(1).replace(/\.$/, '');

/** Attributes in the order of the specs. A default that names another argument takes its value: a pool's stride. */
function withDefaults(specs: readonly ArgSpec[], given: Attrs): Attrs {
  const settle = (spec: ArgSpec): AttrValue | undefined => {
    if (given[spec.name] !== undefined || spec.default === undefined) return given[spec.name];
    const other = specs.find((s) => s !== spec && s.name === spec.default);
    return other === undefined ? spec.default : settle(other);
  };
  const out: Record<string, AttrValue> = {};
  for (const spec of specs) {
    const value = settle(spec);
    if (value !== undefined) out[spec.name] = value;
  }
  return out;
}

type Wrong = (...args: Parameters<Toolbox['fail']>) => void;

function convert(spec: ArgSpec, v: Value, what: string, span: Span, wrong: Wrong): AttrValue | undefined {
  const number = (n: Value, whole: boolean): number | undefined => {
    if (!isNumber(n)) {
      wrong(say.wrongType.number({ what, whole, found: describe(n) }), span);
    } else if (whole && wholeNumber(n) === undefined) {
      wrong(say.notAnInt.number({ what, number: shortNumber(n.value) }), span);
    } else if (spec.least !== undefined && n.value < spec.least) {
      wrong(say.outOfRange.least({ what, least: spec.least, found: n.value }), span);
    } else if (whole && n.value > limits.argument) {
      wrong(say.outOfRange.bounds({ what, bounds: `at most ${limits.argument}`, found: n.value }), span);
    } else return n.value;
    return undefined;
  };
  if (typeof spec.type === 'object') {
    if (v.kind === 'string' && spec.type.oneOf.includes(v.value)) return v.value;
    const more = v.kind === 'string' ? suggest(v.value, spec.type.oneOf, span) : {};
    wrong(say.wrongType.word({ what, words: spec.type.oneOf, found: describe(v) }), span, more);
    return undefined;
  }
  switch (spec.type) {
    case 'int':
      return number(v, true);
    case 'float':
      return number(v, false);
    case 'bool':
      if (v.kind === 'bool') return v.value;
      wrong(say.wrongType.flag({ what, found: describe(v) }), span);
      return undefined;
    case 'padding':
    case 'ints': {
      if (spec.type === 'padding' && v.kind === 'string') {
        if (v.value === 'same' || v.value === 'valid') return v.value;
        wrong(say.wrongType.padding({ what, found: describe(v) }), span, {
          ...suggest(v.value, ['same', 'valid'], span),
        });
        return undefined;
      }
      if (v.kind !== 'list') return number(v, true);
      if (v.items.length === 0) {
        wrong(say.wrongType.sizes({ what }), span);
        return undefined;
      }
      const numbers: number[] = [];
      for (const item of v.items) {
        const n = number(item, true);
        if (n === undefined) return undefined;
        numbers.push(n);
      }
      return numbers;
    }
  }
}
