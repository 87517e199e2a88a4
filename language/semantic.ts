import { keywords } from '../grammar/index.js';
import type { Analysis } from './analysis.js';
import type { Definition, Occurrence } from './names/definition.js';

/** Names of the protocol. */
export const semanticTypes = [
  'namespace',
  'type',
  'typeParameter',
  'parameter',
  'variable',
  'property',
  'enumMember',
  'function',
  'keyword',
  'comment',
  'string',
  'number',
  'operator',
] as const;
export type SemanticType = (typeof semanticTypes)[number];

export const semanticModifiers = ['declaration', 'readonly', 'defaultLibrary'] as const;
export type SemanticModifier = (typeof semanticModifiers)[number];

export interface SemanticToken {
  readonly start: number;
  readonly end: number;
  readonly type: SemanticType;
  readonly modifiers: readonly SemanticModifier[];
}

const ofDefinition: Readonly<Record<Definition['kind'], SemanticType>> = {
  network: 'namespace',
  param: 'variable',
  let: 'variable',
  input: 'variable',
  block: 'function',
  parameter: 'parameter',
  grid: 'variable',
  head: 'variable',
  output: 'variable',
  mode: 'enumMember',
  index: 'parameter',
};

function ofOccurrence({ target, defines }: Occurrence): Pick<SemanticToken, 'type' | 'modifiers'> | null {
  switch (target.kind) {
    case 'name': {
      const { kind } = target.definition;
      const modifiers: SemanticModifier[] = defines ? ['declaration'] : [];
      return { type: ofDefinition[kind], modifiers: kind === 'param' ? [...modifiers, 'readonly'] : modifiers };
    }
    case 'operator':
    case 'function':
    case 'recipe':
      return { type: 'function', modifiers: ['defaultLibrary'] };
    case 'argument':
    case 'setting':
    case 'fact':
      return { type: 'property', modifiers: [] };
    case 'dimension':
      return { type: 'typeParameter', modifiers: [] };
    case 'type':
      return { type: 'type', modifiers: ['defaultLibrary'] };
    case 'word':
    case 'level':
      return { type: 'enumMember', modifiers: [] };
    case 'unknown':
      return null;
  }
}

const ofTokens: Readonly<Record<string, SemanticType>> = {
  Int: 'number',
  Float: 'number',
  Size: 'number',
  Text: 'string',
  PipeTo: 'operator',
};

/** What each word is, in the order of the text; none overlap, each lies within one line. */
export function semanticTokens({ text, tokens, names }: Analysis): SemanticToken[] {
  const out: SemanticToken[] = [];
  const taken = new Set<number>();
  for (const occurrence of names.occurrences) {
    const { start, end } = occurrence.span;
    const is = ofOccurrence(occurrence);
    if (is === null || taken.has(start.offset)) continue;
    taken.add(start.offset);
    out.push({ start: start.offset, end: end.offset, ...is });
  }
  let last = 0;
  for (const { start, end, type, text: word } of tokens) {
    comments(text, last, start, out);
    last = end;
    if (taken.has(start)) continue;
    const is = keywords.includes(word) ? 'keyword' : ofTokens[type];
    if (is) out.push({ start, end, type: is, modifiers: [] });
  }
  comments(text, last, text.length, out);
  return out.sort((a, b) => a.start - b.start);
}

/** The comments in a stretch between two tokens. */
function comments(text: string, from: number, to: number, out: SemanticToken[]): void {
  if (to - from < 2) return;
  for (const { index, 0: comment } of text.slice(from, to).matchAll(/\/\/[^\r\n]*|\/\*[\s\S]*?\*\//g)) {
    for (const line of comment.matchAll(/[^\r\n]+/g)) {
      const start = from + index + line.index;
      out.push({ start, end: start + line[0].length, type: 'comment', modifiers: [] });
    }
  }
}
