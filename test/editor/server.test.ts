import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver-protocol/node';
import type { DrawingAnswer } from '../../cli/lsp/drawing.js';
import { starter } from '../language/specs.js';
import { folder } from './vscode.js';

const home = mkdtempSync(join(tmpdir(), 'unetc-extension-'));
let server: ChildProcessWithoutNullStreams;

beforeAll(async () => {
  const script: string = join(folder, 'build.mjs');
  const { bundleServer } = (await import(script)) as { bundleServer(file: string): Promise<string[]> };
  await bundleServer(join(home, 'server.mjs'));
  server = spawn(process.execPath, [join(home, 'server.mjs'), '--stdio'], { cwd: home });
});
afterAll(() => rmSync(home, { recursive: true }));

it('the server of the extension is one file, and answers where nothing else is installed', async () => {
  expect(readdirSync(home)).toEqual(['server.mjs']);
  const client = createMessageConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  client.listen();
  await client.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
  await client.sendNotification('initialized', {});
  const textDocument = { uri: 'untitled:Untitled-1', languageId: 'unet', version: 1, text: starter };
  await client.sendNotification('textDocument/didOpen', { textDocument });
  const answer = await client.sendRequest<DrawingAnswer | null>('unetc/drawing', { textDocument });
  expect(answer?.drawing?.name).toBe('MyNet');
  await client.sendRequest('shutdown');
  const ended = new Promise((resolve) => server.once('exit', resolve));
  await client.sendNotification('exit');
  expect(await ended).toBe(0);
});
