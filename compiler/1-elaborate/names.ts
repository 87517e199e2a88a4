import { replace, type Span } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import type {
  BlockDecl,
  Body,
  Expr,
  GridDecl,
  HeadDecl,
  IndexDecl,
  Name,
  NetworkDecl,
  SpecTree,
} from '../../grammar/tree.js';
import type { Module } from '../0-import/index.js';
import { type Collector, diagnose } from '../diagnostics/index.js';
import { isBuiltin } from './builtins.js';
import { headerOf, readPattern } from './grid.js';
import { ImportedNames } from './imported-names.js';
import { Mentions } from './mentions.js';
import { type Definition, NameScope } from './name-scope.js';
import { isLanguageOp } from './operators.js';

/** What evaluation passes over in silence, since it is reported. */
export interface Reported {
  /** Expressions nested too deep to be evaluated. */
  readonly rejected: ReadonlySet<Expr>;
  /** Places of undefined names. */
  readonly unknown: ReadonlySet<Span>;
  /** Blocks whose bodies have such names. */
  readonly incomplete: ReadonlySet<BlockDecl>;
}

export const nothingReported: Reported = { rejected: new Set(), unknown: new Set(), incomplete: new Set() };

/** What the walk over the names finds out for the stages after it. */
export interface NameFacts extends Reported {
  /** Definitions that something else of the same name comes before. */
  readonly duplicates: ReadonlySet<object>;
  /** Spans of the unused `let`s, params and so on, for lints that would report the same again. */
  readonly unused: readonly Span[];
}

/**
 * Walks all of the text and of the files it imports, branches that are never taken and blocks that are never called included: unknown names,
 * names defined twice, unused names, patterns that are none, expressions nested too deep.
 */
export function checkNames(module: Module, network: NetworkDecl | undefined, report: Collector): NameFacts {
  const walk = new NameWalk(report, module.tree);
  const library = walk.library(module);
  if (network !== undefined) {
    const scope = new NameScope(library);
    walk.network(network, scope);
    // What a setting may say is the recipe's affair; here it only counts as a mention.
    for (const train of module.tree.trains)
      for (const s of train.settings) walk.mentions.expression(s.value, scope, { silent: true });
  }
  const { duplicates, incomplete } = walk;
  const { rejected, unknown } = walk.mentions;
  return { rejected, duplicates, unknown, incomplete, unused: walk.reportUnused() };
}

class NameWalk {
  readonly duplicates = new Set<object>();
  readonly incomplete = new Set<BlockDecl>();
  private readonly definitions: Definition[] = [];
  readonly mentions: Mentions;
  private readonly libraries = new Map<Module, NameScope>();
  private readonly imports: ImportedNames;

  /** @param tree the spec's own */
  constructor(
    private readonly report: Collector,
    tree: SpecTree,
  ) {
    this.mentions = new Mentions(report, tree);
    this.imports = new ImportedNames(report);
  }

  /** The blocks in a file's scope, its own bodies walked; those of the files it imports too, once each. */
  library(module: Module): NameScope {
    const known = this.libraries.get(module);
    if (known !== undefined) return known;
    const scope = new NameScope(null, module.imports.length < module.tree.imports.length);
    this.libraries.set(module, scope);
    for (const { decl, module: other } of module.imports) {
      this.library(other);
      this.imports.bring(scope, decl, other);
    }
    for (const block of module.tree.blocks) this.defineOwn(scope, block);
    for (const block of module.tree.blocks) this.blockBody(block, scope);
    return scope;
  }

  private defineOwn(scope: NameScope, block: BlockDecl): void {
    if (this.imports.clashes(scope, block.name)) this.duplicates.add(block);
    else this.defineBlock(scope, block, false);
  }

  private define(
    table: Map<string, Definition>,
    kind: string,
    name: Name,
    span: Span,
    decl: object,
    lint: boolean,
  ): Definition {
    const before = table.get(name.text);
    const definition: Definition = { kind, name, span, lint: lint && !name.text.startsWith('_'), used: false };
    if (before !== undefined) {
      this.duplicates.add(decl);
      this.report.add(
        diagnose(say.duplicateName.name({ name: name.text }), name.span, {
          hints: ['rename one of them'],
          related: [{ span: before.name.span, message: `the first is this ${before.kind}` }],
        }),
      );
      return before;
    }
    table.set(name.text, definition);
    if (lint) this.definitions.push(definition);
    return definition;
  }

  defineBlock(scope: NameScope, block: BlockDecl, lint: boolean): void {
    const { name } = block;
    if (isLanguageOp(name.text) || isBuiltin(name.text)) {
      const what = isLanguageOp(name.text) ? 'an operator' : 'a function';
      this.report.add(
        diagnose(say.reservedName.name({ name: name.text, what }), name.span, {
          hints: ['choose another name for the block'],
        }),
      );
    }
    this.define(scope.blocks, 'block', name, block.span, block, lint);
  }

  network(network: NetworkDecl, scope: NameScope): void {
    // Definitions may be in any order, so all of them come before any use.
    for (const item of network.items) {
      if (item.kind === 'expect') continue;
      const clash = item.kind === 'block' ? scope.values : scope.blocks;
      const other = clash.get(item.name.text);
      if (other !== undefined) {
        this.define(clash, item.kind, item.name, item.span, item, false);
      } else if (item.kind === 'block') this.defineBlock(scope, item, true);
      else {
        const lint = item.kind === 'param' || item.kind === 'let' || item.kind === 'input';
        this.define(scope.values, item.kind, item.name, item.span, item, lint);
      }
    }
    // The output is no value: nothing can read it.
    const names = scope.values;
    for (const [name, d] of names) if (d.kind === 'output') names.delete(name);
    for (const item of network.items) {
      this.mentions.next();
      switch (item.kind) {
        case 'param':
        case 'let':
        case 'expect':
          this.mentions.expression(item.value, scope);
          break;
        case 'input':
          for (const [k, dim] of item.dims.entries()) {
            // C, as papers write channels, is reported where the shape is read.
            const symbols = ['N', 'D', 'H', 'W', ...(k === 1 && scope.value('C') === undefined ? ['C'] : [])];
            this.mentions.expression(dim, scope, { symbols });
          }
          break;
        case 'block':
          this.blockBody(item, scope);
          break;
        case 'grid':
          this.grid(item, scope);
          break;
        case 'head':
          this.head(item, scope);
          break;
        case 'output':
          for (const mode of item.modes) this.mentions.expression(mode.value, scope);
          break;
      }
    }
  }

  blockBody(block: BlockDecl, home: NameScope): void {
    const scope = new NameScope(home);
    const own = home.blocks.get(block.name.text);
    for (const parameter of block.parameters) {
      if (parameter.default !== undefined) this.mentions.expression(parameter.default, scope);
      this.define(scope.values, 'parameter', parameter.name, parameter.name.span, parameter, true);
    }
    this.mentions.inside = own;
    this.mentions.next();
    this.body(block.body, scope);
    if (this.mentions.lacking) this.incomplete.add(block);
    this.mentions.inside = undefined;
  }

  private body(body: Body, outer: NameScope): void {
    const scope = new NameScope(outer);
    for (const decl of body.lets) {
      this.mentions.expression(decl.value, scope);
      this.define(scope.values, 'let', decl.name, decl.span, decl, true);
    }
    this.mentions.expression(body.result, scope);
  }

  private indices(indices: readonly IndexDecl[], scope: NameScope): void {
    for (const index of indices) {
      this.mentions.expression(index.range, scope);
      this.define(scope.values, 'index', index.name, index.span, index, false);
    }
  }

  private grid(grid: GridDecl, scope: NameScope): void {
    this.indices(grid.indices, new NameScope(scope));
    for (const rule of grid.rules) {
      if (rule.name.text !== grid.name.text) {
        this.report.add(
          diagnose(say.ruleName.rule({ name: rule.name.text, grid: grid.name.text }), rule.name.span, {
            hints: [`write ${grid.name.text}[...]`],
            // Unless it is a rule of another grid, in the wrong place.
            fixes: [replace(rule.name.span, grid.name.text, scope.value(rule.name.text) === undefined)],
          }),
        );
      }
      if (rule.patterns.length !== grid.indices.length) {
        const indices = grid.indices.map((d) => d.name.text).join(', ');
        this.report.add(
          diagnose(
            say.badPattern.length({
              grid: grid.name.text,
              indices: grid.indices.length,
              patterns: rule.patterns.length,
            }),
            headerOf(rule),
            {
              hints: [`write ${grid.name.text}[${indices}]`],
            },
          ),
        );
      }
      this.mentions.next();
      const unbound = rule.patterns.length !== grid.indices.length || rule.patterns.some(isNone);
      const inner = new NameScope(scope, scope.open, unbound);
      for (const pattern of rule.patterns) this.pattern(pattern, inner, scope);
      if (rule.guard !== undefined) this.mentions.expression(rule.guard, inner);
      this.body(rule.body, inner);
    }
  }

  private pattern(pattern: Expr, scope: NameScope, outer: NameScope): void {
    if (pattern.kind === 'missing') this.mentions.hasHoles = true;
    else if (pattern.kind === 'name') {
      const { text, span } = pattern;
      if (scope.values.has(text) && !text.startsWith('_')) {
        this.report.add(
          diagnose(say.badPattern.twice({ name: text }), span, {
            hints: [`use two names and a guard: when i == j`],
          }),
        );
      }
      const other = outer.value(text);
      if (other !== undefined) {
        this.report.add(
          diagnose(say.patternShadows.name({ name: text, kind: other.kind }), span, {
            hints: [`use another name and a guard: when i == ${text}`],
            related: [{ span: other.name.span, message: `the ${other.kind} ${text}` }],
          }),
        );
      }
      scope.values.set(text, { kind: 'index', name: pattern, span, lint: false, used: true });
    } else if (readPattern(pattern).kind === 'broken') {
      this.report.add(
        diagnose(say.badPattern.item(), pattern.span, {
          hints: ['bind the index to a name, and write the condition after `when`'],
        }),
      );
    }
  }

  private head(head: HeadDecl, scope: NameScope): void {
    const inner = new NameScope(scope);
    this.indices(head.indices, inner);
    this.body(head.body, inner);
  }

  /** Where the text has holes, what they held may have used anything. */
  reportUnused(): Span[] {
    if (this.mentions.hasHoles) return [];
    const unused = this.definitions.filter((d) => d.lint && !d.used);
    for (const { kind, name } of unused) {
      const hint =
        kind === 'parameter'
          ? 'use it in the block, or remove it and the arguments for it'
          : `use it, or remove the ${kind}`;
      const what = kind === 'let' ? name.text : `${kind} ${name.text}`;
      const fixes = [replace(name.span, `_${name.text}`, false, `call it _${name.text}`)];
      this.report.add(diagnose(say.unusedName.name({ what }), name.span, { hints: [hint], fixes }));
    }
    this.imports.reportUnused();
    return unused.map((d) => d.span);
  }
}

const isNone = (pattern: Expr): boolean => readPattern(pattern).kind === 'broken';
