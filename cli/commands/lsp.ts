import {
  createConnection,
  ProposedFeatures,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import type { Outcome } from '../io.js';
import { serve } from '../lsp/server.js';

/** `unetc lsp`: a language server on stdin and stdout, until the editor ends it. */
export async function lsp(): Promise<Outcome> {
  const { stdin, stdout } = process;
  const connection = createConnection(
    ProposedFeatures.all,
    new StreamMessageReader(stdin),
    new StreamMessageWriter(stdout),
  );
  serve(connection);
  await new Promise<void>((resolve) => stdin.once('close', resolve));
  return { json: null, text: '' };
}
