import type { Span } from '../diagnostic.js';
import { limits } from '../limits.js';
import { Mistakes } from '../mistakes.js';
import { parseSpec } from '../parser.js';
import { Source } from '../source.js';
import { Cursor } from './cursor.js';
import { Gaps } from './gaps.js';
import { withComments } from './layout.js';
import { Memory } from './memory.js';
import { SpecPrinter } from './statements.js';

export interface Formatted {
  readonly text: string;
  readonly changed: boolean;
  /** What was left as it was written, in the order of the text: lines that do not parse. */
  readonly kept: readonly Span[];
}

/**
 * Writes a spec in its canonical form: the same tree, with every comment where it was. Lines with a mistake stay as
 * they are to the byte, and the others take their form around them. Never throws.
 *
 * @param text the file's content, at most 256 Ki UTF-16 code units; a longer one is left as it is
 * @param memory of statements laid out before, for who formats one text again and again
 * @returns the text with lines of 88 columns at most, as far as no single word or comment is wider. It ends its lines
 *   as the first line was ended.
 */
export function format(text: string, memory: Memory = new Memory()): Formatted {
  const unchanged = (): Formatted => ({ text, changed: false, kept: [new Source(text).span(0, text.length)] });
  if (text.length > limits.file) return unchanged();
  const { written, kept, simplified } = formatOnce(text, memory);
  // What stood in parentheses may, without them, be laid out as a part of what is around it.
  const result = simplified && written.length <= limits.file ? formatOnce(written, memory).written : written;
  // A bug in the formatter must never lose a word of the user's text.
  if (result !== text && content(result) !== content(text)) return unchanged();
  return { text: result, changed: result !== text, kept };
}

function formatOnce(text: string, memory: Memory): { written: string; kept: Span[]; simplified: boolean } {
  const source = new Source(text);
  const { tree, tokens } = parseSpec(source, new Mistakes());
  const cursor = new Cursor(text, tokens, new Gaps(text, tokens));
  const lines = new SpecPrinter(cursor, source, memory).spec(tree);
  memory.turn();
  const kept = lines.flatMap((line) => line.kept ?? []);
  const lineEnd = /\r\n?|\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n';
  const written = withComments(lines)
    .map((line) => line + lineEnd)
    .join('');
  return { written, kept, simplified: cursor.simplified };
}

export { Memory } from './memory.js';

/** A text without what formatting may change. */
const content = (text: string): string => text.replace(/[\s,()]+/g, '');
