import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { DrawingAnswer } from '../../../cli/lsp/drawing.js';
import type { FromPage, ToPage } from '../preview/messages.js';
import { previewPage, type Theme } from '../preview/page.js';
import { boxesAt, type Range } from '../preview/places.js';
import { section, settings, viewType } from './names.js';

type Ask = (uri: vscode.Uri) => Promise<DrawingAnswer | null>;

/** The pictures that are open, one for each text. */
export class Previews implements vscode.Disposable, vscode.WebviewPanelSerializer {
  private readonly open = new Map<string, Preview>();

  constructor(private readonly ask: Ask) {}

  /** Opens the picture of a text beside it, or brings the one there is to the front. */
  show(uri: vscode.Uri): void {
    const known = this.open.get(uri.toString());
    const place = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    if (known) known.reveal();
    else this.adopt(uri, vscode.window.createWebviewPanel(viewType, titleOf(uri), place));
  }

  /** Gives a panel that was open when the editor was closed its picture back. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const address = typeof state === 'object' && state !== null && 'uri' in state ? String(state.uri) : '';
    try {
      const uri = vscode.Uri.parse(address, true);
      await vscode.workspace.openTextDocument(uri);
      this.adopt(uri, panel);
    } catch {
      // The file is gone.
      panel.dispose();
    }
  }

  /** Draws a text's picture again, if there is one. */
  refresh(uri: vscode.Uri): void {
    void this.open.get(uri.toString())?.draw();
  }

  /** Marks what the cursor is in. */
  follow({ document, selection }: vscode.TextEditor): void {
    this.open.get(document.uri.toString())?.follow(selection.active);
  }

  /** Makes all pages anew, with what the settings say now. */
  reload(): void {
    for (const preview of this.open.values()) preview.load();
  }

  dispose(): void {
    for (const preview of this.open.values()) preview.dispose();
  }

  private adopt(uri: vscode.Uri, panel: vscode.WebviewPanel): void {
    const key = uri.toString();
    panel.onDidDispose(() => this.open.delete(key));
    this.open.set(key, new Preview(uri, panel, this.ask));
  }
}

const titleOf = (uri: vscode.Uri): string => `Network of ${uri.path.split('/').at(-1)}`;

/** One panel: asks for the drawing, keeps the last good one, carries clicks to the text and the cursor to the picture. */
class Preview {
  /** The last answer, and the last drawing, which may be of an earlier text. */
  private answer: DrawingAnswer | null = null;
  private last: DrawingAnswer['drawing'] = null;
  private asked = 0;

  constructor(
    private readonly uri: vscode.Uri,
    private readonly panel: vscode.WebviewPanel,
    private readonly ask: Ask,
  ) {
    panel.webview.onDidReceiveMessage((message: FromPage) => this.hear(message));
    this.load();
    void this.draw();
  }

  load(): void {
    const { webview } = this.panel;
    const configuration = vscode.workspace.getConfiguration(section, this.uri);
    // A page that is shown again after it was hidden starts anew, too; each says when it is ready to be told.
    webview.options = { enableScripts: true, localResourceRoots: [] };
    webview.html = previewPage({
      nonce: randomBytes(18).toString('base64url'),
      uri: this.uri.toString(),
      theme: configuration.get<Theme>(settings.theme, 'auto'),
      level: configuration.get<number | null>(settings.level, null),
    });
  }

  reveal(): void {
    this.panel.reveal(undefined, true);
  }

  dispose(): void {
    this.panel.dispose();
  }

  async draw(): Promise<void> {
    const turn = ++this.asked;
    const answer = await this.ask(this.uri);
    // Overtaken by a later question; or the text was closed, or the server is gone: the picture stays as it is.
    if (turn !== this.asked || answer === null) return;
    this.answer = answer;
    this.last = answer.drawing ?? (answer.problem ? this.last : null);
    this.tell();
  }

  follow(position: vscode.Position): void {
    const places = this.answer?.drawing?.places;
    this.post({ type: 'cursor', boxes: places ? boxesAt(places, position) : [] });
  }

  private tell(): void {
    if (this.answer === null) return;
    const { drawing, problem } = this.answer;
    this.post({
      type: 'drawing',
      drawing: this.last && { body: this.last.body, data: this.last.data },
      stale: drawing === null,
      problem: problem && { ...problem, line: problem.range.start.line + 1 },
    });
    const editor = this.editor();
    if (editor) this.follow(editor.selection.active);
  }

  private hear(message: FromPage): void {
    if (message.type === 'ready') this.tell();
    else if (message.type === 'box') void this.go(this.last?.places[message.box]);
    else if (message.type === 'problem') void this.go(this.answer?.problem?.range);
  }

  /** Shows a place of the text, in the column where the text is open, else beside the picture. */
  private async go(range: Range | undefined): Promise<void> {
    if (range === undefined) return;
    const { start, end } = range;
    const place = new vscode.Range(start.line, start.character, end.line, end.character);
    try {
      const editor = await vscode.window.showTextDocument(this.uri, {
        viewColumn: this.column(),
        selection: new vscode.Range(place.start, place.start),
      });
      editor.revealRange(place, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    } catch (error) {
      // The file is gone, say.
      void vscode.window.showErrorMessage(`UNet: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private column(): vscode.ViewColumn {
    const address = this.uri.toString();
    const behind = vscode.window.tabGroups.all.find((group) =>
      group.tabs.some(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === address),
    );
    const free = this.panel.viewColumn === vscode.ViewColumn.One ? vscode.ViewColumn.Beside : vscode.ViewColumn.One;
    return this.editor()?.viewColumn ?? behind?.viewColumn ?? free;
  }

  private editor(): vscode.TextEditor | undefined {
    const address = this.uri.toString();
    return vscode.window.visibleTextEditors.find((e) => e.document.uri.toString() === address);
  }

  private post(message: ToPage): void {
    void this.panel.webview.postMessage(message);
  }
}
