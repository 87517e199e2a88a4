import type { Source } from '../source.js';
import { breaksIn } from './gaps.js';
import type { OutputLine, Piece, Statement } from './pieces.js';

export const width = 88;
/** Between statements on one line, and in front of a comment. */
const gap = '    ';
const blank: OutputLine = { text: '', apart: true };

export interface Surroundings {
  readonly source: Source;
  /** Where the pieces' lines begin. */
  readonly indentation: number;
  /** Offset behind the `{`. */
  readonly begin: number;
  /** Whether statements that stand on one line may stay there. */
  readonly inRows: boolean;
  /** Whether statements have a blank line between them in any case. */
  readonly airy: boolean;
}

/** Lays out the pieces between two braces, or of a file, a line each or more. */
export function layOut(pieces: readonly Piece[], around: Surroundings): OutputLine[] {
  const { indentation } = around;
  const source = around.source.text;
  const lines: OutputLine[] = [];
  const laidOut = statementLines(pieces, around);
  let end = around.begin;
  /** Where the line behind the last statement is, while no blank one stands there. */
  let seam: number | undefined;
  for (const [i, piece] of pieces.entries()) {
    if (lines.length > 0 && breaksIn(source, end, piece.start) > 1) {
      lines.push(blank);
      seam = undefined;
    }
    if (piece.end > end) end = piece.end;
    const written = source.slice(piece.start, piece.end);
    switch (piece.kind) {
      case 'behind': {
        const last = lines.pop()!;
        lines.push({ ...last, comment: last.comment === undefined ? written : `${last.comment} ${written}` });
        break;
      }
      case 'comment':
        lines.push({ text: ' '.repeat(indentation) + written.trimEnd() });
        break;
      case 'broken':
        lines.push({
          text: wholeLines(around.source.text, piece),
          apart: true,
          kept: around.source.span(piece.start, piece.end),
        });
        seam = undefined;
        break;
      default:
        if (around.airy && seam !== undefined && !(piece.kind === 'import' && pieces[i - 1]?.kind === 'import')) {
          lines.splice(seam, 0, blank);
        }
        // Not spread: there may be more than a call takes arguments.
        for (const line of laidOut[i]!) lines.push(line);
        seam = lines.length;
    }
  }
  return lines;
}

/** The text of a piece from the beginning of its first line to the end of its last. */
function wholeLines(source: string, { start, end }: Piece): string {
  let from = start;
  while (from > 0 && source[from - 1] !== '\n' && source[from - 1] !== '\r') from--;
  return source.slice(from, end);
}

/** The lines of each statement; none for one that stands in a row with the one in front of it. */
function statementLines(pieces: readonly Piece[], around: Surroundings): (readonly OutputLine[])[] {
  const all: (readonly OutputLine[])[] = pieces.map(() => []);
  let run: number[] = [];
  const finish = (): void => {
    const statements = run.map((i) => pieces[i]!.statement!);
    for (const [k, lines] of aligned(statements).entries()) all[run[k]!] = lines;
    run = [];
  };
  let end = around.begin;
  for (let i = 0; i < pieces.length; i++) {
    const { kind, statement, start } = pieces[i]!;
    if (breaksIn(around.source.text, end, start) > 1 || kind === 'broken') finish();
    end = pieces[i]!.end;
    if (statement === undefined) continue;
    const row = around.inRows ? rowFrom(pieces, i, around) : undefined;
    if (row !== undefined) {
      finish();
      all[i] = [row.line];
      i = row.last;
      end = pieces[i]!.end;
      continue;
    }
    if (statement.key === undefined || (run.length > 0 && pieces[run[0]!]!.statement!.key !== statement.key)) finish();
    run.push(i);
    if (statement.key === undefined) finish();
  }
  finish();
  return all;
}

/** The statements that stand on one line of the source, if there are several and they fit on one. */
function rowFrom(
  pieces: readonly Piece[],
  first: number,
  { source, indentation }: Surroundings,
): { line: OutputLine; last: number } | undefined {
  let last = first;
  for (; pieces[last + 1]?.kind === 'statement'; last++) {
    if (breaksIn(source.text, pieces[last]!.end, pieces[last + 1]!.start) > 0) break;
  }
  if (last === first) return undefined;
  const parts: string[] = [];
  for (const { statement } of pieces.slice(first, last + 1)) {
    const lines = statement!.layout(0);
    if (lines.length !== 1 || lines[0]!.comment !== undefined) return undefined;
    parts.push(lines[0]!.text.trimStart());
  }
  const text = ' '.repeat(indentation) + parts.join(gap);
  return text.length > width ? undefined : { line: { text }, last };
}

/** Lays out statements one under the other with their `=` aligned, unless one of them then takes more lines or width. */
function aligned(statements: readonly Statement[]): OutputLine[][] {
  const column = statements.reduce((most, statement) => Math.max(most, statement.width), 0);
  const wide = statements.map((statement) => statement.layout(column - statement.width));
  const suffers = (lines: readonly OutputLine[], i: number): boolean => {
    const statement = statements[i]!;
    // The value is on the next line.
    if (lines[0]!.text.endsWith('=')) return true;
    if (statement.width === column || (lines.length === 1 && widest(lines) <= width)) return false;
    const narrow = statement.layout(0);
    return lines.length > narrow.length || widest(lines) > Math.max(width, widest(narrow));
  };
  return wide.some(suffers) ? statements.map((statement) => statement.layout(0)) : wide;
}

const widest = (lines: readonly OutputLine[]): number =>
  lines.reduce((most, line) => Math.max(most, line.text.length), 0);

/** Puts the comments behind lines in a column, as far as nothing but comments stands between them. */
export function withComments(lines: readonly OutputLine[]): string[] {
  const texts: string[] = [];
  for (let from = 0; from < lines.length; ) {
    let to = from + 1;
    if (!lines[from]!.apart) while (to < lines.length && !lines[to]!.apart) to++;
    const run = lines.slice(from, to);
    const commented = run.filter((line) => line.comment !== undefined);
    const column = commented.reduce((most, line) => Math.max(most, lastWidth(line.text)), 0);
    for (const { text, comment } of run) {
      texts.push(comment === undefined ? text : `${text}${' '.repeat(column - lastWidth(text))}${gap}${comment}`);
    }
    from = to;
  }
  return texts;
}

const lastWidth = (text: string): number => text.length - 1 - Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r'));
