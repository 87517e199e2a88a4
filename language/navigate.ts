import { isBuiltin } from '../compiler/1-elaborate/builtins.js';
import { isLanguageOp } from '../compiler/1-elaborate/operators.js';
import type { Span } from '../grammar/diagnostic.js';
import { keywords, parse } from '../grammar/index.js';
import { type Analysis, occurrenceAt, scopeAt } from './analysis.js';
import { bindNames, type Names } from './names/bind.js';
import type { Definition, Occurrence } from './names/definition.js';

/** The declaration that the name at an offset means, and all places that mean it. */
function definitionAt(analysis: Analysis, offset: number): Definition | undefined {
  const target = occurrenceAt(analysis, offset)?.target;
  return target?.kind === 'name' ? target.definition : undefined;
}

/** Where the name at an offset is defined; the span's `file` says in which file. */
export function definition(analysis: Analysis, offset: number): Span | null {
  return definitionAt(analysis, offset)?.name.span ?? null;
}

/** Every place of the spec's own text that means what the name at an offset means, in the order of the text. */
export function references(
  analysis: Analysis,
  offset: number,
  { declaration = true }: { declaration?: boolean } = {},
): Span[] {
  const found = definitionAt(analysis, offset);
  if (found === undefined) return [];
  return meaning(analysis, found)
    .filter((o) => declaration || !o.defines)
    .map((o) => o.span);
}

const meaning = ({ names }: Analysis, d: Definition): Occurrence[] =>
  names.occurrences.filter((o) => o.target.kind === 'name' && o.target.definition === d);

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The name that would be renamed, or why none can be. */
export function renameable(analysis: Analysis, offset: number): { span: Span; name: string } | { refusal: string } {
  const found = occurrenceAt(analysis, offset);
  if (found === undefined) return { refusal: 'there is no name here' };
  const { target, span } = found;
  if (target.kind !== 'name') {
    const refusal =
      target.kind === 'unknown' ? `nothing defines ${target.name}` : `${wordOf(found)} is a word of the language`;
    return { refusal };
  }
  const { file } = target.definition.name.span;
  if (file !== undefined) return { refusal: `${target.definition.name.text} is defined in ${file}: rename it there` };
  return { span, name: target.definition.name.text };
}

const wordOf = ({ target }: Occurrence): string => (target.kind === 'name' ? target.definition.name.text : target.name);

/**
 * Gives the name at an offset another text, everywhere. Refused, with the reason, where the new one is no name, or where any name
 * of the text would then mean something else than it does.
 */
export function rename(analysis: Analysis, offset: number, to: string): { edits: Edit[] } | { refusal: string } {
  const able = renameable(analysis, offset);
  if ('refusal' in able) return able;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(to)) {
    return { refusal: `${JSON.stringify(to)} is no name: names are made of a to z, A to Z, 0 to 9 and _` };
  }
  if (keywords.includes(to)) return { refusal: `${to} is a keyword` };
  const found = definitionAt(analysis, offset) as Definition;
  if (found.kind === 'block' && (isLanguageOp(to) || isBuiltin(to))) {
    return { refusal: `${to} is ${isLanguageOp(to) ? 'an operator' : 'a function'} already` };
  }
  if (to === found.name.text) return { edits: [] };
  const hidden = scopeAt(analysis, found.name.span.start.offset).value(to);
  if (hidden !== undefined) return { refusal: `${to} is the name of ${articled(hidden.kind)} already` };
  const places = meaning(analysis, found);
  const edits = places.map(({ span }) => ({ start: span.start.offset, end: span.end.offset, text: to }));
  const { root } = analysis.analyzed;
  const after = bindNames({ ...root, tree: parse(applyEdits(analysis.text, edits)).tree });
  const clash = changed(analysis.names, after, new Set(places), to);
  return clash === null ? { edits } : { refusal: clash };
}

const articled = (kind: string): string => `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`;

/** What would mean something else after a renaming; null if nothing would. */
function changed(before: Names, after: Names, renamed: ReadonlySet<Occurrence>, to: string): string | null {
  if (after.occurrences.length !== before.occurrences.length || after.duplicates !== before.duplicates)
    return `${to} is defined here already`;
  const [a, b] = [meanings(before), meanings(after)];
  const k = a.findIndex((meaning, i) => meaning !== b[i]);
  const first = before.occurrences[k];
  if (first === undefined) return null;
  const { line } = first.span.start;
  return renamed.has(first)
    ? `${to} means something else in line ${line}`
    : `what line ${line} calls ${to} would then be this`;
}

/** What each occurrence means, in terms that hold for another text as well: the how-manieth occurrence defines it. */
function meanings({ occurrences }: Names): string[] {
  const places = new Map<Definition, number>();
  for (const [k, { target, defines }] of occurrences.entries())
    if (target.kind === 'name' && defines) places.set(target.definition, k);
  return occurrences.map(({ target }) => {
    if (target.kind !== 'name') return `${target.kind} ${target.name}`;
    const { definition: d } = target;
    return `name ${places.get(d) ?? `${d.name.span.file} ${d.name.span.start.offset}`}`;
  });
}

export function applyEdits(text: string, edits: readonly Edit[]): string {
  let out = '';
  let at = 0;
  for (const { start, end, text: inserted } of [...edits].sort((a, b) => a.start - b.start)) {
    out += text.slice(at, start) + inserted;
    at = end;
  }
  return out + text.slice(at);
}
