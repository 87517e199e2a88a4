import type { Diagnostic, Report } from '../../grammar/diagnostic.js';

/** The spec's own in the order of its text, then those of each imported file, in the order of `files`. */
export function inOrder(diagnostics: readonly Diagnostic[], files: readonly string[] = []): Diagnostic[] {
  const place = new Map(files.map((file, k) => [file, k]));
  const fileOf = ({ span }: Diagnostic): number =>
    span.file === undefined ? -1 : (place.get(span.file) ?? files.length);
  return [...diagnostics].sort((a, b) => fileOf(a) - fileOf(b) || a.span.start.offset - b.span.start.offset);
}

/** A report that keeps one diagnostic for each kind of mistake and place. */
export interface Collector extends Report {
  /** While muted nothing is kept: for attempts whose failure is no mistake. */
  muted: boolean;
  readonly errors: number;
  /** Whether a diagnostic of this kind is already kept for this very place. */
  has(code: string, span: Diagnostic['span']): boolean;
  /** In the order of the text; of those at one place, in the order they were added. */
  list(): Diagnostic[];
}

/**
 * A rule of a grid is evaluated once for each of its cells, so the same mistake comes up again and again:
 * the first diagnostic of a kind at a place is kept, later ones are dropped.
 */
export function collect(): Collector {
  const kept = new Map<string, Diagnostic>();
  let errors = 0;
  const key = (code: string, span: Diagnostic['span']): string =>
    `${code}@${span.file ?? ''}:${span.start.offset}-${span.end.offset}`;
  return {
    muted: false,
    get errors() {
      return errors;
    },
    add(diagnostic) {
      const k = key(diagnostic.code, diagnostic.span);
      if (this.muted || kept.has(k)) return;
      kept.set(k, diagnostic);
      if (diagnostic.severity === 'error') errors++;
    },
    has: (code, span) => kept.has(key(code, span)),
    list: () => inOrder([...kept.values()]),
  };
}
