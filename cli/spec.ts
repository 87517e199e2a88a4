import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { renderDiagnostic } from '../compiler/diagnostics/index.js';
import { type Diagnostic, fromFiles, type ImportedFile, type Loaded, load, type Network } from '../compiler/index.js';
import { failedWith, fileFailure } from '../runtime/files/failure.js';
import { importsOf, largestSpec, placeOf } from '../runtime/files/imported.js';
import { UserError } from '../runtime/user-error.js';
import { Reported } from './errors.js';
import type { Io } from './io.js';
import { linksFor } from './render/links.js';

/** A spec whose network is right. */
export interface GoodSpec extends Loaded {
  readonly file: string;
  readonly text: string;
  readonly network: Network;
}

/** The text of a spec; `UserError` if the file can't be read, or can't be a spec. */
export async function readSpec(file: string): Promise<string> {
  try {
    const info = await stat(file);
    if (info.isDirectory())
      throw new UserError('not-a-spec', `${file} is a folder, not a .unet file`, 'name the file itself');
    const text = (await readWhole(file))?.toString('utf8');
    if (text === undefined) {
      throw new UserError('not-a-spec', `${file} is larger than ${largestSpec} bytes`, 'name a .unet file');
    }
    if (text.includes('\0')) throw new UserError('not-a-spec', `${file} is not a text file`, 'name a .unet file');
    return text;
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (failedWith(error, 'ENOENT')) {
      throw new UserError('no-file', `there is no file ${file}`, "'unetc init' writes a spec to start from");
    }
    throw fileFailure('read', file, error);
  }
}

/** Null beyond a spec's size. A device or a pipe is read too, since the user named it, but no further than that. */
async function readWhole(file: string): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  for await (const part of createReadStream(file, { end: largestSpec })) parts.push(part);
  const bytes = Buffer.concat(parts);
  return bytes.length > largestSpec ? null : bytes;
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
  // What `check` has no use for, and which brings Node's cryptography along.
  const { openRun, runFiles } = await import('../runtime/run-folder.js');
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
