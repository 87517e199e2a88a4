import type { Io, Outcome } from '../io.js';
import { parseSettings } from '../options.js';
import { compile, fileReport, readSpec } from '../spec.js';

/** `unetc check FILE...`: every spec is checked, whatever is wrong with the one before; a file that can't be read ends it. */
export async function check(files: readonly string[], options: { set?: string[] }, io: Io): Promise<Outcome> {
  const set = parseSettings(options.set);
  const reports = [];
  const lines = [];
  for (const file of files) {
    const text = await readSpec(file);
    const { diagnostics } = compile(file, text, set, io);
    const report = fileReport(file, diagnostics);
    reports.push(report);
    const errors = diagnostics.filter((d) => d.severity === 'error').length;
    lines.push(
      report.ok ? `${file}: ok${warningsOf(diagnostics.length)}` : `${file}: ${errors} error${errors === 1 ? '' : 's'}`,
    );
  }
  const ok = reports.every((r) => r.ok);
  return { json: { ok, files: reports }, text: lines.join('\n'), exit: ok ? 0 : 1 };
}

const warningsOf = (n: number): string => (n === 0 ? '' : `, ${n} warning${n === 1 ? '' : 's'}`);
