import type { Diagnostic } from '../../grammar/diagnostic.js';
import { UserError } from '../user-error.js';

/** A network, or a spec, that can't be built as asked: `diagnostics` says why and where. */
export class RefusedError extends UserError {
  constructor(
    code: string,
    message: string,
    readonly diagnostics: readonly Diagnostic[],
  ) {
    super(code, message);
  }
}

/** The files of a format. @throws RefusedError where the format can't say the network */
export function formatFiles(
  files: ReadonlyMap<string, Uint8Array> | null,
  diagnostics: readonly Diagnostic[],
): ReadonlyMap<string, Uint8Array> {
  const first = diagnostics.find((d) => d.severity === 'error');
  if (files !== null && first === undefined) return files;
  throw new RefusedError(first?.code ?? 'format', first?.message ?? 'the format has no such operator', diagnostics);
}
