import type { Diagnostic, Fix as Mending } from '../compiler/index.js';
import type { Analysis } from './analysis.js';
import type { Edit } from './navigate.js';

export interface Fix {
  /** As an order: `Replace with width`. */
  readonly title: string;
  readonly diagnostic: Diagnostic;
  readonly edits: readonly Edit[];
  /** Whether it is almost certainly what was meant. */
  readonly certain: boolean;
}

/** What can be done by itself about the diagnostics between two offsets. */
export function fixes({ text, analyzed }: Analysis, from: number, to: number): Fix[] {
  return analyzed.diagnostics
    .filter(({ span }) => span.file === undefined && span.start.offset <= to && span.end.offset >= from)
    .flatMap((diagnostic) => fixesOf(text, diagnostic));
}

/** The fixes of one diagnostic that change the text it was made for, and no imported one. */
export const fixesOf = (text: string, diagnostic: Diagnostic): Fix[] =>
  (diagnostic.fixes ?? [])
    .filter((fix) => fix.edits.every((e) => e.span.file === undefined))
    .map((fix) => ({
      title: fix.title.charAt(0).toUpperCase() + fix.title.slice(1),
      diagnostic,
      edits: fix.edits.map((e) => inText(text, e)),
      certain: fix.certain,
    }));

/** As offsets. What empties a line takes the line with it. */
function inText(text: string, { span, text: written }: Mending['edits'][number]): Edit {
  const start = span.start.offset;
  const end = span.end.offset;
  const begin = text.slice(0, start).search(/(?<=^|\n|\r)[ \t]*$/);
  const rest = /^[ \t]*(?:\r\n|\n|\r|$)/.exec(text.slice(end));
  if (written !== '' || start === end || begin < 0 || rest === null) return { start, end, text: written };
  return { start: begin, end: end + rest[0].length, text: '' };
}
