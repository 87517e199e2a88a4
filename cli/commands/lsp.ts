import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import type { Io, Outcome } from '../io.js';
import { serve } from '../lsp/server.js';

/**
 * `unetc lsp`: a language server on stdin and stdout. It ends when the editor says so, when stdin closes, and within seconds of the
 * end of the process that `initialize` named: the connection sees to that, given the streams themselves.
 */
export async function lsp({ importRoots = [] }: Pick<Io, 'importRoots'> = {}): Promise<Outcome> {
  const { stdin, stdout } = process;
  serve(createConnection(ProposedFeatures.all, stdin, stdout), importRoots);
  await new Promise<void>((resolve) => stdin.once('close', resolve));
  return { json: null, text: '' };
}
