import { type Diagnostic, type Fix, replace, type Span } from '../../grammar/diagnostic.js';
import { parse } from '../../grammar/index.js';
import { say } from '../../grammar/say.js';
import type { ImportDecl, SpecTree } from '../../grammar/tree.js';
import { diagnose, suggest } from '../diagnostics/index.js';
import { isStandard, resolvePath } from './paths.js';
import { standardLibrary } from './standard/index.js';

/** Gives the text of a file by its path from the spec's folder; null if there is none. */
export type Resolve = (path: string) => string | Refused | null;

/** A file that is there, perhaps, but is not read: it lies outside the folders to import from, or is no spec's text. */
export interface Refused {
  readonly refused: 'outside' | 'special' | 'large' | 'binary' | 'unreadable';
}

/** A file that was read for a spec: what a run must keep beside the spec's own text. */
export interface ImportedFile {
  /** From the spec's folder, with `/`; `std:blocks` for the standard library. */
  readonly path: string;
  readonly text: string;
}

/** A file's syntax tree, and what its imports lead to. */
export interface Module {
  /** Null for the spec itself. */
  readonly path: string | null;
  readonly tree: SpecTree;
  /** In the order written; those that led nowhere, reported, are left out. */
  readonly imports: readonly { readonly decl: ImportDecl; readonly module: Module }[];
}

export interface Imported {
  readonly root: Module;
  /** In the order in which they were first met, each once. */
  readonly files: readonly ImportedFile[];
  /** Of the spec and of the files. */
  readonly trees: readonly SpecTree[];
  /** What is wrong with the texts as they are written. */
  readonly mistakes: readonly Diagnostic[];
  /** What is wrong with the imports. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Parses a spec and all that it imports. Never throws, whatever the texts.
 * @param options.resolve absent: there are no files but the standard library
 * @param options.file the spec's own path, so that a file which imports the spec closes a circle; only its name matters
 */
export function readImports(
  text: string,
  options: { readonly resolve?: Resolve; readonly file?: string } = {},
): Imported {
  const reader = new Reader(options.resolve);
  const name = options.file?.split(/[/\\]/).at(-1) ?? '';
  const root = reader.read(text, null, name);
  const { files, trees, mistakes, diagnostics } = reader;
  return { root, files, trees, mistakes, diagnostics };
}

/** Resolves only files that were read before. */
export function fromFiles(files: readonly ImportedFile[]): Resolve {
  const texts = new Map(files.map((f) => [f.path, f.text]));
  return (path) => texts.get(path) ?? null;
}

const within = (inner: Span, outer: Span): boolean =>
  outer.start.offset <= inner.start.offset && inner.end.offset <= outer.end.offset;

/** Files that a spec may import, directly or through others. */
const most = 100;

class Reader {
  readonly files: ImportedFile[] = [];
  readonly trees: SpecTree[] = [];
  readonly mistakes: Diagnostic[] = [];
  readonly diagnostics: Diagnostic[] = [];
  private readonly modules = new Map<string, Module>();
  /** The files being read, outermost first, each with the import that led to the next. */
  private readonly open: { readonly path: string; at?: Span }[] = [];

  constructor(private readonly resolve: Resolve | undefined) {}

  /** @param name what the file's own imports are relative to */
  read(text: string, path: string | null, name: string): Module {
    const { tree, diagnostics } = parse(text, path ?? undefined);
    this.trees.push(tree);
    this.mistakes.push(...diagnostics);
    const entry: { readonly path: string; at?: Span } = { path: name };
    this.open.push(entry);
    const imports: { decl: ImportDecl; module: Module }[] = [];
    const seen = new Map<string, ImportDecl>();
    for (const decl of tree.imports) {
      // A path that could not be read names no file.
      if (diagnostics.some((d) => within(d.span, decl.path.span))) continue;
      if (decl.path.text === '') {
        // Where the text is right, the path is written and empty.
        if (diagnostics.length === 0) this.missing('""', decl, name);
        continue;
      }
      const target = resolvePath(name, decl.path.text);
      const before = seen.get(target);
      if (before !== undefined) {
        this.fail(
          say.importTwice.twice({ path: target }),
          decl.path.span,
          ['remove this import'],
          [{ span: before.path.span, message: 'the first import' }],
          [replace(decl.span, '', true, 'remove this import')],
        );
        continue;
      }
      seen.set(target, decl);
      entry.at = decl.path.span;
      const module = this.follow(target, decl);
      if (module !== null) imports.push({ decl, module });
    }
    this.open.pop();
    return { path, tree, imports };
  }

  private follow(target: string, decl: ImportDecl): Module | null {
    const { span } = decl.path;
    const start = this.open.findIndex((f) => f.path === target);
    if (start >= 0) return this.cycle(start, target, span);
    const known = this.modules.get(target);
    if (known !== undefined) return known;
    if (this.files.length >= most) {
      this.fail(say.limitImports.files({ limit: most }), span, ['gather blocks in fewer files']);
      return null;
    }
    const text = this.resolve?.(target) ?? standardLibrary.get(target) ?? null;
    if (text === null) {
      this.missing(target, decl, this.open.at(-1)?.path ?? '');
      return null;
    }
    if (typeof text !== 'string') {
      this.refuse(target, text, span);
      return null;
    }
    this.files.push({ path: target, text });
    const errors = this.mistakes.length + this.diagnostics.length;
    const module = this.read(text, target, target);
    this.modules.set(target, module);
    // What is wrong with the text may have cost it its blocks.
    if (module.tree.blocks.length === 0 && this.mistakes.length + this.diagnostics.length === errors)
      this.empty(target, module, span);
    return module;
  }

  private fail(
    said: Parameters<typeof diagnose>[0],
    span: Span,
    hints: string[],
    related: Diagnostic['related'] = [],
    fixes: readonly Fix[] = [],
  ): void {
    this.diagnostics.push(diagnose(said, span, { hints, related, fixes }));
  }

  private refuse(target: string, { refused }: Refused, span: Span): void {
    const hints = {
      outside: ["put the file in the spec's folder, or allow its folder with --import-root DIR"],
      special: ['name a .unet file'],
      large: ['name a .unet file'],
      binary: ['name a .unet file'],
      unreadable: ["change the file's permissions"],
    };
    this.fail(say.importRefused[refused]({ path: target }), span, hints[refused]);
  }

  private cycle(start: number, target: string, span: Span): null {
    const loop = this.open.slice(start);
    const way = [...loop.map((f) => f.path), target].join(' -> ');
    const related = loop
      .slice(0, -1)
      .flatMap((f, k) => (f.at ? [{ span: f.at, message: `${f.path} imports ${loop[k + 1]?.path}` }] : []));
    this.fail(
      say.importCycle.cycle({ path: target, way }),
      span,
      ['move the blocks that both need into a file of their own'],
      related,
    );
    return null;
  }

  private missing(target: string, { path }: ImportDecl, from: string): void {
    if (isStandard(target)) {
      const names = [...standardLibrary.keys()];
      const { hints: near, fixes } = suggest(target, names, path.span);
      const hints = near.length > 0 ? near : [`the standard library has ${names.join(', ')}`];
      this.fail(say.importMissing.standard({ name: target }), path.span, hints, [], fixes);
      return;
    }
    const hint = (): string => {
      if (this.resolve === undefined) return 'only the standard library can be imported here: import "std:blocks"';
      if (path.text.includes('\\')) return 'write / between folders, on every system';
      if (typeof this.resolve(`${target}.unet`) === 'string') return `write the whole name: import "${path.text}.unet"`;
      return 'a path is relative to the file it is written in';
    };
    // What another system's path, or one without its ending, surely means: a file that is there.
    const near = [path.text.replaceAll('\\', '/'), `${path.text}.unet`].filter(
      (p) => p !== path.text && typeof this.resolve?.(resolvePath(from, p)) === 'string',
    );
    const fixes = near.slice(0, 1).map((p) => replace(path.span, `"${p}"`, true));
    this.fail(say.importMissing.file({ path: target }), path.span, [hint()], [], fixes);
  }

  private empty(target: string, { tree, imports }: Module, span: Span): void {
    const inside = tree.networks.some((n) => n.items.some((item) => item.kind === 'block'));
    const passed = imports[0];
    const hint = inside
      ? 'move its blocks above its network: those inside belong to the network'
      : passed
        ? `import what it imports: a file gives only its own blocks`
        : 'write them: block Name(x) { ... }';
    this.fail(say.importEmpty.empty({ path: target }), span, [hint]);
  }
}
