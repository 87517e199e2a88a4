import {
  type CompletionItem,
  CompletionItemKind,
  DiagnosticSeverity,
  DiagnosticTag,
  type DocumentSymbol,
  InsertTextFormat,
  type Location,
  type Diagnostic as ProtocolDiagnostic,
  type Range,
  SymbolKind,
} from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Diagnostic, Span } from '../../compiler/index.js';
import {
  type Analysis,
  type Completion,
  type Outline,
  type SemanticToken,
  semanticModifiers,
  semanticTypes,
} from '../../language/index.js';
import { importedDocument } from './documents.js';

export const rangeOf = (document: TextDocument, start: number, end: number): Range => ({
  start: document.positionAt(start),
  end: document.positionAt(end),
});

export const spanRange = (document: TextDocument, { start, end }: Span): Range =>
  rangeOf(document, start.offset, end.offset);

/** A span as a place in its own file; null for the standard library's, which is no file. */
export function locate(document: TextDocument, { analyzed }: Analysis, span: Span): Location | null {
  const home = span.file === undefined ? document : importedDocument(document.uri, span.file, analyzed.imports);
  return home && { uri: home.uri, range: spanRange(home, span) };
}

const severities = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
};
const unnecessary = new Set(['unused-name', 'unused-import', 'unused-rule']);

/**
 * A diagnostic as editors show it. One of an imported file stands at the import that led there.
 * @param page the address of the page that explains its code
 */
export function diagnosticOf(
  document: TextDocument,
  analysis: Analysis,
  d: Diagnostic,
  page: string | undefined,
): ProtocolDiagnostic {
  const { file, start } = d.span;
  const { tree } = analysis.analyzed.root;
  const way =
    file === undefined ? undefined : (tree.imports.find((i) => file.endsWith(i.path.text)) ?? tree.imports[0]);
  const place = file === undefined ? '' : `${file}:${start.line}:${start.column}: `;
  const hints = d.hints.map((h) => `\nhelp: ${h}`).join('');
  const related = [...(file === undefined ? [] : [{ span: d.span, message: d.message }]), ...d.related].flatMap((r) => {
    const location = locate(document, analysis, r.span);
    return location ? [{ location, message: r.message }] : [];
  });
  return {
    range:
      file === undefined
        ? spanRange(document, d.span)
        : way
          ? spanRange(document, way.path.span)
          : rangeOf(document, 0, 0),
    severity: severities[d.severity],
    code: d.code,
    ...(page === undefined ? {} : { codeDescription: { href: page } }),
    source: 'unetc',
    message: `${place}${d.message}${hints}`,
    ...(unnecessary.has(d.code) ? { tags: [DiagnosticTag.Unnecessary] } : {}),
    ...(related.length > 0 ? { relatedInformation: related } : {}),
  };
}

const completionKinds: Readonly<Record<Completion['kind'], CompletionItemKind>> = {
  network: CompletionItemKind.Module,
  param: CompletionItemKind.Constant,
  let: CompletionItemKind.Variable,
  input: CompletionItemKind.Variable,
  block: CompletionItemKind.Function,
  parameter: CompletionItemKind.Variable,
  grid: CompletionItemKind.Struct,
  head: CompletionItemKind.Struct,
  output: CompletionItemKind.Interface,
  mode: CompletionItemKind.EnumMember,
  index: CompletionItemKind.Variable,
  operator: CompletionItemKind.Function,
  function: CompletionItemKind.Function,
  argument: CompletionItemKind.Property,
  word: CompletionItemKind.EnumMember,
  keyword: CompletionItemKind.Keyword,
  setting: CompletionItemKind.Property,
  level: CompletionItemKind.EnumMember,
};

/** @param snippets whether the editor knows them */
export function completionItem(c: Completion, snippets: boolean): CompletionItem {
  return {
    label: c.label,
    kind: completionKinds[c.kind],
    detail: c.detail,
    documentation: { kind: 'markdown', value: c.doc },
    sortText: `${c.rank}${c.label}`,
    ...(snippets && c.snippet ? { insertText: c.snippet, insertTextFormat: InsertTextFormat.Snippet } : {}),
  };
}

const symbolKinds: Readonly<Record<Outline['kind'], SymbolKind>> = {
  network: SymbolKind.Module,
  param: SymbolKind.Constant,
  let: SymbolKind.Variable,
  input: SymbolKind.Field,
  block: SymbolKind.Function,
  grid: SymbolKind.Array,
  rule: SymbolKind.Method,
  head: SymbolKind.Class,
  output: SymbolKind.Interface,
  mode: SymbolKind.EnumMember,
  expect: SymbolKind.Event,
  train: SymbolKind.Object,
  setting: SymbolKind.Property,
  import: SymbolKind.Package,
};

export const symbolOf = (document: TextDocument, o: Outline): DocumentSymbol => ({
  name: o.name,
  detail: o.detail,
  kind: symbolKinds[o.kind],
  range: spanRange(document, o.span),
  selectionRange: spanRange(document, o.selection),
  children: o.children.map((child) => symbolOf(document, child)),
});

/** Five numbers a token, positions relative to the one before: the protocol's form. */
export function encodeTokens(document: TextDocument, tokens: readonly SemanticToken[]): number[] {
  const data: number[] = [];
  let line = 0;
  let character = 0;
  for (const { start, end, type, modifiers } of tokens) {
    const at = document.positionAt(start);
    const bits = modifiers.reduce((sum, m) => sum | (1 << semanticModifiers.indexOf(m)), 0);
    data.push(
      at.line - line,
      at.line === line ? at.character - character : at.character,
      end - start,
      semanticTypes.indexOf(type),
      bits,
    );
    line = at.line;
    character = at.character;
  }
  return data;
}
