import type { Diagnostic, Severity, Span } from '../../grammar/diagnostic.js';
import { type Style, styleFor } from './style.js';

/** Longest stretch of a source line that is shown. */
const window = 160;

/**
 * A diagnostic for people:
 *
 *     spec.unet:12:46: error[unknown-name]: no name widht is in reach here
 *        12 |     X[i, 0] = X[i-1, 0] |> maxpool(2) |> Conv2(widht[i])
 *           |                                                ^^^^^
 *           = did you mean width?
 */
export function renderDiagnostic(file: string, source: string, diagnostic: Diagnostic, color: boolean): string {
  const style = styleFor(color);
  const lines = source.split(/\r\n|\r|\n/);
  const { start } = diagnostic.span;
  const paint = paintFor(diagnostic.severity, style);
  const gutter = ' '.repeat(Math.max(4, String(start.line).length + 1));
  const text = [
    `${style.bold(`${file}:${start.line}:${start.column}`)}: ${paint(`${diagnostic.severity}[${diagnostic.code}]`)}: ${diagnostic.message}`,
    ...excerpt(lines, diagnostic.span, gutter, paint),
  ];
  for (const related of diagnostic.related) {
    text.push(`${gutter} = ${related.message} ${style.dim(`(${file}:${related.span.start.line}:${related.span.start.column})`)}`);
  }
  for (const hint of diagnostic.hints) text.push(`${gutter} = ${style.cyan('help')}: ${hint}`);
  return text.join('\n');
}

const paintFor = (severity: Severity, style: Style): ((s: string) => string) =>
  severity === 'error' ? style.red : severity === 'warning' ? style.yellow : style.cyan;

function excerpt(lines: readonly string[], span: Span, gutter: string, paint: (s: string) => string): string[] {
  const line = lines[span.start.line - 1];
  if (line === undefined) return [];
  const from = span.start.column - 1;
  const to = span.end.line === span.start.line ? span.end.column - 1 : line.length;
  // A line longer than the window is cut around the place.
  const first = from > window - 20 ? from - 20 : 0;
  const shown = line.slice(first, first + window);
  const marks = Math.max(1, Math.min(to - from, first + window - from));
  const lead = shown.slice(0, from - first).replace(/[^\t]/g, ' ');
  return [
    `${String(span.start.line).padStart(gutter.length)} | ${shown}`,
    `${gutter} | ${lead}${paint('^'.repeat(marks))}`,
  ];
}
