import { builtinNames } from '../compiler/1-elaborate/builtins.js';
import { languageOps } from '../compiler/1-elaborate/operators.js';
import { opOf } from '../compiler/ops/index.js';
import { limits } from '../grammar/limits.js';
import { type Analysis, scopeAt, type Token, tokensBefore } from './analysis.js';
import { commentOf } from './docs/comments.js';
import { argsOf, signatureOf } from './docs/operators.js';
import { isRecipeTable, recipeWords, settingDocs } from './docs/recipe.js';
import { dimensionDocs, factDocs, functionDocs, keywordDocs } from './docs/words.js';
import { shapeOf } from './facts.js';
import type { Definition, RecipeTable } from './names/definition.js';
import { type Open, type Place, placeBehind } from './place.js';
import { calledBy, settingAt } from './signature.js';

export interface Completion {
  readonly label: string;
  readonly kind: Definition['kind'] | 'operator' | 'function' | 'argument' | 'word' | 'keyword' | 'setting' | 'level';
  readonly detail: string;
  /** Markdown. */
  readonly doc: string;
  /** What is written for it, where that is not the label: a snippet, `$1` the first place to fill. */
  readonly snippet?: string;
  /** What is offered first. */
  readonly rank: number;
}

/** What can be written at an offset, in place of the word that ends there. */
export function complete(analysis: Analysis, offset: number): Completion[] {
  const { text, tokens } = analysis;
  if (text.length > limits.file || inComment(text, tokens, offset)) return [];
  let start = offset;
  while (start > 0 && /[A-Za-z0-9_]/.test(text[start - 1] as string)) start--;
  // `3x`: a number is being written.
  if (/[0-9]/.test(text[start] ?? '') && start < offset) return [];
  const count = tokensBefore(tokens, start);
  const before = tokens[count - 1];
  if (before && before.end > start) return before.text.startsWith('"') ? importPaths(tokens[count - 2]) : [];
  const place = placeBehind(tokens, count);
  const where: Where = { analysis, place, before, ahead: tokens[count - 2], start, newLine: startsLine(text, start) };
  return distinct(offered(where));
}

interface Where {
  readonly analysis: Analysis;
  readonly place: Place;
  /** The token in front, and the one in front of that. */
  readonly before: Token | undefined;
  readonly ahead: Token | undefined;
  readonly start: number;
  /** Whether only blanks stand in front on the line. */
  readonly newLine: boolean;
}

const startsLine = (text: string, start: number): boolean =>
  text.slice(text.lastIndexOf('\n', start - 1) + 1, start).trim() === '';

/** Between two tokens, behind `//` or in an open block comment. */
function inComment(text: string, tokens: readonly Token[], offset: number): boolean {
  const from = tokens[tokensBefore(tokens, offset) - 1]?.end ?? 0;
  if (from >= offset) return false;
  const gap = text.slice(from, offset).replace(/\/\*[\s\S]*?\*\//g, '');
  return gap.includes('/*') || gap.slice(gap.lastIndexOf('\n') + 1).includes('//');
}

const importPaths = (word: Token | undefined): Completion[] =>
  word?.text === 'import' ? [item('std:blocks', 'word', 'the standard library', '', 0)] : [];

/** Tokens behind which an expression goes on. */
const wanting = new Set([
  '=',
  '|>',
  ',',
  '(',
  '[',
  ':',
  '..',
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'and',
  'or',
  'not',
  'if',
  'then',
  'else',
  'in',
  'when',
  'at',
]);

function offered(where: Where): Completion[] {
  const { analysis, place, before, newLine } = where;
  const top = place.open.at(-1);
  const goesOn = before !== undefined && wanting.has(before.text);
  if (before?.text === '|>') return callables(where, true);
  if (place.item?.text === 'expect' && !newLine) return expectation(where);
  if (before && nameIsDue(before, top)) return [];
  if (before?.text === 'import') return [item('"std:blocks"', 'word', 'the standard library', '', 0)];
  if (top === undefined) return starters(['network', 'block', 'import', 'train']);
  if (top.bracket === '(' && place.item?.text === 'block' && top.name?.start !== undefined && isHeader(analysis, top))
    return [];
  if (top.bracket === '(' && top.name) return argument(where, top);
  if (top.bracket === '[' && place.item?.text === 'input') return words(dimensionDocs, 'word');
  if (before?.text === ':' && place.item?.text === 'input') return [item('f32', 'word', 'the type of an input', '', 0)];
  if (place.open.some((o) => o.keyword === 'train')) {
    if (top.keyword !== 'train' || goesOn) return recipe(where);
    return before?.text === '{' || newLine || !goesOn ? settings(where) : [];
  }
  if (!goesOn && top.bracket === '{') {
    if (top.keyword === 'network') return newLine || before?.text === '{' ? starters(networkItems) : infix();
    if (top.keyword === 'grid' && (newLine || before?.text === '{')) return rules(where);
    if (top.keyword === 'output') return newLine ? [] : infix();
    if (!newLine && before?.text !== '{') return infix();
    return [...starters(['let']), ...expressions(where)];
  }
  return expressions(where);
}

const networkItems = ['param', 'let', 'input', 'block', 'grid', 'head', 'output', 'expect'];

/** Whether the parentheses are those of a block's declaration. */
function isHeader({ tokens }: Analysis, { name }: Open): boolean {
  return name !== undefined && tokens[tokensBefore(tokens, name.start) - 1]?.text === 'block';
}

/** Behind these words comes a name that the author makes up. */
const nameIsDue = (before: Token, top: Open | undefined): boolean =>
  ['network', 'param', 'let', 'input', 'block', 'grid', 'head', 'output'].includes(before.text) ||
  (before.text === 'for' && top?.bracket === '[');

const item = (
  label: string,
  kind: Completion['kind'],
  detail: string,
  doc: string,
  rank: number,
  snippet?: string,
): Completion => ({ label, kind, detail, doc, rank, ...(snippet === undefined ? {} : { snippet }) });

const words = (docs: Readonly<Record<string, string>>, kind: Completion['kind']): Completion[] =>
  Object.entries(docs).map(([name, doc]) => item(name, kind, '', doc, 0));

const snippets: Readonly<Record<string, string>> = {
  network: `network \${1:Name} {\n  $0\n}`,
  param: `param \${1:name} = $0`,
  let: `let \${1:name} = $0`,
  input: `input \${1:image}: f32[N, \${2:3}, H, W]`,
  block: `block \${1:Name}(\${2:x, c}) {\n  $0\n}`,
  grid: `grid \${1:X}[\${2:i in 0..depth}] {\n  $0\n}`,
  head: `head \${1:S} = $0`,
  output: `output \${1:mask} = $0`,
  expect: `expect \${1:parameters} = $0`,
  train: 'train {\n  $0\n}',
  import: 'import "$0"',
};

const starters = (names: readonly string[]): Completion[] =>
  names.map((name) => item(name, 'keyword', 'keyword', keywordDocs[name] ?? '', 0, snippets[name]));

const infix = (): Completion[] => [item('|>', 'keyword', '', '`x |> f(a)` is `f(x, a)`', 0)];

function rules({ analysis, start }: Where): Completion[] {
  const grid = analysis.analyzed.root.tree.networks
    .flatMap((n) => n.items)
    .findLast((i) => i.kind === 'grid' && i.span.start.offset <= start);
  if (grid?.kind !== 'grid') return [];
  const indices = grid.indices.map((d, k) => `\${${k + 1}:${d.name.text}}`).join(', ');
  return [item(grid.name.text, 'grid', 'a rule', '', 0, `${grid.name.text}[${indices}] = $0`)];
}

/** What can be called; behind a pipe only what takes a tensor. */
function callables({ analysis, start }: Where, piped: boolean): Completion[] {
  const blocks = scopeAt(analysis, start)
    .reach()
    .filter((d) => d.kind === 'block');
  const functions = piped ? [] : builtinNames;
  return [
    ...blocks.map((d) => named(analysis, d)),
    ...languageOps.map((op) => {
      const needs = argsOf(op).some((a) => a.default === undefined);
      const snippet = piped && !needs ? undefined : `${op}($0)`;
      const args = argsOf(op).map((a) => `- \`${a.name}\`: ${a.doc}`);
      return item(op, 'operator', signatureOf(op), [opOf(op).doc, args.join('\n')].join('\n\n'), 2, snippet);
    }),
    ...functions.map((f) => item(f, 'function', functionDocs[f].usage, functionDocs[f].doc, 2, `${f}($0)`)),
  ];
}

/** A name in reach. */
function named({ facts, text, analyzed }: Analysis, d: Definition): Completion {
  const { text: name, span } = d.name;
  const source = span.file === undefined ? text : (analyzed.imports.find((f) => f.path === span.file)?.text ?? '');
  const doc = d.kind === 'index' || d.kind === 'parameter' ? '' : commentOf(source, d.span.start.offset);
  if (d.kind === 'block') {
    const parameters = d.block?.parameters.map((p) => p.name.text).join(', ') ?? '';
    return item(name, 'block', `block ${name}(${parameters})`, doc, 1, `${name}($0)`);
  }
  if (d.kind === 'grid') return item(name, 'grid', `grid ${name}`, doc, 1, `${name}[$0]`);
  const tensor = d.local ? undefined : facts.tensor(name);
  const value = tensor?.value ? shapeOf(tensor.value) : d.local ? undefined : facts.constant(name);
  const useful = d.kind === 'index' || d.kind === 'parameter' || d.local ? 0 : 1;
  return item(
    name,
    d.kind,
    value && ['param', 'let', 'input'].includes(d.kind) ? `${d.kind}: ${value}` : d.kind,
    doc,
    useful,
  );
}

function expressions(where: Where): Completion[] {
  const { analysis, start } = where;
  const values = scopeAt(analysis, start)
    .reach()
    .filter((d) => d.kind !== 'block' && (!d.local || d.span.end.offset <= start));
  const more = ['if', 'not', 'true', 'false'].map((w) => item(w, 'keyword', 'keyword', keywordDocs[w] ?? '', 3));
  return [...values.map((d) => named(analysis, d)), ...callables(where, false), ...more];
}

/** In the parentheses of a call: its arguments by name, or words that the one being written can be. */
function argument(where: Where, call: Open): Completion[] {
  const { analysis, place, before, ahead } = where;
  const callable = calledBy(analysis, place, call);
  const inTrain = place.open.some((o) => o.keyword === 'train');
  const others = inTrain ? constants(where) : expressions(where);
  if (callable === undefined) return others;
  if (before?.text === ':' && ahead) {
    const choices = callable.parameters.find((p) => p.name === ahead.text)?.choices ?? [];
    return [...choices.map((c) => item(c, 'word', `${ahead.text} of ${callable.name}`, '', 0)), ...others];
  }
  if (before?.text !== '(' && before?.text !== ',') return others;
  const names = callable.parameters
    .filter((p) => p.name !== undefined && !call.given.includes(p.name))
    .map((p) => item(p.name as string, 'argument', p.label, p.doc, 0, `${p.name}: $0`));
  return [...names, ...others];
}

const constants = ({ analysis, start }: Where): Completion[] =>
  scopeAt(analysis, start)
    .reach()
    .filter((d) => d.kind === 'param' || d.kind === 'let')
    .map((d) => named(analysis, d));

function recipe(where: Where): Completion[] {
  const setting = settingAt(where.analysis, where.start);
  if (setting === 'normalize') return ['unit', 'image'].map((w) => item(w, 'word', 'normalize', '', 0));
  return [...(setting && isRecipeTable(setting) ? recipeItems(setting) : []), ...constants(where)];
}

const recipeItems = (table: RecipeTable): Completion[] =>
  [...recipeWords[table]].map(([name, { doc, knobs }]) =>
    item(name, 'function', knobs.map((k) => `${k.name} = ${k.default}`).join(', ') || table, doc, 0),
  );

function settings({ analysis, start }: Where): Completion[] {
  const train = analysis.analyzed.root.tree.trains.findLast((t) => t.span.start.offset <= start);
  const given = new Set(
    train?.settings
      .filter((s) => s.name.span.end.offset < start || s.name.span.start.offset > start)
      .map((s) => s.name.text),
  );
  return Object.entries(settingDocs)
    .filter(([name]) => !given.has(name))
    .map(([name, doc]) => item(name, 'setting', 'setting', doc, 0, `${name} = $0`));
}

function expectation({ analysis, before, place, start }: Where): Completion[] {
  if (before?.text === 'expect') return words(factDocs, 'word');
  if (before?.text === 'at')
    return (analysis.analyzed.sketch?.levels ?? []).map((l) => item(`L${l}`, 'level', 'level', '', 0));
  if (before?.text === 'in') {
    const outputs = analysis.analyzed.root.tree.networks.flatMap((n) => n.items).filter((i) => i.kind === 'output');
    return outputs.flatMap((o) => o.modes).map((m) => item(m.name.text, 'mode', 'mode', '', 0));
  }
  if (['=', '<=', '>='].includes(before?.text ?? ''))
    return expressions({ analysis, before, place, start, ahead: undefined, newLine: false });
  return ['at', 'in'].map((w) => item(w, 'keyword', 'keyword', keywordDocs[w] ?? '', 0));
}

/** Of equal labels the first, which is the nearer one. */
function distinct(all: readonly Completion[]): Completion[] {
  const seen = new Set<string>();
  return all.filter((c) => !seen.has(c.label) && c.label !== '' && seen.add(c.label));
}
