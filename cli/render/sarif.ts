import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Log, ReportingDescriptor, Result } from 'sarif';
import { explain, pageOf } from '../../compiler/diagnostics/explain.js';
import type { Diagnostic, ImportedFile, Severity, Span } from '../../compiler/index.js';
import { placeOf } from '../../runtime/support/files/imported.js';
import { version } from '../../runtime/support/version.js';

interface Checked {
  readonly file: string;
  readonly ok: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * What was found as one SARIF 2.1.0 log (OASIS, Static Analysis Results Interchange Format), for tools that show findings in
 * a code review. Rules are the kinds of mistakes found; columns count UTF-16 code units, as spans do.
 * @param importsOf the files that a spec imports: places in the standard library, which is no file, are told in the message
 */
export function sarifLog(reports: readonly Checked[], importsOf: (file: string) => readonly ImportedFile[]): Log {
  const codes = [...new Set(reports.flatMap((r) => r.diagnostics.map((d) => d.code)))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'unetc', semanticVersion: version(), rules: codes.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        invocations: [{ executionSuccessful: true, exitCode: reports.every((r) => r.ok) ? 0 : 1 }],
        results: reports.flatMap(({ file, diagnostics }) => {
          const known = new Set(importsOf(file).map((f) => f.path));
          return diagnostics.map((d) => resultOf(file, d, codes, known));
        }),
      },
    ],
  };
}

function ruleOf(id: string): ReportingDescriptor {
  const page = pageOf(id);
  if (page === undefined) return { id };
  return {
    id,
    shortDescription: { text: sentence(page.title) },
    fullDescription: { text: `${page.what} ${page.why}` },
    help: { text: explain(id) ?? page.fix },
    defaultConfiguration: { level: levelOf[page.severity] },
  };
}

const levelOf = { error: 'error', warning: 'warning', info: 'note' } as const satisfies Record<Severity, string>;
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function resultOf(file: string, d: Diagnostic, codes: readonly string[], known: ReadonlySet<string>): Result {
  // A place in the standard library is in no repository: what led there is shown instead, which a related place says.
  const isThere = (span: Span): boolean => span.file === undefined || (known.has(span.file) && !isLibrary(span.file));
  const at = [d.span, ...d.related.map((r) => r.span)].find(isThere) ?? d.span;
  const where = at === d.span ? '' : ` (${d.span.file}:${d.span.start.line}:${d.span.start.column})`;
  const related = d.related.filter((r) => isThere(r.span));
  const fixes = (d.fixes ?? []).filter((fix) => fix.edits.every((e) => isThere(e.span)));
  return {
    ruleId: d.code,
    ruleIndex: codes.indexOf(d.code),
    level: levelOf[d.severity],
    message: { text: [`${sentence(d.message).slice(0, -1)}${where}.`, ...d.hints.map(sentence)].join(' ') },
    locations: [{ physicalLocation: physical(file, at) }],
    ...(related.length === 0
      ? {}
      : {
          relatedLocations: related.map((r, id) => ({
            id,
            message: { text: sentence(r.message) },
            physicalLocation: physical(file, r.span),
          })),
        }),
    ...(fixes.length === 0
      ? {}
      : {
          fixes: fixes.map((fix) => ({
            description: { text: sentence(fix.title) },
            artifactChanges: [
              {
                artifactLocation: artifact(file, fix.edits[0]?.span ?? at),
                replacements: fix.edits.map((e) => ({
                  deletedRegion: region(e.span),
                  insertedContent: { text: e.text },
                })),
              },
            ],
          })),
        }),
  };
}

const isLibrary = (path: string): boolean => path.startsWith('std:');

const physical = (file: string, span: Span) => ({ artifactLocation: artifact(file, span), region: region(span) });

const region = ({ start, end }: Span) => ({
  startLine: start.line,
  startColumn: start.column,
  endLine: end.line,
  endColumn: end.column,
});

/** Relative paths stay relative, to the folder the command ran in: that of the repository, in a review. */
function artifact(file: string, span: Span): { readonly uri: string } {
  const path = span.file === undefined ? file : placeOf(file, span.file);
  if (path === null) return { uri: span.file ?? file };
  if (isAbsolute(path)) return { uri: pathToFileURL(path).href };
  const parts = path.replace(/^\.[\\/]/, '').split(/[\\/]/);
  return { uri: parts.map(encodeURIComponent).join('/') };
}
