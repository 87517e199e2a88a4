import type { Diagnostic, ImportedFile } from '../../compiler/index.js';
import type { Fix } from '../../language/index.js';
import { readSpec } from '../../runtime/run/load-file.js';
import { writeAtomic } from '../../runtime/support/files/atomic.js';
import { importsOf } from '../../runtime/support/files/imported.js';
import { UsageError } from '../errors.js';
import { parseSettings } from '../flags/options.js';
import { compile, fileReport, printDiagnostics } from '../flags/spec.js';
import type { Io, Outcome } from '../io.js';
import { styleFor } from '../render/style.js';

export interface CheckOptions {
  readonly set?: string[];
  readonly fix?: boolean;
  readonly format?: string;
}

/** `unetc check FILE...`: every spec is checked, whatever is wrong with the one before; a file that can't be read ends it. */
export async function check(files: readonly string[], options: CheckOptions, io: Io): Promise<Outcome> {
  const set = parseSettings(options.set);
  const { format = 'text' } = options;
  if (format !== 'text' && format !== 'sarif')
    throw new UsageError(`there is no format ${format}`, 'use text or sarif; --json is a flag of its own');
  const reports: (ReturnType<typeof fileReport> & { readonly fixed?: ReturnType<typeof fixReport>[] })[] = [];
  const lines = [];
  const imports = new Map<string, readonly ImportedFile[]>();
  for (const file of files) {
    const text = await readSpec(file);
    const fixing = options.fix ? await mended(file, text, set, io) : null;
    const { diagnostics, imports: read } = fixing?.analyzed ?? compile(file, text, set, io);
    const fixed = fixing?.fixed ?? null;
    imports.set(file, read);
    const report = fileReport(file, diagnostics);
    reports.push(fixed === null ? report : { ...report, fixed: fixed.map(fixReport) });
    const errors = diagnostics.filter((d) => d.severity === 'error').length;
    const done = fixed?.length ? `, ${fixed.length} fixed` : '';
    const state = report.ok ? `ok${countOf(diagnostics.length, 'warning')}` : countOf(errors, 'error').slice(2);
    lines.push(`${file}: ${state}${done}`);
  }
  const ok = reports.every((r) => r.ok);
  const exit = ok ? 0 : 1;
  if (format === 'text') return { json: { ok, files: reports }, text: lines.join('\n'), exit };
  const { sarifLog } = await import('../render/sarif.js');
  const log = sarifLog(reports, (file) => imports.get(file) ?? []);
  return { json: log, text: JSON.stringify(log, null, 2), exit };
}

/** Makes the certain fixes of a spec, says which, and prints what the compiler has to say then. */
async function mended(file: string, text: string, set: Readonly<Record<string, string>>, io: Io) {
  const { mend } = await import('../../language/mend.js');
  const { text: now, analyzed, fixed } = mend(text, { set, file, resolve: importsOf(file, { roots: io.importRoots }) });
  if (now !== text) await writeAtomic(file, now);
  const { green } = styleFor(io.color);
  for (const { title, diagnostic } of fixed) {
    const { code, message, span } = diagnostic;
    const order = title.charAt(0).toLowerCase() + title.slice(1);
    io.err(`${file}:${span.start.line}:${span.start.column}: ${green(`fixed[${code}]`)}: ${message}: ${order}\n`);
  }
  if (fixed.length > 0 && analyzed.diagnostics.length > 0) io.err('\n');
  printDiagnostics(io, file, now, analyzed);
  return { analyzed, fixed };
}

/** Places are those of the text before the fix. */
const fixReport = ({
  title,
  diagnostic: { code, message, span },
}: Fix): Pick<Diagnostic, 'code' | 'message' | 'span'> & {
  readonly fix: string;
} => ({ code, message, span, fix: title });

const countOf = (n: number, what: string): string => (n === 0 ? '' : `, ${n} ${what}${n === 1 ? '' : 's'}`);
