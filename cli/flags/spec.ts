import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { renderDiagnostic } from '../../compiler/diagnostics/index.js';
import {
  type Diagnostic,
  fromFiles,
  type ImportedFile,
  type Loaded,
  load,
  type Network,
  type Resolve,
} from '../../compiler/index.js';
import { openRun, runFiles } from '../../runtime/run/run-folder.js';
import { failedWith, fileFailure } from '../../runtime/support/files/failure.js';
import { UserError } from '../../runtime/support/user-error.js';
import { Reported } from '../errors.js';
import type { Io } from '../io.js';
import { linksFor } from '../render/links.js';

/** Larger than any spec by orders of magnitude: whoever passes one has named the wrong file. */
export const largestSpec = 4 * 1024 * 1024;

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
    if (info.size > largestSpec) {
      throw new UserError(
        'not-a-spec',
        `${file} has ${info.size} bytes; a spec has at most ${largestSpec}`,
        'name a .unet file',
      );
    }
    const text = await readFile(file, 'utf8');
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

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some((d) => d.severity === 'error');

/** Where a path that a spec imports is on this machine; null for the standard library's. */
export function placeOf(spec: string, path: string): string | null {
  if (path.startsWith('std:')) return null;
  return isAbsolute(path) ? path : join(dirname(spec), path);
}

/** Gives the compiler the files that a spec imports; `UserError` for one that is there but can't be read. */
export function filesOf(spec: string): Resolve {
  return (path) => {
    const file = placeOf(spec, path);
    if (file === null) return null;
    try {
      const info = statSync(file);
      if (info.isDirectory()) return null;
      if (info.size > largestSpec) {
        throw new UserError(
          'not-a-spec',
          `${file} has ${info.size} bytes; a spec has at most ${largestSpec}`,
          `${spec} imports it: name a .unet file there`,
        );
      }
      return readFileSync(file, 'utf8');
    } catch (error) {
      if (error instanceof UserError) throw error;
      if (failedWith(error, 'ENOENT') || failedWith(error, 'ENOTDIR')) return null;
      throw fileFailure('read', file, error);
    }
  };
}

/** Compiles a spec's text with the files it imports, and prints what the compiler has to say. */
export function compile(file: string, text: string, set: Readonly<Record<string, string>>, io: Io): Loaded {
  const loaded = load(text, { set, file, resolve: filesOf(file) });
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
