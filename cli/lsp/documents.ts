import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TextDocuments } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { ImportedFile } from '../../compiler/index.js';
import { type Analysis, analyse } from '../../language/index.js';
import { importsOf, placeOf } from '../../runtime/support/files/imported.js';

/** One analysis for each version of each open document, shared by all requests. */
export class Analyses {
  private readonly known = new Map<
    string,
    { readonly document: TextDocument; readonly version: number; readonly analysis: Analysis }
  >();

  /** @param importRoots folders that specs may import from, beside each one's own */
  constructor(
    private readonly documents: TextDocuments<TextDocument>,
    private readonly importRoots: readonly string[],
  ) {}

  of(uri: string): { readonly document: TextDocument; readonly analysis: Analysis } | undefined {
    const document = this.documents.get(uri);
    if (document === undefined) return undefined;
    const before = this.known.get(uri);
    if (before?.version === document.version && before.document === document) return before;
    const path = pathOf(uri);
    const open = (place: string) => this.documents.get(pathToFileURL(place).href)?.getText();
    const resolve = path === null ? undefined : importsOf(path, { roots: this.importRoots, open });
    const analysis = analyse(document.getText(), { resolve, file: path ?? undefined });
    const made = { document, version: document.version, analysis };
    this.known.set(uri, made);
    return made;
  }

  forget(uri: string): void {
    this.known.delete(uri);
  }

  /** Forgets what depends on other files, one of which has changed; answers whose documents these were. */
  forgetImporters(changed?: string): string[] {
    const uris = [...this.known]
      .filter(([uri, { analysis }]) => uri !== changed && imports(analysis))
      .map(([uri]) => uri);
    for (const uri of uris) this.known.delete(uri);
    return uris;
  }
}

/** Whether it imports files other than the standard library, also such as are missing. */
const imports = ({ analyzed }: Analysis): boolean =>
  analyzed.root.tree.imports.some((i) => i.path.text !== '' && !i.path.text.startsWith('std:'));

/** A document's place on this machine; null for one that was never saved. */
function pathOf(uri: string): string | null {
  try {
    return fileURLToPath(uri);
  } catch {
    return null;
  }
}

/** A place in an imported file: its document's address, and the text for its lines; null for the standard library. */
export function importedDocument(uri: string, path: string, files: readonly ImportedFile[]): TextDocument | null {
  const own = pathOf(uri);
  const place = own === null ? null : placeOf(own, path);
  const text = files.find((f) => f.path === path)?.text;
  return place === null || text === undefined ? null : TextDocument.create(pathToFileURL(place).href, 'unet', 0, text);
}
