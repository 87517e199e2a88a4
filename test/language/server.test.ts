import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';
import { starter } from './specs.js';

// The server as an editor starts it; it needs the build, as the launcher's tests do.
const uri = 'file:///specs/starter.unet';
let server: ChildProcessWithoutNullStreams;
let client: MessageConnection;
const published: { version: number; diagnostics: { code: string; message: string; range: unknown }[] }[] = [];

beforeAll(async () => {
  server = spawn(process.execPath, [join(import.meta.dirname, '../../cli/unetc.mjs'), 'lsp', '--stdio']);
  client = createMessageConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  client.onNotification('textDocument/publishDiagnostics', (p) => {
    published.push(p);
  });
  client.listen();
  const { capabilities } = await client.sendRequest<{ capabilities: object }>('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: { textDocument: { completion: { completionItem: { snippetSupport: true } } } },
  });
  expect(capabilities).toMatchObject({ hoverProvider: true, inlayHintProvider: true, textDocumentSync: 2 });
  await client.sendNotification('initialized', {});
  await client.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'unet', version: 1, text: starter },
  });
});

afterAll(async () => {
  await client.sendRequest('shutdown');
  const ended = new Promise((resolve) => server.once('exit', resolve));
  await client.sendNotification('exit');
  expect(await ended).toBe(0);
});

const place = (word: string, text = starter) => {
  const before = text.slice(0, text.indexOf(word)).split('\n');
  return { line: before.length - 1, character: (before.at(-1) as string).length };
};
const ask = <T>(method: string, more: object = {}): Promise<T> =>
  client.sendRequest<T>(`textDocument/${method}`, { textDocument: { uri }, ...more });
const diagnosticsOf = async (version: number) => {
  for (let k = 0; k < 200 && !published.some((p) => p.version === version); k++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return published.find((p) => p.version === version)?.diagnostics;
};

describe('unetc lsp', () => {
  it('answers what an editor asks', async () => {
    const hover = await ask<{ contents: { value: string } }>('hover', { position: place('X[i, 0] =') });
    expect(hover.contents.value).toContain('`X[1,0]` | `[32, H/2, W/2]` | 14,016');
    const items = await ask<{ label: string }[]>('completion', { position: place('kernel: 3') });
    expect(items.map((i) => i.label)).toEqual(expect.arrayContaining(['kernel', 'dilation', 'width', 'Conv2']));
    const at = await ask<{ range: { start: object } }>('definition', { position: place('depth - i') });
    expect(at.range.start).toEqual({ line: 7, character: 6 });
    const context = { includeDeclaration: true };
    expect(await ask<unknown[]>('references', { position: place('depth - i'), context })).toHaveLength(4);
    const symbols = await ask<{ name: string; children: { name: string }[] }[]>('documentSymbol');
    expect(symbols.map((s) => s.name)).toEqual(['MyNet', 'train']);
    const help = await ask<{ activeParameter: number }>('signatureHelp', { position: place('kernel: 3') });
    expect(help.activeParameter).toBe(2);
    const range = { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } };
    const hints = await ask<{ label: string }[]>('inlayHint', { range });
    expect(hints.map((h) => h.label)).toContain('[16, H, W]');
    const { data } = await ask<{ data: number[] }>('semanticTokens/full');
    expect(data.length % 5).toBe(0);
    expect(data.length).toBeGreaterThan(500);
    expect((await ask<unknown[]>('foldingRange')).length).toBeGreaterThan(3);
    const picture = await client.sendRequest<{ text: string }>('unetc/picture', { textDocument: { uri } });
    expect(picture.text).toMatch(/^<svg/);
  });

  it('draws the network, says where each node is written, and what is wrong', async () => {
    const [id, line] = ['X[0,1]', place('X[i, j] =').line];
    type Answer = {
      version: number;
      drawing: { name: string; body: string; data: object; places: Record<string, { start: object }> } | null;
      problem: { message: string; range: object; count: number } | null;
    };
    const draw = () => client.sendRequest<Answer | null>('unetc/drawing', { textDocument: { uri } });
    const drawn = await draw();
    expect(drawn).toMatchObject({ version: 1, problem: null, drawing: { name: 'MyNet' } });
    expect(drawn?.drawing?.body).toContain(`data-box="${id}"`);
    expect(drawn?.drawing?.data).toMatchObject({ highest: 3, boxes: { [id]: { levels: [1, 2, 3] } } });
    expect(drawn?.drawing?.places[id]?.start).toEqual({ line, character: 4 });
    const start = place('maxpool');
    const range = { start, end: { line: start.line, character: start.character + 7 } };
    const broken = 'file:///specs/broken.unet';
    const text = starter.replace('maxpool', 'maxpol_');
    await client.sendNotification('textDocument/didOpen', {
      textDocument: { uri: broken, languageId: 'unet', version: 7, text },
    });
    expect(await client.sendRequest('unetc/drawing', { textDocument: { uri: broken } })).toMatchObject({
      version: 7,
      drawing: null,
      problem: { range, count: 1, message: expect.stringContaining('maxpool') },
    });
    await client.sendNotification('textDocument/didClose', { textDocument: { uri: broken } });
    expect(await client.sendRequest('unetc/drawing', { textDocument: { uri: broken } })).toBeNull();
  });

  it('refuses a rename that would clash, with the reason', async () => {
    const position = place('depth - i');
    await expect(ask('rename', { position, newName: 'width' })).rejects.toThrow('width');
    const done = await ask<{ changes: Record<string, unknown[]> }>('rename', { position, newName: 'rows' });
    expect(done.changes[uri]).toHaveLength(4);
  });

  it('publishes mistakes as they are typed, and offers what was meant', async () => {
    expect(await diagnosticsOf(1)).toEqual([]);
    const start = place('width[0])');
    const range = { start, end: { line: start.line, character: start.character + 5 } };
    await client.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ range, text: 'widht' }],
    });
    const diagnostics = await diagnosticsOf(2);
    expect(diagnostics).toMatchObject([
      { code: 'unknown-name', range, message: expect.stringContaining('did you mean width') },
    ]);
    const actions = await ask<{ title: string }[]>('codeAction', { range, context: { diagnostics } });
    expect(actions.map((a) => a.title)).toEqual(['Replace with width']);
  });

  it('formats, and leaves lines with mistakes as they are', async () => {
    const options = { tabSize: 2, insertSpaces: true };
    expect(await ask<unknown[]>('formatting', { options })).toEqual([]);
    const first = place('let depth');
    const range = { start: { line: first.line, character: 0 }, end: first };
    await client.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 3 },
      contentChanges: [{ range, text: '        ' }],
    });
    const [edit] = await ask<{ newText: string }[]>('formatting', { options });
    expect(edit?.newText).toContain('\n  let depth');
    expect(edit?.newText).not.toContain('        let depth');
  });
});
