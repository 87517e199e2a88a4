import * as vscode from 'vscode';
import { commands, languageId, section, settings, viewType } from './names.js';
import { Previews } from './previews.js';
import { Server } from './server.js';

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const bundled = context.asAbsolutePath('dist/server.mjs');
  const started = new Server(bundled, (uri) => previews.refresh(uri));
  const previews = new Previews((uri) => started.drawing(uri));
  server = started;
  const changed = (event: vscode.ConfigurationChangeEvent, key: string): boolean =>
    event.affectsConfiguration(`${section}.${key}`);
  context.subscriptions.push(
    previews,
    vscode.commands.registerCommand(commands.show, () => {
      const document = vscode.window.activeTextEditor?.document;
      if (document?.languageId === languageId) previews.show(document.uri);
      else void vscode.window.showInformationMessage('UNet: open a .unet file first; its network is drawn beside it.');
    }),
    vscode.commands.registerCommand(commands.restart, () => started.restart()),
    vscode.window.registerWebviewPanelSerializer(viewType, previews),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => previews.follow(textEditor)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (changed(event, settings.path)) void started.restart();
      if (changed(event, settings.theme) || changed(event, settings.level)) previews.reload();
    }),
  );
  await started.restart();
}

export async function deactivate(): Promise<void> {
  await server?.dispose();
}
