import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Diagnostic, load } from '../../compiler/index.js';
import { parse } from '../../grammar/index.js';
import { lex } from '../../grammar/lex.js';
import { Mistakes } from '../../grammar/mistakes.js';
import { Source } from '../../grammar/source.js';

const folder = fileURLToPath(new URL('../../specs/', import.meta.url));

/** The specs of `specs/`, by name. */
export const presets: readonly { readonly name: string; readonly text: string }[] = readdirSync(folder)
  .filter((name) => name.endsWith('.unet'))
  .sort()
  .map((name) => ({ name, text: readFileSync(`${folder}${name}`, 'utf8') }));

export interface Place {
  /** 0-based offsets in UTF-16 code units; `end` exclusive. */
  readonly start: number;
  readonly end: number;
  /** 1-based. */
  readonly line: number;
}

export function tokensOf(text: string): Place[] {
  const source = new Source(text);
  return lex(source, new Mistakes()).tokens.map(({ startOffset, image }) => ({
    start: startOffset,
    end: startOffset + image.length,
    line: source.position(startOffset).line,
  }));
}

/** What is answered to a text that lacks one token. */
export interface Deletion {
  readonly token: string;
  readonly line: number;
  /** Whether the rest is still well-formed: it says another network then, and what is wrong shows wherever that does. */
  readonly reads: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** Lines between the token and the first diagnostic in the order of the text; null without one. */
  readonly distance: number | null;
}

export function without(text: string, { start, end, line }: Place): Deletion {
  const rest = text.slice(0, start) + text.slice(end);
  const { diagnostics } = load(rest);
  const first = diagnostics[0];
  return {
    token: text.slice(start, end),
    line,
    reads: parse(rest).diagnostics.length === 0,
    diagnostics,
    distance: first === undefined ? null : Math.abs(first.span.start.line - line),
  };
}

/** The promise for texts that don't read: at most three diagnostics, the first within two lines. */
export const kept = ({ diagnostics, distance }: Deletion): boolean =>
  diagnostics.length <= 3 && (distance === null || distance <= 2);

export const show = ({ token, line, distance, diagnostics }: Deletion): string =>
  `without \`${token}\` of line ${line}: ${diagnostics.length} diagnostics, ${distance} lines away: ${diagnostics.map((d) => `${d.span.start.line}: ${d.message}`).join('; ')}`;
