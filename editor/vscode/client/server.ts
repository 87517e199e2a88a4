import * as vscode from 'vscode';
import { LanguageClient, type ServerOptions, TransportKind } from 'vscode-languageclient/node';
import type { DrawingAnswer } from '../../../cli/lsp/drawing.js';
import { languageId, section, settings } from './names.js';
import { type Program, programOf } from './program.js';

/** Leaves it to `explain` to say that it did not start. */
class Client extends LanguageClient {
  starting = false;

  override async start(): Promise<void> {
    this.starting = true;
    await super.start();
    this.starting = false;
  }

  override error(message: string, data?: unknown, show?: boolean | 'force'): void {
    super.error(message, data, this.starting ? false : show);
  }
}

/** The language server, started with what the settings say. */
export class Server implements vscode.Disposable {
  private client: Client | undefined;
  private complained = false;
  /** Starts and stops, one after the other. */
  private work: Promise<void> = Promise.resolve();

  /**
   * @param bundled the server that comes with the extension
   * @param onFresh hears whenever a text may have another meaning: it changed, or what it imports did
   */
  constructor(
    private readonly bundled: string,
    private readonly onFresh: (uri: vscode.Uri) => void,
  ) {}

  /** Starts it; one that runs is stopped first. */
  restart(): Promise<void> {
    return this.enqueue(async () => {
      await this.stop();
      await this.start();
    });
  }

  /** The drawing of an open text; null if the server does not run or does not know the text. */
  async drawing(uri: vscode.Uri): Promise<DrawingAnswer | null> {
    await this.work;
    const { client } = this;
    if (!client?.isRunning()) return null;
    try {
      return await client.sendRequest<DrawingAnswer | null>('unetc/drawing', { textDocument: { uri: uri.toString() } });
    } catch (error) {
      if (this.client === client) this.complain(error);
      return null;
    }
  }

  /** Says once what keeps the server from drawing: it is older than this extension, or broke. */
  private complain(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (this.complained) return;
    this.complained = true;
    void vscode.window.showWarningMessage(
      `UNet: the language server did not draw the network (${text}). If ${section}.${settings.path} names a unetc of your own, update it or leave the setting empty.`,
    );
  }

  dispose(): Promise<void> {
    return this.enqueue(() => this.stop());
  }

  private enqueue(step: () => Promise<void>): Promise<void> {
    this.work = this.work.then(step);
    return this.work;
  }

  private async start(): Promise<void> {
    const path = vscode.workspace.getConfiguration(section).get<string>(settings.path, '');
    const program = programOf(path, this.bundled, process.platform);
    const client = new Client(section, 'UNet', optionsOf(program), {
      documentSelector: ['file', 'untitled'].map((scheme) => ({ scheme, language: languageId })),
      middleware: {
        // Diagnostics come a moment after the last key, and also where only an imported file has changed.
        handleDiagnostics: (uri, diagnostics, next) => {
          next(uri, diagnostics);
          this.onFresh(uri);
        },
      },
    });
    this.client = client;
    this.complained = false;
    try {
      await client.start();
    } catch (error) {
      void explain(program, error);
    }
  }

  private async stop(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    // One that never started, or has crashed, can't be asked to stop.
    await client?.dispose().catch(() => undefined);
  }
}

function optionsOf(program: Program): ServerOptions {
  const args = [...program.args];
  return program.kind === 'script'
    ? { module: program.file, args, transport: TransportKind.stdio }
    : { command: program.command, args, transport: TransportKind.stdio, options: { shell: program.shell } };
}

async function explain(program: Program, error: unknown): Promise<void> {
  const name = program.kind === 'script' ? program.file : program.command;
  const button = 'Open Settings';
  const chosen = await vscode.window.showErrorMessage(
    `UNet: ${name} did not start as a language server: ${error instanceof Error ? error.message : String(error)}`,
    button,
  );
  if (chosen === button)
    await vscode.commands.executeCommand('workbench.action.openSettings', `${section}.${settings.path}`);
}
