import {
  CodeActionKind,
  type Connection,
  DidChangeWatchedFilesNotification,
  FoldingRangeKind,
  InlayHintKind,
  LSPErrorCodes,
  type Position,
  ResponseError,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import * as language from '../../language/index.js';
import { version } from '../../runtime/support/version.js';
import { completionItem, diagnosticOf, encodeTokens, locate, rangeOf, spanRange, symbolOf } from './convert.js';
import { Analyses } from './documents.js';
import { answerDrawing } from './drawing.js';
import { Pages } from './pages.js';

/** Diagnostics wait until nobody has typed for this long, in milliseconds. */
const pause = 150;

/**
 * Answers one editor until it hangs up: protocol in, `language/` asked, protocol out.
 * @param importRoots folders that specs may import from, beside each one's own
 */
export function serve(connection: Connection, importRoots: readonly string[]): void {
  const documents = new TextDocuments(TextDocument);
  const analyses = new Analyses(documents, importRoots);
  const pages = new Pages();
  const client = { snippets: false, watches: false };

  connection.onInitialize(({ capabilities }) => {
    client.snippets = capabilities.textDocument?.completion?.completionItem?.snippetSupport ?? false;
    client.watches = capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration ?? false;
    return {
      serverInfo: { name: 'unetc', version: version() },
      capabilities: {
        textDocumentSync: TextDocumentSyncKind.Incremental,
        hoverProvider: true,
        completionProvider: { triggerCharacters: ['>', '(', ':', '"'] },
        signatureHelpProvider: { triggerCharacters: ['(', ','] },
        definitionProvider: true,
        referencesProvider: true,
        documentHighlightProvider: true,
        renameProvider: { prepareProvider: true },
        documentSymbolProvider: true,
        foldingRangeProvider: true,
        inlayHintProvider: true,
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
        documentFormattingProvider: true,
        semanticTokensProvider: {
          legend: { tokenTypes: [...language.semanticTypes], tokenModifiers: [...language.semanticModifiers] },
          full: true,
        },
      },
    };
  });
  connection.onInitialized(() => {
    if (!client.watches) return;
    void connection.client.register(DidChangeWatchedFilesNotification.type, {
      watchers: [{ globPattern: '**/*.unet' }],
    });
  });

  watch(connection, documents, analyses, pages);
  answer(connection, analyses, client);
  documents.listen(connection);
  connection.listen();
}

/** Publishes diagnostics a moment after a text, or one that it imports, has changed. */
function watch(connection: Connection, documents: TextDocuments<TextDocument>, analyses: Analyses, pages: Pages): void {
  const waiting = new Map<string, NodeJS.Timeout>();
  const publish = async (uri: string): Promise<void> => {
    waiting.delete(uri);
    const found = analyses.of(uri);
    if (found === undefined) return;
    const { document, analysis } = found;
    const diagnostics = [];
    for (const d of analysis.analyzed.diagnostics)
      diagnostics.push(diagnosticOf(document, analysis, d, await pages.addressOf(d.code)));
    // Closed or changed while pages were written.
    if (documents.get(uri)?.version === document.version)
      await connection.sendDiagnostics({ uri, version: document.version, diagnostics });
  };
  const schedule = (uri: string): void => {
    clearTimeout(waiting.get(uri));
    waiting.set(
      uri,
      setTimeout(() => void publish(uri), pause),
    );
  };
  documents.onDidChangeContent(({ document }) => {
    schedule(document.uri);
    for (const uri of analyses.forgetImporters(document.uri)) schedule(uri);
  });
  documents.onDidClose(({ document }) => {
    clearTimeout(waiting.get(document.uri));
    waiting.delete(document.uri);
    analyses.forget(document.uri);
    void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] });
  });
  connection.onDidChangeWatchedFiles(() => {
    for (const uri of analyses.forgetImporters()) schedule(uri);
  });
  connection.onShutdown(() => {
    for (const timer of waiting.values()) clearTimeout(timer);
  });
}

function answer(connection: Connection, analyses: Analyses, client: { readonly snippets: boolean }): void {
  type Request = { readonly textDocument: { readonly uri: string } };
  type At = { readonly document: TextDocument; readonly analysis: language.Analysis; readonly offset: number };
  const on = <T>({ textDocument }: Request, otherwise: T, work: (at: Omit<At, 'offset'>) => T): T => {
    const found = analyses.of(textDocument.uri);
    return found ? work(found) : otherwise;
  };
  const at = <T>(request: Request & { readonly position: Position }, otherwise: T, work: (at: At) => T): T =>
    on(request, otherwise, (found) => work({ ...found, offset: found.document.offsetAt(request.position) }));
  const edits = (document: TextDocument, list: readonly language.Edit[]) =>
    list.map((e) => ({ range: rangeOf(document, e.start, e.end), newText: e.text }));

  connection.onHover((request) =>
    at(request, null, ({ document, analysis, offset }) => {
      const found = language.hover(analysis, offset);
      const value = found?.text ?? '';
      return (
        found && { contents: { kind: 'markdown' as const, value }, range: rangeOf(document, found.start, found.end) }
      );
    }),
  );
  connection.onCompletion((request) =>
    at(request, [], ({ analysis, offset }) =>
      language.complete(analysis, offset).map((c) => completionItem(c, client.snippets)),
    ),
  );
  connection.onSignatureHelp((request) =>
    at(request, null, ({ analysis, offset }) => {
      const found = language.signature(analysis, offset);
      if (found === null) return null;
      const parameters = found.parameters.map((p) => ({
        label: p.label,
        documentation: { kind: 'markdown' as const, value: p.doc },
      }));
      const documentation = { kind: 'markdown' as const, value: found.doc };
      // Beyond the last: none is to be shown as the one being written.
      const activeParameter = found.active ?? found.parameters.length;
      return { signatures: [{ label: found.label, documentation, parameters }], activeSignature: 0, activeParameter };
    }),
  );
  connection.onDefinition((request) =>
    at(request, null, ({ document, analysis, offset }) => {
      const span = language.definition(analysis, offset);
      return span && locate(document, analysis, span);
    }),
  );
  connection.onReferences((request) =>
    at(request, [], ({ document, analysis, offset }) =>
      language
        .references(analysis, offset, { declaration: request.context.includeDeclaration })
        .map((span) => ({ uri: document.uri, range: spanRange(document, span) })),
    ),
  );
  connection.onDocumentHighlight((request) =>
    at(request, [], ({ document, analysis, offset }) =>
      language.references(analysis, offset).map((span) => ({ range: spanRange(document, span) })),
    ),
  );
  connection.onPrepareRename((request) =>
    at(request, null, ({ document, analysis, offset }) => {
      const found = language.renameable(analysis, offset);
      if ('refusal' in found) throw new ResponseError(LSPErrorCodes.RequestFailed, found.refusal);
      return { range: spanRange(document, found.span), placeholder: found.name };
    }),
  );
  connection.onRenameRequest((request) =>
    at(request, null, ({ document, analysis, offset }) => {
      const renamed = language.rename(analysis, offset, request.newName);
      if ('refusal' in renamed) throw new ResponseError(LSPErrorCodes.RequestFailed, renamed.refusal);
      return { changes: { [document.uri]: edits(document, renamed.edits) } };
    }),
  );
  connection.onDocumentSymbol((request) =>
    on(request, [], ({ document, analysis }) => language.outline(analysis).map((o) => symbolOf(document, o))),
  );
  connection.onFoldingRanges((request) =>
    on(request, [], ({ document, analysis }) =>
      language.folding(analysis).flatMap(({ start, end, comment }) => {
        const startLine = document.positionAt(start).line;
        // The line of the closing bracket stays to be seen.
        const endLine = document.positionAt(end).line - (comment ? 0 : 1);
        return endLine > startLine
          ? [{ startLine, endLine, ...(comment ? { kind: FoldingRangeKind.Comment } : {}) }]
          : [];
      }),
    ),
  );
  connection.languages.inlayHint.on((request) =>
    on(request, [], ({ document, analysis }) =>
      language
        .hints(analysis, document.offsetAt(request.range.start), document.offsetAt(request.range.end))
        .map((h) => ({
          position: document.positionAt(h.offset),
          label: h.text,
          kind: InlayHintKind.Type,
          paddingLeft: true,
          ...(h.tooltip === '' ? {} : { tooltip: h.tooltip }),
        })),
    ),
  );
  connection.languages.semanticTokens.on((request) =>
    on(request, { data: [] }, ({ document, analysis }) => ({
      data: encodeTokens(document, language.semanticTokens(analysis)),
    })),
  );
  connection.onCodeAction((request) =>
    on(request, [], ({ document, analysis }) => {
      const [from, to] = [document.offsetAt(request.range.start), document.offsetAt(request.range.end)];
      return language.fixes(analysis, from, to).map((f) => ({
        title: f.title,
        kind: CodeActionKind.QuickFix,
        diagnostics: request.context.diagnostics.filter(
          (d) => d.code === f.diagnostic.code && document.offsetAt(d.range.start) === f.diagnostic.span.start.offset,
        ),
        isPreferred: f.certain,
        edit: { changes: { [document.uri]: edits(document, f.edits) } },
      }));
    }),
  );
  const memory = new language.Memory();
  connection.onDocumentFormatting((request) =>
    on(request, null, ({ document }) => {
      const text = document.getText();
      const formatted = language.formatter(text, memory);
      return formatted === text ? [] : edits(document, [{ start: 0, end: text.length, text: formatted }]);
    }),
  );
  // Beside the protocol: what an editor can show next to the text.
  connection.onRequest(
    'unetc/picture',
    (request: Request & { format?: 'svg' | 'html'; theme?: 'light' | 'dark' | 'auto' }) =>
      on<{ text: string | null }>(request, { text: null }, ({ analysis }) => ({
        text: language.picture(analysis, request.format === 'html' ? 'html' : 'svg', request.theme),
      })),
  );
  connection.onRequest('unetc/drawing', (request: Request) =>
    on(request, null, ({ document, analysis }) => answerDrawing(document, analysis)),
  );
}
