import { parse } from '../../grammar/index.js';
import { say } from '../../grammar/say.js';
import type { Expr, NetworkDecl, ParamDecl } from '../../grammar/tree.js';
import { type Collector, collect, diagnose, didYouMean } from '../diagnostics/index.js';
import { Environment } from './environment.js';
import { Evaluator } from './evaluator.js';
import { nothingReported } from './names.js';
import { Steps } from './steps.js';
import { describe, float, int, isNumber, isPoisoned, list, type Value, wholeNumber } from './values.js';

export type Settings = Readonly<Record<string, string>>;

/** Longest value that --set takes, in characters. */
const longest = 100_000;

/** Reports values for params that do not exist. */
export function checkSettings(network: NetworkDecl, set: Settings, report: Collector): void {
  const known = network.items.filter((item) => item.kind === 'param').map((item) => item.name.text);
  const unknown = Object.keys(set).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const [first = ''] = unknown;
  const hints =
    known.length === 0 ? [`${network.name.text} has no params`] : unknown.flatMap((name) => didYouMean(name, known));
  report.add(
    diagnose(
      say.unknownParam.set({ name: network.name.text, unknown, first, value: shorten(set[first] ?? '') }),
      network.name.span,
      {
        hints: [...new Set(hints)],
      },
    ),
  );
}

/** The value of a param: what --set says, if it is of the default's type, else the default. */
export function paramValue(decl: ParamDecl, standard: Value, set: Settings, report: Collector): Value {
  const { text, span } = decl.name;
  const given = Object.hasOwn(set, text) ? set[text] : undefined;
  if (given === undefined) return standard;
  const shown = `--set ${text}=${shorten(given)}`;
  const read = readConstant(given);
  if (typeof read === 'string') {
    report.add(
      diagnose(say.setSyntax.value({ given: shown, why: read }), span, {
        hints: ['write a number, true, false, a word, or a list'],
      }),
    );
    return standard;
  }
  if (isPoisoned(standard)) return read;
  const fitting = conform(read, standard);
  if (fitting !== undefined) return fitting;
  report.add(
    diagnose(say.setType.default({ given: shown, name: text, due: typeName(standard), found: describe(read) }), span, {
      hints: standard.kind === 'list' && isNumber(read) ? [`write a list: --set ${text}=[${read.value}]`] : [],
    }),
  );
  return standard;
}

const shorten = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}...` : text);

/** Reads a text as an expression of the language, without any names of the spec; a string says why it can't be. */
function readConstant(text: string): Value | string {
  if (text.length > longest) return `longer than ${longest} characters`;
  const expr = parseExpression(text);
  if (expr === null) return 'this is not a value';
  // A bare word is a string, which no shell needs quotes for.
  if (expr.kind === 'name') return { kind: 'string', value: expr.text };
  const report = collect();
  const value = new Evaluator(report, new Steps(), nothingReported).expression(expr, new Environment());
  return isPoisoned(value) ? (report.list()[0]?.message ?? 'this is not a value') : value;
}

/** The grammar reads whole specs, so the text is put into the smallest one; whatever else it holds makes it no expression. */
function parseExpression(text: string): Expr | null {
  const { tree, diagnostics } = parse(`network _ { param _ =\n${text}\n}`);
  const [network] = tree.networks;
  const [item] = network?.items ?? [];
  const alone =
    tree.networks.length === 1 && tree.blocks.length === 0 && tree.trains.length === 0 && network?.items.length === 1;
  if (!alone || item?.kind !== 'param' || diagnostics.some((d) => d.severity === 'error')) return null;
  return item.value;
}

/** `value` as a value of the type of `like`; undefined if it is of another. An int serves where a float is due. */
function conform(value: Value, like: Value): Value | undefined {
  if (like.kind === 'int') {
    const n = wholeNumber(value);
    return n === undefined ? undefined : int(n);
  }
  if (like.kind === 'float') return isNumber(value) ? float(value.value) : undefined;
  if (like.kind !== 'list') return value.kind === like.kind ? value : undefined;
  if (value.kind !== 'list') return undefined;
  // Items must be like some item of the default: in [1, 0.5] a float is at home too.
  const items = value.items.map((item) => {
    if (like.items.length === 0) return item;
    for (const model of like.items) {
      const fitting = conform(item, model);
      if (fitting !== undefined) return fitting;
    }
    return undefined;
  });
  return items.some((item) => item === undefined) ? undefined : list(items as Value[]);
}

function typeName(v: Value): string {
  switch (v.kind) {
    case 'int':
      return 'a whole number';
    case 'float':
      return 'a number';
    case 'bool':
      return 'true or false';
    case 'string':
      return 'a word';
    default: {
      if (v.kind !== 'list' || v.items.length === 0) return 'a list';
      if (v.items.every((item) => item.kind === 'int')) return 'a list of whole numbers';
      return v.items.every(isNumber) ? 'a list of numbers' : 'a list like the default';
    }
  }
}
