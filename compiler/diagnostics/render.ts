import type { Diagnostic, Severity, Span } from '../../grammar/diagnostic.js';
import { visible, visibleLine } from '../../grammar/visible.js';

export interface RenderOptions {
  /** The file's name as it is to be shown. */
  readonly file: string;
  /** Its text: the text that the spans are of. */
  readonly text: string;
  /** The texts of imported files by their paths, with the names they are to be shown by; a span in no file known is shown without text. */
  readonly imports?: ReadonlyMap<string, { readonly name: string; readonly text: string }>;
  /** Whether to use ANSI colours. */
  readonly color: boolean;
  /** Where places and codes lead to, for a terminal that shows links (OSC 8); undefined: nowhere. */
  readonly links?: {
    readonly place: (span: Span) => string | undefined;
    readonly page: (code: string) => string | undefined;
  };
}

/** Longest stretch of a source line that is shown, in characters. */
const width = 120;

/**
 * A diagnostic for people, without a line break at the end:
 *
 *     nested.unet:12:46: error[unknown-name]: nothing is named widht here
 *        12 |     X[i, 0] = X[i-1, 0] |> maxpool(2) |> Conv2(widht[i])
 *           |                                                ^^^^^
 *           = help: did you mean width
 */
export function renderDiagnostic(diagnostic: Diagnostic, { file, text, imports, color, links }: RenderOptions): string {
  const paint = (style: keyof typeof ansi, s: string): string => (color ? `\u001b[${ansi[style]}m${s}\u001b[0m` : s);
  const linesOf = (span: Span): string[] =>
    (span.file === undefined ? text : (imports?.get(span.file)?.text ?? '')).split(/\r\n|\r|\n/);
  const nameOf = (span: Span): string =>
    span.file === undefined ? file : (imports?.get(span.file)?.name ?? span.file);
  const tone = tones[diagnostic.severity];
  const at = (span: Span): string =>
    linked(`${visibleLine(nameOf(span))}:${span.start.line}:${span.start.column}`, links?.place(span));
  const digits = Math.max(5, ...[diagnostic, ...diagnostic.related].map((d) => String(d.span.start.line).length + 1));
  const gutter = ' '.repeat(digits);

  const excerpt = (span: Span, mark: string, style: keyof typeof ansi): string[] => {
    const line = linesOf(span)[span.start.line - 1];
    if (line === undefined) return [];
    const cut = cutOut(line, span);
    return [
      `${String(span.start.line).padStart(digits)} | ${visible(cut.shown)}`,
      `${gutter} | ${cut.lead}${paint(style, mark.repeat(cut.marks))}`,
    ];
  };

  const out = [
    `${paint('bold', at(diagnostic.span))}: ${paint(tone, `${diagnostic.severity}[${linked(diagnostic.code, links?.page(diagnostic.code))}]`)}: ${visibleLine(diagnostic.message)}`,
    ...excerpt(diagnostic.span, '^', tone),
  ];
  for (const related of diagnostic.related) {
    out.push(`${gutter} = ${visibleLine(related.message)} (${at(related.span)})`);
    const elsewhere =
      related.span.file !== diagnostic.span.file || related.span.start.line !== diagnostic.span.start.line;
    if (elsewhere) out.push(...excerpt(related.span, '-', 'cyan'));
  }
  for (const hint of diagnostic.hints) out.push(`${gutter} = ${paint('cyan', 'help')}: ${visibleLine(hint)}`);
  return out.join('\n');
}

/** A terminal's hyperlink: OSC 8, ended by ST. */
const linked = (shown: string, address: string | undefined): string =>
  address === undefined ? shown : `\u001b]8;;${visibleLine(address)}\u001b\\${shown}\u001b]8;;\u001b\\`;

const ansi = { bold: '1', red: '31', yellow: '33', cyan: '36' } as const;
const tones = { error: 'red', warning: 'yellow', info: 'cyan' } as const satisfies Record<Severity, keyof typeof ansi>;

/** The part of a line to show, what goes before the marks (tabs kept, so that they line up), and how many marks. */
function cutOut(line: string, span: Span): { shown: string; lead: string; marks: number } {
  const from = Math.min(span.start.column - 1, line.length);
  const to = span.end.line === span.start.line ? Math.min(span.end.column - 1, line.length) : line.length;
  const first = from > width - 20 ? from - 20 : 0;
  const shown = line.slice(first, first + width);
  const lead = line.slice(first, from).replace(/[^\t]/g, ' ');
  return { shown, lead, marks: Math.max(1, Math.min(to, first + width) - from) };
}
