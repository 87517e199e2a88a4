import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { programOf } from '../../editor/vscode/client/program.js';
import { keywords } from '../../grammar/index.js';
import { starter } from '../language/specs.js';
import { Editor, folder, manifest, settled } from './vscode.js';

const read = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8'));
const opened = async (text = starter) => {
  const editor = new Editor(text);
  await editor.activate();
  editor.commands.get('unetc.showNetwork')?.();
  const panel = editor.panels[0] as (typeof editor.panels)[number];
  await settled();
  panel.say({ type: 'ready' });
  return { editor, panel };
};
const last = ({ told }: Editor['panels'][number], type = 'drawing') => told.findLast((m) => m.type === type);

describe("the extension's package.json", () => {
  it('declares the commands, panels and settings that the code registers and reads, and no others', async () => {
    const { editor } = await opened();
    const { commands, configuration, menus } = manifest.contributes;
    const declared = commands.map((c: { command: string }) => c.command);
    expect([...editor.commands.keys()].sort()).toEqual(declared.sort());
    for (const entry of Object.values(menus).flat()) expect(declared).toContain((entry as { command: string }).command);
    expect([...editor.serializers.keys()].map((type) => `onWebviewPanel:${type}`)).toEqual(manifest.activationEvents);
    // That one the client's library reads, by the name the client has.
    const traced = `${editor.clients[0]?.id}.trace.server`;
    expect([...editor.asked, traced].sort()).toEqual(Object.keys(configuration.properties).sort());
    expect(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations).toEqual(['unetc.path']);
  });

  it('has the version of unetc, and packs what there is or what the build makes', () => {
    expect(manifest.version).toBe(read('../../package.json').version);
    const build = readFileSync(join(folder, 'build.mjs'), 'utf8');
    for (const file of manifest.files as string[])
      expect(build.includes(`'${file}'`) || existsSync(join(folder, file)), file).toBe(true);
    const [language] = manifest.contributes.languages;
    expect(read(language.configuration).comments.lineComment).toBe('//');
    const locked = read('package-lock.json').packages[''];
    expect(locked.devDependencies).toEqual(manifest.devDependencies);
  });

  it('has the grammar that other editors can use, which knows every keyword', () => {
    const [grammar] = manifest.contributes.grammars;
    const textMate = read('../unet.tmLanguage.json');
    expect(textMate.scopeName).toBe(grammar.scopeName);
    const colours = (word: string): string[] =>
      textMate.patterns.flatMap((p: { name?: string; match?: string; captures?: Record<string, { name: string }> }) =>
        p.match && new RegExp(p.match).test(word) ? [p.name ?? p.captures?.[1]?.name] : [],
      );
    for (const word of keywords) expect(colours(`${word} a`)[0], word).toMatch(/^(keyword|constant)\./);
    expect(colours('width')).toEqual([]);
  });
});

describe('the server', () => {
  it('is the one that comes along, a script, or a command', () => {
    const bundled = '/ext/dist/server.mjs';
    expect(programOf(' ', bundled, 'linux')).toEqual({ kind: 'script', file: bundled, args: [] });
    expect(programOf('/a/cli/unetc.mjs', bundled, 'win32')).toEqual({
      kind: 'script',
      file: '/a/cli/unetc.mjs',
      args: ['lsp'],
    });
    const command = { kind: 'command', command: 'unetc', args: ['lsp'], shell: false };
    expect(programOf('unetc', bundled, 'linux')).toEqual(command);
    expect(programOf('C:/Program Files/unetc', bundled, 'win32')).toMatchObject({ shell: true });
  });

  it('is started again when the setting changes; one that does not start is named', async () => {
    const { editor, panel } = await opened();
    await editor.set('unetc.path', '/missing/unetc');
    expect(editor.clients.map((c) => c.running)).toEqual([false, false]);
    expect(editor.said.at(-1)).toContain('/missing/unetc did not start');
    const before = panel.told.length;
    await editor.write('network');
    expect(panel.told).toHaveLength(before);
    await editor.set('unetc.path', '');
    expect(editor.clients.map((c) => c.running)).toEqual([false, false, true]);
    await editor.write('block C(x) { x }');
    expect(panel.told.length).toBeGreaterThan(before);
  });

  it('may be one that is too old to draw, which is said once', async () => {
    const { editor } = await opened();
    await editor.set('unetc.path', '/old/unetc');
    await editor.write('network');
    await editor.write('network A');
    expect(editor.said).toEqual([expect.stringMatching(/Unhandled method unetc\/drawing.*unetc\.path/)]);
  });
});

describe('the preview', () => {
  it('is told the drawing when its page is ready, and again when the text changes', async () => {
    const { editor, panel } = await opened();
    expect(panel.title).toBe('Network of a.unet');
    expect(last(panel)).toMatchObject({ stale: false, problem: null, drawing: { data: { highest: 3 } } });
    await editor.write(starter.replace('[16, 32, 64, 128]', '[16, 32, 64]'));
    expect(last(panel)).toMatchObject({ stale: false, drawing: { data: { highest: 2 } } });
    // The starter's expectation is wrong now, which is no reason not to draw.
    expect(last(panel)?.problem).toMatchObject({ count: 1, message: expect.stringContaining('expected parameters') });
  });

  it('keeps the last good drawing while the text is wrong', async () => {
    const { editor, panel } = await opened();
    const good = last(panel)?.drawing;
    const wrong = starter.replace('maxpool(2)', 'maxpol(2)');
    await editor.write(wrong);
    const lines = wrong.slice(0, wrong.indexOf('maxpol')).split('\n');
    const line = lines.length;
    expect(last(panel)).toMatchObject({ stale: true, drawing: good, problem: { line, count: 1 } });
    panel.say({ type: 'problem' });
    await settled();
    expect(editor.selection).toEqual({ column: 3, at: [line - 1, lines.at(-1)?.length] });
  });

  it('drops the drawing where the text has no network, and no mistake either', async () => {
    const { editor, panel } = await opened();
    await editor.write('block C(x) { x |> relu }');
    expect(last(panel)).toMatchObject({ drawing: null, problem: null });
  });

  it('leads from a node to its rule and from the cursor to its nodes', async () => {
    const { editor, panel } = await opened();
    const line = starter.slice(0, starter.indexOf('X[i, j] =')).split('\n').length - 1;
    panel.say({ type: 'box', box: 'X[1,1]' });
    await settled();
    expect(editor.selection).toEqual({ column: 3, at: [line, 4] });
    editor.visible = false;
    panel.say({ type: 'box', box: 'X[1,1]' });
    await settled();
    expect(editor.selection).toEqual({ column: -2, at: [line, 4] });
    editor.moveTo(line, 9);
    const boxes = ['X[0,1]', 'X[0,2]', 'X[0,3]', 'X[1,1]', 'X[1,2]', 'X[2,1]'];
    expect(last(panel, 'cursor')?.boxes).toEqual(expect.arrayContaining(boxes));
    expect(last(panel, 'cursor')?.boxes).toHaveLength(boxes.length);
    editor.moveTo(0, 0);
    expect(last(panel, 'cursor')?.boxes).toEqual([]);
    panel.say({ type: 'box', box: 'of an older drawing' });
    editor.gone = true;
    panel.say({ type: 'box', box: 'X[1,1]' });
    await settled();
    expect(editor.said).toEqual(['UNet: no such file']);
  });

  it('is one for each text, and comes back after a restart if its file is there', async () => {
    const { editor, panel } = await opened();
    editor.commands.get('unetc.showNetwork')?.();
    expect(editor.panels).toHaveLength(1);
    expect(editor.said).toEqual(['reveal Network of a.unet']);
    panel.close();
    const [serializer] = editor.serializers.values();
    await serializer?.deserializeWebviewPanel(editor.panel('kept'), { uri: 'file:///specs/a.unet', level: 2 });
    await settled();
    const [, kept] = editor.panels;
    expect(kept?.html).toContain('file:///specs/a.unet');
    expect(kept && last(kept)).toBeDefined();
    let gone = false;
    const stray = editor.panel('stray') as { onDidDispose(f: () => void): void };
    stray.onDidDispose(() => {
      gone = true;
    });
    await serializer?.deserializeWebviewPanel(stray, { uri: 'file:///specs/deleted.unet' });
    expect(gone).toBe(true);
  });

  it('takes theme and level from the settings', async () => {
    const { editor, panel } = await opened();
    const first = panel.html;
    await editor.set('unetc.preview.theme', 'dark');
    expect(panel.html).toContain('color-scheme:dark');
    expect(panel.html).not.toContain('vscode-high-contrast');
    await editor.set('unetc.preview.level', 2);
    expect(panel.html).toContain('"level":2');
    const nonce = (page: string) => /script nonce="([^"]+)"/.exec(page)?.[1];
    expect(nonce(panel.html)).not.toBe(nonce(first));
  });
});
