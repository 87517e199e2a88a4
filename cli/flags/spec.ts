import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { renderDiagnostic } from '../../compiler/diagnostics/index.js';
import {
  type Diagnostic,
  fromFiles,
  type ImportedFile,
  type Loaded,
  load,
  type Network,
} from '../../compiler/index.js';
import { readSpec } from '../../runtime/run/load-file.js';
import { importsOf, placeOf } from '../../runtime/support/files/imported.js';
import { Reported } from '../errors.js';
import type { Io } from '../io.js';
import { linksFor } from '../render/links.js';

/** A spec whose network is right. */
export interface GoodSpec extends Loaded {
  readonly file: string;
  readonly text: string;
  readonly network: Network;
}

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some((d) => d.severity === 'error');

/** Compiles a spec's text with the files it imports, and prints what the compiler has to say. */
export function compile(file: string, text: string, set: Readonly<Record<string, string>>, io: Io): Loaded {
  const loaded = load(text, { set, file, resolve: importsOf(file, { roots: io.importRoots }) });
  printDiagnostics(io, file, text, loaded);
  return loaded;
}

/** Prints every diagnostic to `err`; one that names no way out points to its page. */
export function printDiagnostics(
  io: Io,
  file: string,
  text: string,
  { diagnostics, imports }: { readonly diagnostics: readonly Diagnostic[]; readonly imports: readonly ImportedFile[] },
): void {
  const texts = new Map(imports.map((f) => [f.path, { name: placeOf(file, f.path) ?? f.path, text: f.text }]));
  for (const d of diagnostics) {
    const hints = d.hints.length > 0 ? d.hints : [`'unetc explain ${d.code}' says more`];
    const links = io.links
      ? linksFor((span) => (span.file === undefined ? file : placeOf(file, span.file)))
      : undefined;
    io.err(`${renderDiagnostic({ ...d, hints }, { file, text, imports: texts, color: io.color, links })}\n\n`);
  }
}

/** What `--json` says of one checked file. */
export const fileReport = (file: string, diagnostics: readonly Diagnostic[]) => ({
  file,
  ok: !hasErrors(diagnostics),
  diagnostics,
});

/** Whether a path is a folder: a run, where a spec's file would do too. */
export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );

/** The spec that a run was trained with, and the files it imported then; throws `Reported` if the network is wrong. */
export async function loadRunSpec(folder: string, set: Readonly<Record<string, string>>, io: Io): Promise<GoodSpec> {
  // Runs are read by schemas, which `check` need not load.
  const { openRun, runFiles } = await import('../../runtime/run/run-folder.js');
  const { specText: text, imports } = await openRun(folder);
  const file = join(folder, runFiles.spec);
  const loaded = load(text, { set, file, resolve: fromFiles(imports) });
  printDiagnostics(io, file, text, loaded);
  return good(file, text, loaded);
}

/** Reads and compiles a spec, prints what the compiler has to say; throws `Reported` if the network is wrong. */
export async function loadSpec(file: string, set: Readonly<Record<string, string>>, io: Io): Promise<GoodSpec> {
  const text = await readSpec(file);
  const loaded = compile(file, text, set, io);
  return good(file, text, loaded);
}

function good(file: string, text: string, loaded: Loaded): GoodSpec {
  if (loaded.network === null || hasErrors(loaded.diagnostics)) {
    throw new Reported({ ok: false, files: [fileReport(file, loaded.diagnostics)] });
  }
  return { ...loaded, file, text, network: loaded.network };
}
