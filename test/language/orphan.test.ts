import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';

// The server as an editor starts it; it needs the build, as the launcher's tests do.
const launcher = join(import.meta.dirname, '../../cli/unetc.mjs');
const running: ChildProcess[] = [];

function start(): { server: ChildProcess; client: MessageConnection } {
  const server = spawn(process.execPath, [launcher, 'lsp'], { stdio: ['pipe', 'pipe', 'ignore'] });
  running.push(server);
  const client = createMessageConnection(
    new StreamMessageReader(server.stdout as NonNullable<typeof server.stdout>),
    new StreamMessageWriter(server.stdin as NonNullable<typeof server.stdin>),
  );
  client.onError(() => undefined);
  client.listen();
  return { server, client };
}

const initialize = (client: MessageConnection, processId: number | null): Promise<unknown> =>
  client.sendRequest('initialize', { processId, rootUri: null, capabilities: {} });

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

describe('a language server whose editor is gone', () => {
  it.each([null, process.pid])('ends when stdin closes, whatever process the editor named: %s', async (processId) => {
    const { server, client } = start();
    await initialize(client, processId);
    server.stdin?.end();
    expect((await once(server, 'exit'))[0]).toBe(1);
  });

  it('ends before any message, too', async () => {
    const { server } = start();
    server.stdin?.end();
    expect((await once(server, 'exit'))[0]).toBe(1);
  });

  it('ends well after a shutdown without exit', async () => {
    const { server, client } = start();
    await initialize(client, process.pid);
    await client.sendRequest('shutdown');
    server.stdin?.end();
    expect((await once(server, 'exit'))[0]).toBe(0);
  });

  it('ends when the process that it was told of is gone, though stdin stays open', async () => {
    const editor = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    running.push(editor);
    const { server, client } = start();
    await initialize(client, editor.pid as number);
    editor.kill('SIGKILL');
    expect((await once(server, 'exit'))[0]).toBe(1);
  });
});

describe('a spec in an editor', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'unetc-lsp-'));
    symlinkSync('/etc/passwd', join(folder, 'link.unet'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['/dev/zero', '/dev/tty', '/etc/passwd', 'link.unet'])('does not import %s', async (path) => {
    const { client } = start();
    const published = new Promise<string>((resolve) =>
      client.onNotification('textDocument/publishDiagnostics', (p) => resolve(JSON.stringify(p))),
    );
    await initialize(client, process.pid);
    await client.sendNotification('textDocument/didOpen', {
      textDocument: {
        uri: pathToFileURL(join(folder, 'a.unet')).href,
        languageId: 'unet',
        version: 1,
        text: `import "${path}"\nnetwork A {}`,
      },
    });
    expect(await published).toContain('import-refused');
    expect(await published).not.toContain('root:x');
  });
});
