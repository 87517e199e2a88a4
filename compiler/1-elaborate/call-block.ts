import type { Span } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import { suggest } from '../diagnostics/index.js';
import { type Block, Environment } from './environment.js';
import type { Evaluator } from './evaluator.js';
import { limits } from './limits.js';
import type { CallArg } from './operators.js';
import { poison, type Value } from './values.js';

/** Calls a block: arguments by place, then by name, then defaults, which may use the parameters before them. */
export function callBlock(evaluator: Evaluator, block: Block, args: readonly CallArg[], span: Span): Value {
  const { decl } = block;
  const name = decl.name.text;
  if (evaluator.runaway.has(decl)) return poison;
  if (evaluator.calls.length >= limits.recursion) {
    evaluator.runaway.add(decl);
    return evaluator.fail(say.limitRecursion.blocks({ limit: limits.recursion, name }), span, {
      hints: [`give ${name} a case that does not call it, with \`if\``],
      related: [{ span: decl.name.span, message: `${name} is defined here` }],
    });
  }
  const given = bind(evaluator, block, args, span);
  if (given === null) return poison;
  evaluator.calls.push({ name, span });
  const env = new Environment(block.home);
  for (const parameter of decl.parameters) {
    const arg = given.get(parameter.name.text);
    const standard = (): Value => (parameter.default ? evaluator.expression(parameter.default, env) : poison);
    env.defineValue(parameter.name.text, arg?.value ?? standard(), arg && (evaluator.given.get(arg.span) ?? arg.span));
  }
  const result = evaluator.body(decl.body, env);
  evaluator.calls.pop();
  return result;
}

/** Which parameter each argument is for; null, all reported, if the call does not fit. */
function bind(
  evaluator: Evaluator,
  { decl }: Block,
  args: readonly CallArg[],
  span: Span,
): Map<string, CallArg> | null {
  const name = decl.name.text;
  const names = decl.parameters.map((p) => p.name.text);
  const related = [{ span: decl.name.span, message: `${name}(${names.join(', ')}) is defined here` }];
  const given = new Map<string, CallArg>();
  let ok = true;
  const wrong = (...report: Parameters<Evaluator['fail']>): void => {
    // An undefined name in the body may be a parameter that was removed.
    if (!evaluator.names.incomplete.has(decl)) evaluator.fail(...report);
    ok = false;
  };
  const positional = args.filter((a) => a.name === undefined);
  positional.forEach((arg, k) => {
    const parameter = names[k];
    if (parameter !== undefined) given.set(parameter, arg);
    else if (k === names.length) {
      wrong(say.extraArgument.block({ name, takes: names.length, given: positional.length }), arg.span, { related });
    }
  });
  for (const arg of args) {
    if (arg.name === undefined) continue;
    const { text, span: at } = arg.name;
    const before = given.get(text);
    if (!names.includes(text)) {
      wrong(say.unknownArgument.block({ block: name, name: text }), at, { ...suggest(text, names, at), related });
    } else if (before !== undefined) {
      wrong(say.repeatedArgument.argument({ name: text, callee: name }), at, {
        related: [{ span: before.span, message: 'given here first' }],
      });
    } else given.set(text, arg);
  }
  const absent = decl.parameters
    .filter((p) => p.default === undefined && !given.has(p.name.text))
    .map((p) => p.name.text);
  // What is missing beside a name that does not exist was given under that name.
  const misspelt = args.some((a) => a.name !== undefined && !names.includes(a.name.text));
  if (absent.length > 0 && !misspelt) {
    wrong(say.missingArgument.block({ name, absent }), span, {
      hints: [`write ${name}(${names.join(', ')}); x |> ${name}(...) gives the first`],
      related,
    });
  }
  return ok ? given : null;
}
