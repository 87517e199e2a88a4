import type { Diagnostic } from './diagnostic.js';
import { limits } from './limits.js';
import { Mistakes } from './mistakes.js';
import { parseSpec } from './parser.js';
import { say } from './say.js';
import { Source } from './source.js';
import { keywords as keywordTypes } from './tokens.js';
import type { SpecTree } from './tree.js';

/**
 * Parses a spec. Never throws: what cannot be parsed is reported and left out of the tree, or stands in it as a
 * `missing` expression; the rest of the file is there.
 *
 * @param text the file's content, at most 256 Ki UTF-16 code units; of a longer one nothing is parsed
 * @param file the path of an imported file, for its spans; absent for a spec
 * @returns the tree and the mistakes in the order of the text, all of severity `error`; none means that the tree is whole
 */
export function parse(text: string, file?: string): { tree: SpecTree; diagnostics: Diagnostic[] } {
  const mistakes = new Mistakes();
  if (text.length > limits.file) {
    const start = new Source('', file).span(0, 0);
    const said = say.limitFile.characters({ length: text.length, limit: limits.file });
    mistakes.add(said, start, 'say with a comprehension, a grid or a block what repeats');
    return {
      tree: { kind: 'spec', span: start, imports: [], blocks: [], networks: [], trains: [] },
      diagnostics: mistakes.list(),
    };
  }
  const { tree } = parseSpec(new Source(text, file), mistakes);
  return { tree, diagnostics: mistakes.list() };
}

export type { Diagnostic, Position, Related, Severity, Span } from './diagnostic.js';
export { nowhere, sameSpan } from './diagnostic.js';
export { limits as grammarLimits } from './limits.js';
export type { SyntaxCode } from './mistakes.js';
export type * from './tree.js';

/** The reserved words. */
export const keywords: readonly string[] = [...keywordTypes.keys()];
