import { type Analyzed, analyzeText, type LoadOptions } from '../compiler/index.js';
import { lex } from '../grammar/lex.js';
import { limits } from '../grammar/limits.js';
import { Mistakes } from '../grammar/mistakes.js';
import { Source } from '../grammar/source.js';
import { Facts } from './facts.js';
import { bindNames, type Names } from './names/bind.js';
import type { Occurrence, Scope } from './names/definition.js';

/** A word of the text, as the parser reads it: without spaces and comments. Offsets, `end` exclusive. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The name of its kind in grammar/tokens.ts. */
  readonly type: string;
}

/** All that is known of one version of a text; made once, asked by every service. Places are offsets in UTF-16 code units. */
export interface Analysis {
  readonly text: string;
  readonly analyzed: Analyzed;
  readonly tokens: readonly Token[];
  readonly names: Names;
  readonly facts: Facts;
}

/** Pure; never throws, whatever the text, as long as `resolve` does not. */
export function analyse(text: string, options: Pick<LoadOptions, 'resolve' | 'file'> = {}): Analysis {
  const analyzed = analyzeText(text, options);
  return { text, analyzed, tokens: tokensOf(text), names: bindNames(analyzed.root), facts: new Facts(analyzed) };
}

function tokensOf(text: string): Token[] {
  if (text.length > limits.file) return [];
  return lex(new Source(text), new Mistakes()).tokens.map((t) => ({
    start: t.startOffset,
    end: t.startOffset + t.image.length,
    text: t.image,
    type: t.tokenType.name,
  }));
}

/** The word at a place: the one that holds it, or that ends there. */
export function occurrenceAt({ names }: Analysis, offset: number): Occurrence | undefined {
  const { occurrences } = names;
  let low = 0;
  let high = occurrences.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((occurrences[middle] as Occurrence).span.start.offset <= offset) low = middle + 1;
    else high = middle;
  }
  const found = occurrences[low - 1];
  if (found && offset <= found.span.end.offset) return found;
  return undefined;
}

/** The names in scope of an expression at a place. */
export function scopeAt({ names }: Analysis, offset: number): Scope {
  return names.regions.findLast((r) => r.start <= offset && offset <= r.end)?.scope ?? names.outer;
}

/** How many tokens begin before a place. */
export function tokensBefore(tokens: readonly Token[], offset: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle] as Token).start < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
