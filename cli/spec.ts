import { readFile, stat } from 'node:fs/promises';
import { renderDiagnostic } from '../compiler/diagnostics/index.js';
import { type Diagnostic, type Loaded, load, type Network } from '../compiler/index.js';
import { failedWith, fileFailure } from '../runtime/files/failure.js';
import { UserError } from '../runtime/user-error.js';
import { Reported } from './errors.js';
import type { Io } from './io.js';

/** Larger than any spec by orders of magnitude: whoever passes one has named the wrong file. */
const largestSpec = 4 * 1024 * 1024;

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

/** Prints every diagnostic to `err`; one that names no way out points to its page. */
export function printDiagnostics(io: Io, file: string, text: string, diagnostics: readonly Diagnostic[]): void {
  for (const d of diagnostics) {
    const hints = d.hints.length > 0 ? d.hints : [`'unetc explain ${d.code}' says more`];
    io.err(`${renderDiagnostic({ ...d, hints }, { file, text, color: io.color })}\n\n`);
  }
}

/** What `--json` says of one checked file. */
export const fileReport = (file: string, diagnostics: readonly Diagnostic[]) => ({
  file,
  ok: !hasErrors(diagnostics),
  diagnostics,
});

/** Reads and compiles a spec, prints what the compiler has to say; throws `Reported` if the network is wrong. */
export async function loadSpec(file: string, set: Readonly<Record<string, string>>, io: Io): Promise<GoodSpec> {
  const text = await readSpec(file);
  const loaded = load(text, { set });
  printDiagnostics(io, file, text, loaded.diagnostics);
  if (loaded.network === null || hasErrors(loaded.diagnostics)) {
    throw new Reported({ ok: false, files: [fileReport(file, loaded.diagnostics)] });
  }
  return { ...loaded, file, text, network: loaded.network };
}
