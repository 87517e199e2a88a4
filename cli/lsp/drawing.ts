import type { Range } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { type Analysis, type Drawing, drawing, undrawable } from '../../language/index.js';
import { diagnosticOf, spanRange } from './convert.js';

/** What `unetc/drawing` answers. */
export interface DrawingAnswer {
  /** Of the text that was drawn. */
  readonly version: number;
  /** Null while there is no network to draw. */
  readonly drawing:
    | (Omit<Drawing, 'places'> & {
        /** Where the text says what a box is. */
        readonly places: Readonly<Record<string, Range>>;
      })
    | null;
  /** The first mistake, and how many there are; null if there is none. */
  readonly problem: { readonly message: string; readonly range: Range; readonly count: number } | null;
}

export function answerDrawing(document: TextDocument, analysis: Analysis): DrawingAnswer {
  const drawn = drawing(analysis);
  const places = [...(drawn?.places ?? [])].map(([id, span]) => [id, spanRange(document, span)] as const);
  return {
    version: document.version,
    drawing: drawn && { ...drawn, places: Object.fromEntries(places) },
    problem: problemOf(document, analysis),
  };
}

function problemOf(document: TextDocument, analysis: Analysis): DrawingAnswer['problem'] {
  const errors = analysis.analyzed.diagnostics.filter((d) => d.severity === 'error');
  const [first] = errors;
  if (first === undefined) {
    const start = { line: 0, character: 0 };
    const reason = undrawable(analysis);
    if (reason === null) return null;
    return { message: `the network is not drawn: ${reason}`, range: { start, end: start }, count: 1 };
  }
  const { message, range } = diagnosticOf(document, analysis, first, undefined);
  return { message: typeof message === 'string' ? message : message.value, range, count: errors.length };
}
