import type { Diagnostic, Fix, Said, Span } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import { standardFileOf } from '../0-import/standard/index.js';
import { type Code, diagnose, suggest } from '../diagnostics/index.js';
import { builtinNames, isBuiltin } from './builtins.js';
import { argumentWords, isLanguageOp, languageOps } from './operators.js';

/** What can be named at a place. */
export interface Reach {
  readonly values: () => readonly string[];
  readonly blocks: () => readonly string[];
  /** The fix that imports a file; absent where the text is not the spec's own. */
  readonly importing?: (path: string) => Fix;
  /** The fix that makes the call an index, where it can be one. */
  readonly indexed?: Fix;
}

/** What to say of a name used as a value that no value has; undefined for the words of arguments, which stand for themselves. */
export function unknownValue(text: string, span: Span, reach: Reach): (Diagnostic & Said<Code>) | undefined {
  if (reach.blocks().includes(text)) {
    return diagnose(say.notCallable.block({ name: text }), span, { hints: [`call it: x |> ${text}(...)`] });
  }
  if (argumentWords.has(text)) return undefined;
  if (isLanguageOp(text) || isBuiltin(text)) {
    const what = isLanguageOp(text) ? 'an operator' : 'a function';
    return diagnose(say.notCallable.operator({ name: text, what }), span, {
      hints: [`call it: ${text}(x), or x |> ${text}`],
    });
  }
  const { hints, fixes } = suggest(text, [...new Set([...reach.values(), ...argumentWords])], span);
  return diagnose(say.unknownName.value({ name: text }), span, {
    hints: hints.length > 0 ? hints : knownValues(reach),
    fixes,
  });
}

const knownValues = (reach: Reach): string[] => {
  const values = [...new Set(reach.values())];
  return values.length > 0 && values.length <= 12 ? [`known here: ${values.join(', ')}`] : [];
};

/** What to say of a call of something that is no block, operator or function. */
export function unknownCallee(text: string, span: Span, reach: Reach): Diagnostic & Said<Code> {
  if (reach.values().includes(text)) {
    return diagnose(say.notCallable.value({ name: text }), span, {
      hints: [`pick an item with brackets, ${text}[...]`],
      fixes: reach.indexed ? [reach.indexed] : [],
    });
  }
  const candidates = [...new Set([...reach.blocks(), ...languageOps, ...builtinNames])];
  const { hints: near, fixes } = suggest(text, candidates, span);
  const standard = standardFileOf(text);
  if (standard !== undefined) {
    near.push(`${text} is in the standard library: import "${standard}"`);
    if (reach.importing !== undefined) fixes.unshift(reach.importing(standard));
  }
  const hints = near.length > 0 ? near : ['define it: block Name(x) { ... }; the reference page lists the operators'];
  return diagnose(say.unknownName.callee({ name: text }), span, { hints, fixes });
}
