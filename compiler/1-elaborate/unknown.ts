import type { Diagnostic, Span } from '../../grammar/diagnostic.js';
import { standardFileOf } from '../0-import/standard/index.js';
import { diagnose, didYouMean } from '../diagnostics/index.js';
import { builtinNames, isBuiltin } from './builtins.js';
import { argumentWords, isLanguageOp, languageOps } from './operators.js';

/** What can be named at a place. */
export interface Reach {
  readonly values: () => readonly string[];
  readonly blocks: () => readonly string[];
}

/** What to say of a name used as a value that no value has; undefined for the words of arguments, which stand for themselves. */
export function unknownValue(text: string, span: Span, reach: Reach): Diagnostic | undefined {
  if (reach.blocks().includes(text)) {
    return diagnose('not-callable', span, `${text} is a block, not a value`, { hints: [`call it: x |> ${text}(...)`] });
  }
  if (argumentWords.has(text)) return undefined;
  if (isLanguageOp(text) || isBuiltin(text)) {
    const what = isLanguageOp(text) ? 'an operator' : 'a function';
    return diagnose('not-callable', span, `${text} is ${what}, not a value`, {
      hints: [`call it: ${text}(x), or x |> ${text}`],
    });
  }
  const hints = didYouMean(text, [...new Set([...reach.values(), ...argumentWords])]);
  return diagnose('unknown-name', span, `nothing is named ${text} here`, {
    hints: hints.length > 0 ? hints : knownValues(reach),
  });
}

const knownValues = (reach: Reach): string[] => {
  const values = [...new Set(reach.values())];
  return values.length > 0 && values.length <= 12 ? [`known here: ${values.join(', ')}`] : [];
};

/** What to say of a call of something that is no block, operator or function. */
export function unknownCallee(text: string, span: Span, reach: Reach): Diagnostic {
  if (reach.values().includes(text)) {
    return diagnose('not-callable', span, `${text} is a value and cannot be called`, {
      hints: [`pick an item with brackets, ${text}[...]`],
    });
  }
  const candidates = [...new Set([...reach.blocks(), ...languageOps, ...builtinNames])];
  const near = didYouMean(text, candidates);
  const standard = standardFileOf(text);
  if (standard !== undefined) near.push(`${text} is in the standard library: import "${standard}"`);
  const hints = near.length > 0 ? near : ['define it: block Name(x) { ... }; the reference page lists the operators'];
  return diagnose('unknown-name', span, `no block or operator is named ${text}`, { hints });
}
