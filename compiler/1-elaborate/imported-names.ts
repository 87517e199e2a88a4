import { type Diagnostic, replace } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import type { ImportDecl, Name } from '../../grammar/tree.js';
import type { Module } from '../0-import/index.js';
import { type Collector, diagnose } from '../diagnostics/index.js';
import { someOf } from './grid.js';
import type { Definition, NameScope } from './name-scope.js';

/** The blocks that imports bring into the scopes of files: clashes, and unused imports. */
export class ImportedNames {
  /** The imports that blocks came by. */
  private readonly origins = new Map<Definition, ImportDecl>();
  private readonly brought: { readonly decl: ImportDecl; readonly blocks: readonly Definition[] }[] = [];

  constructor(private readonly report: Collector) {}

  /** Defines the blocks of an imported file; of two with one name the first stays, and the second is reported. */
  bring(scope: NameScope, decl: ImportDecl, { tree }: Module): void {
    const brought: Definition[] = [];
    for (const { name, span } of tree.blocks) {
      const before = scope.blocks.get(name.text);
      // Twice in the imported file: reported there.
      if (before !== undefined && brought.includes(before)) continue;
      if (before !== undefined) {
        this.clash(decl.path, name, before, 'import only one of the two files, or rename the block in one of them', [
          { span: name.span, message: `the second ${name.text}` },
        ]);
        continue;
      }
      const definition: Definition = { kind: 'block', name, span, lint: false, used: false };
      scope.blocks.set(name.text, definition);
      this.origins.set(definition, decl);
      brought.push(definition);
    }
    // Unused imports are reported for the root file only.
    if (brought.length > 0 && decl.span.file === undefined) this.brought.push({ decl, blocks: brought });
  }

  /** Whether a block that a file defines is one it imports, which is reported. */
  clashes(scope: NameScope, name: Name): boolean {
    const before = scope.blocks.get(name.text);
    if (before === undefined || !this.origins.has(before)) return false;
    this.clash(name, name, before, 'rename this block, or remove the import');
    return true;
  }

  private clash(at: Name, name: Name, before: Definition, hint: string, more: Diagnostic['related'] = []): void {
    const from = this.origins.get(before)?.path.text ?? '';
    const related = [{ span: before.name.span, message: `the imported ${name.text}` }, ...more];
    this.report.add(diagnose(say.importClash.twice({ name: name.text, from }), at.span, { hints: [hint], related }));
  }

  /** To be called when everything has been walked. */
  reportUnused(): void {
    for (const { decl, blocks } of this.brought) {
      if (blocks.some((b) => b.used)) continue;
      this.report.add(
        diagnose(say.unusedImport.import({ path: decl.path.text }), decl.path.span, {
          hints: [`it has ${someOf(blocks.map((b) => b.name.text))}; use one, or remove the import`],
          fixes: [replace(decl.span, '', true, 'remove this import')],
        }),
      );
    }
  }
}
