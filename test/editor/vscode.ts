import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { answerDrawing } from '../../cli/lsp/drawing.js';
import { analyse } from '../../language/index.js';

export const folder = join(import.meta.dirname, '../../editor/vscode');
export const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

interface Panel {
  readonly title: string;
  html: string;
  /** What the page was told. */
  readonly told: { readonly type: string; readonly [key: string]: unknown }[];
  /** The page says something. */
  say(message: object): void;
  close(): void;
}

/** As much of VS Code as the extension uses, in this process: what it registers and shows is kept, what it asks is answered. */
export class Editor {
  readonly commands = new Map<string, () => unknown>();
  readonly serializers = new Map<string, { deserializeWebviewPanel(panel: object, state: unknown): Promise<void> }>();
  readonly asked = new Set<string>();
  readonly panels: Panel[] = [];
  readonly said: string[] = [];
  readonly clients: { readonly id: string; readonly server: object; running: boolean }[] = [];
  readonly settings: Record<string, unknown> = {};
  /** Whether the text is to be seen, in column 3. */
  visible = true;
  /** Whether its file has been deleted. */
  gone = false;
  /** Where the text was shown last. */
  selection: unknown;
  private document: TextDocument;
  private readonly listeners: Record<string, (event: never) => void> = {};
  private fresh: ((uri: object, diagnostics: [], next: () => void) => void) | undefined;

  constructor(text: string) {
    this.document = TextDocument.create('file:///specs/a.unet', 'unet', 1, text);
  }

  /** Runs the extension, bundled as it is for its users. */
  async activate(): Promise<void> {
    const bundle = await rolldown({
      input: join(folder, 'client/extension.ts'),
      platform: 'node',
      external: ['vscode', 'vscode-languageclient/node'],
      logLevel: 'silent',
    });
    const [{ code }] = (await bundle.generate({ format: 'cjs' })).output;
    const module = { exports: {} as { activate(context: object): Promise<void> } };
    const packages: Record<string, unknown> = { vscode: this.api(), 'vscode-languageclient/node': this.client() };
    const real = createRequire(import.meta.url);
    new Function('require', 'module', 'exports', code)(
      (name: string) => packages[name] ?? real(name),
      module,
      module.exports,
    );
    await module.exports.activate({ subscriptions: [], asAbsolutePath: (path: string) => join(folder, path) });
  }

  /** The user writes another text; the server publishes what it thinks of it. */
  async write(text: string): Promise<void> {
    this.document = TextDocument.create(this.document.uri, 'unet', this.document.version + 1, text);
    this.fresh?.(this.uri(), [], () => undefined);
    await settled();
  }

  moveTo(line: number, character: number): void {
    const textEditor = { document: this.shown(), selection: { active: { line, character } } };
    (this.listeners.selection as (e: object) => void)({ textEditor });
  }

  async set(key: string, value: unknown): Promise<void> {
    this.settings[key] = value;
    (this.listeners.configuration as (e: object) => void)({ affectsConfiguration: (k: string) => k === key });
    await settled();
  }

  private uri = () => ({ path: '/specs/a.unet', toString: () => this.document.uri });
  private shown = () => ({ uri: this.uri(), languageId: 'unet' });

  panel(title: string): object {
    let hear = (_: object): void => undefined;
    let closed = (): void => undefined;
    const panel: Panel = { title, html: '', told: [], say: (m) => hear(m), close: () => closed() };
    this.panels.push(panel);
    const webview = {
      set html(text: string) {
        panel.html = text;
      },
      onDidReceiveMessage: (listener: typeof hear) => {
        hear = listener;
      },
      postMessage: async (message: Panel['told'][number]) => panel.told.push(message),
    };
    return {
      viewColumn: 1,
      webview,
      reveal: () => this.said.push(`reveal ${title}`),
      dispose: () => closed(),
      onDidDispose: (listener: () => void) => {
        closed = listener;
      },
    };
  }

  private api(): object {
    const editor = this;
    const listen = (name: string) => (listener: (event: never) => void) => {
      this.listeners[name] = listener;
    };
    const cursor = { line: 0, character: 0 };
    const place = class {
      constructor(...at: unknown[]) {
        Object.assign(this, at.length === 4 ? { start: [at[0], at[1]], end: [at[2], at[3]] } : { at });
      }
    };
    return {
      commands: {
        registerCommand: (name: string, run: () => unknown) => this.commands.set(name, run),
        executeCommand: async (...words: string[]) => this.said.push(words.join(' ')),
      },
      window: {
        activeTextEditor: { document: this.shown() },
        // As it stands: the text may be closed.
        get visibleTextEditors() {
          return editor.visible ? [{ document: editor.shown(), viewColumn: 3, selection: { active: cursor } }] : [];
        },
        tabGroups: { all: [] },
        createWebviewPanel: (_: string, title: string) => this.panel(title),
        registerWebviewPanelSerializer: (type: string, s: never) => this.serializers.set(type, s),
        onDidChangeTextEditorSelection: listen('selection'),
        showTextDocument: async (_: object, options: { viewColumn: number; selection: { at: unknown[] } }) => {
          if (this.gone) throw new Error('no such file');
          this.selection = { column: options.viewColumn, at: options.selection.at[0] };
          return { revealRange: () => undefined };
        },
        showErrorMessage: async (text: string) => void this.said.push(text),
        showWarningMessage: async (text: string) => void this.said.push(text),
        showInformationMessage: async (text: string) => void this.said.push(text),
      },
      workspace: {
        getConfiguration: (section: string) => ({
          get: (key: string, otherwise: unknown) => {
            this.asked.add(`${section}.${key}`);
            return this.settings[`${section}.${key}`] ?? otherwise;
          },
        }),
        onDidChangeConfiguration: listen('configuration'),
        openTextDocument: async (uri: object) => {
          if (`${uri}` !== this.document.uri) throw new Error('no such file');
        },
      },
      Uri: { parse: (text: string) => ({ path: text, toString: () => text }) },
      ViewColumn: { One: 1, Beside: -2 },
      TextEditorRevealType: { InCenterIfOutsideViewport: 2 },
      TabInputText: class {
        constructor(readonly uri: object) {}
      },
      Range: place,
      Selection: place,
    };
  }

  /** A client whose server is in this process, for drawings. */
  private client(): object {
    const editor = this;
    return {
      TransportKind: { stdio: 'stdio' },
      LanguageClient: class {
        private readonly entry;
        constructor(id: string, _: string, server: object, { middleware }: never) {
          this.entry = { id, server, running: false };
          editor.clients.push(this.entry);
          editor.fresh = (middleware as { handleDiagnostics: typeof editor.fresh }).handleDiagnostics;
        }
        async start(): Promise<void> {
          if (JSON.stringify(this.entry.server).includes('missing')) throw new Error('spawn missing ENOENT');
          this.entry.running = true;
        }
        async dispose(): Promise<void> {
          this.entry.running = false;
        }
        isRunning = (): boolean => this.entry.running;
        async sendRequest(method: string, { textDocument }: { textDocument: { uri: string } }): Promise<unknown> {
          const old = JSON.stringify(this.entry.server).includes('old');
          if (old || method !== 'unetc/drawing') throw new Error(`Unhandled method ${method}`);
          const { document } = editor;
          return textDocument.uri === document.uri ? answerDrawing(document, analyse(document.getText())) : null;
        }
      },
    };
  }
}

/** Until what was begun has gone its way. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
