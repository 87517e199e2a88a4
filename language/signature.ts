import { isLanguageOp } from '../compiler/1-elaborate/operators.js';
import { opOf } from '../compiler/ops/index.js';
import { type Analysis, scopeAt, tokensBefore } from './analysis.js';
import { commentOf } from './docs/comments.js';
import { argLabel, argsOf, choicesOf, tensorsOf, typeOf } from './docs/operators.js';
import { isRecipeTable, knobDoc, recipeWords } from './docs/recipe.js';
import { functionDocs, isFunctionName } from './docs/words.js';
import { type Open, type Place, placeBehind } from './place.js';

export interface Parameter {
  /** Its name; absent for tensors, which have none. */
  readonly name?: string;
  /** As it stands in the signature's label. */
  readonly label: string;
  readonly doc: string;
  /** Words that it can be. */
  readonly choices: readonly string[];
}

export interface Callable {
  readonly name: string;
  readonly doc: string;
  /** In order; the tensors of an operator too. */
  readonly parameters: readonly Parameter[];
}

export interface Signature {
  readonly label: string;
  readonly doc: string;
  readonly parameters: readonly Parameter[];
  /** Which parameter is being written; null beyond the last. */
  readonly active: number | null;
}

/** The call that an offset is in, and which of its arguments. */
export function signature(analysis: Analysis, offset: number): Signature | null {
  const place = placeBehind(analysis.tokens, tokensBefore(analysis.tokens, offset));
  const call = place.open.findLast((o) => o.bracket === '(' && o.name !== undefined);
  if (call === undefined || place.open.slice(place.open.indexOf(call)).some((o) => o.bracket === '{')) return null;
  const callable = calledBy(analysis, place, call);
  if (callable === undefined) return null;
  const { name, doc, parameters } = callable;
  const label = `${name}(${parameters.map((p) => p.label).join(', ')})`;
  return { label, doc, parameters, active: activeOf(analysis, call, parameters) };
}

function activeOf({ tokens }: Analysis, call: Open, parameters: readonly Parameter[]): number | null {
  const { argument } = call;
  if (argument && tokens[tokensBefore(tokens, argument.start) + 1]?.text === ':') {
    const named = parameters.findIndex((p) => p.name === argument.text);
    return named < 0 ? null : named;
  }
  const many = parameters[0]?.label.endsWith('...') ?? false;
  const k = many ? 0 : call.commas + (call.piped ? 1 : 0);
  return k < parameters.length ? k : null;
}

/** What the name in front of a bracket stands for. */
export function calledBy(analysis: Analysis, place: Place, { name }: Open): Callable | undefined {
  if (name === undefined) return undefined;
  const { text } = name;
  if (place.open.some((o) => o.keyword === 'train')) {
    const setting = settingAt(analysis, name.start);
    const entry = setting && isRecipeTable(setting) ? recipeWords[setting].get(text) : undefined;
    if (entry) {
      const parameters = entry.knobs.map((k) => ({
        name: k.name,
        label: `${k.name} = ${k.default}`,
        doc: knobDoc(k),
        choices: typeof k.default === 'boolean' ? ['true', 'false'] : [],
      }));
      return { name: text, doc: entry.doc, parameters };
    }
  }
  const block = scopeAt(analysis, name.start).block(text);
  if (block?.block) {
    const { file } = block.name.span;
    const source =
      file === undefined ? analysis.text : (analysis.analyzed.imports.find((f) => f.path === file)?.text ?? '');
    const parameters = block.block.parameters.map((p): Parameter => {
      const standard = p.default && source.slice(p.default.span.start.offset, p.default.span.end.offset);
      return {
        name: p.name.text,
        label: standard ? `${p.name.text} = ${standard}` : p.name.text,
        doc: '',
        choices: [],
      };
    });
    return { name: text, doc: commentOf(source, block.span.start.offset), parameters };
  }
  if (isLanguageOp(text)) {
    const tensors = tensorsOf(text).map((label): Parameter => ({ label, doc: 'A tensor.', choices: [] }));
    const args = argsOf(text).map((a) => ({
      name: a.name,
      label: argLabel(a),
      doc: `${a.doc}\n\n${typeOf(a)}`,
      choices: choicesOf(a),
    }));
    return { name: text, doc: opOf(text).doc, parameters: [...tensors, ...args] };
  }
  if (!isFunctionName(text)) return undefined;
  const { usage, doc } = functionDocs[text];
  return { name: text, doc, parameters: [{ label: usage.slice(text.length + 1, -1), doc: '', choices: [] }] };
}

/** The setting of a `train` that an offset lies in: the last `name =` before it. */
export function settingAt({ tokens }: Analysis, offset: number): string | undefined {
  for (let k = tokensBefore(tokens, offset) - 1; k > 0; k--) {
    if (tokens[k]?.text === '=' && tokens[k - 1]?.type === 'Identifier') return tokens[k - 1]?.text;
    if (tokens[k]?.text === '{') return undefined;
  }
  return undefined;
}
