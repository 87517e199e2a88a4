import { behind, type Fix, replace, type Span } from '../../grammar/diagnostic.js';
import type {
  Arg,
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
import { type Collector, diagnose, nearest } from '../diagnostics/index.js';
import { isBuiltin } from './builtins.js';
import { headerOf, readPattern } from './grid.js';
import { ImportedNames } from './imported-names.js';
import { limits } from './limits.js';
import { type Definition, NameScope } from './name-scope.js';
import { isLanguageOp } from './operators.js';
import { unknownCallee, unknownValue } from './unknown.js';

/** What evaluation passes over in silence, since it is reported. */
export interface Reported {
  /** Expressions nested too deep to be evaluated. */
  readonly rejected: ReadonlySet<Expr>;
  /** Places of names that nothing has. */
  readonly unknown: ReadonlySet<Span>;
  /** Blocks whose bodies have such names. */
  readonly incomplete: ReadonlySet<BlockDecl>;
}

export const nothingReported: Reported = { rejected: new Set(), unknown: new Set(), incomplete: new Set() };

/** What the walk over the names finds out for the stages after it. */
export interface NameFacts extends Reported {
  /** Definitions that something else of the same name comes before. */
  readonly duplicates: ReadonlySet<object>;
  /** The `let`s, params and so on that nothing mentions; their spans, for lints that would say the same again. */
  readonly unused: readonly Span[];
}

/**
 * Walks all of the text and of the files it imports, branches that are never taken and blocks that are never called included: unknown names,
 * names defined twice, names nothing mentions, patterns that are none, expressions nested too deep.
 */
export function checkNames(module: Module, network: NetworkDecl | undefined, report: Collector): NameFacts {
  const walk = new NameWalk(report, module.tree);
  const library = walk.library(module);
  if (network !== undefined) {
    const scope = new NameScope(library);
    walk.network(network, scope);
    // What a setting may say is the recipe's affair; here it only counts as a mention.
    for (const train of module.tree.trains)
      for (const s of train.settings) walk.expression(s.value, scope, { silent: true });
  }
  const { rejected, duplicates, unknown, incomplete } = walk;
  return { rejected, duplicates, unknown, incomplete, unused: walk.reportUnused() };
}

interface WalkOptions {
  /** Mentions only; no complaints. */
  readonly silent?: boolean;
  /** Symbols that are known here although nothing defines them: the dimensions of an input. */
  readonly symbols?: readonly string[];
}

class NameWalk {
  readonly rejected = new Set<Expr>();
  readonly duplicates = new Set<object>();
  readonly unknown = new Set<Span>();
  readonly incomplete = new Set<BlockDecl>();
  private readonly definitions: Definition[] = [];
  private hasHoles = false;
  private readonly libraries = new Map<Module, NameScope>();
  private readonly imports: ImportedNames;
  /** The block whose body is being walked: calling oneself is no use. */
  private inside: Definition | undefined;
  /** Unknown names of the item or rule that is being walked: each is reported once there. */
  private reported = new Set<string>();

  /** @param tree the spec's own */
  constructor(
    private readonly report: Collector,
    private readonly tree: SpecTree,
  ) {
    this.imports = new ImportedNames(report);
  }

  /** The blocks that a file sees, its own bodies walked; those of the files it imports too, once each. */
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
        diagnose('duplicate-name', name.span, `${name.text} is defined twice`, {
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
        diagnose('reserved-name', name.span, `${name.text} is ${what} already`, {
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
      this.reported = new Set();
      switch (item.kind) {
        case 'param':
        case 'let':
        case 'expect':
          this.expression(item.value, scope);
          break;
        case 'input':
          for (const [k, dim] of item.dims.entries()) {
            // C, as papers write channels, is answered where the shape is read.
            const symbols = ['N', 'D', 'H', 'W', ...(k === 1 && scope.value('C') === undefined ? ['C'] : [])];
            this.expression(dim, scope, { symbols });
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
          for (const mode of item.modes) this.expression(mode.value, scope);
          break;
      }
    }
  }

  blockBody(block: BlockDecl, home: NameScope): void {
    const scope = new NameScope(home);
    const own = home.blocks.get(block.name.text);
    for (const parameter of block.parameters) {
      if (parameter.default !== undefined) this.expression(parameter.default, scope);
      this.define(scope.values, 'parameter', parameter.name, parameter.name.span, parameter, true);
    }
    this.inside = own;
    this.reported = new Set();
    this.body(block.body, scope);
    if (this.reported.size > 0) this.incomplete.add(block);
    this.inside = undefined;
  }

  private body(body: Body, outer: NameScope): void {
    const scope = new NameScope(outer);
    for (const decl of body.lets) {
      this.expression(decl.value, scope);
      this.define(scope.values, 'let', decl.name, decl.span, decl, true);
    }
    this.expression(body.result, scope);
  }

  private indices(indices: readonly IndexDecl[], scope: NameScope): void {
    for (const index of indices) {
      this.expression(index.range, scope);
      this.define(scope.values, 'index', index.name, index.span, index, false);
    }
  }

  private grid(grid: GridDecl, scope: NameScope): void {
    this.indices(grid.indices, new NameScope(scope));
    for (const rule of grid.rules) {
      if (rule.name.text !== grid.name.text) {
        this.report.add(
          diagnose(
            'rule-name',
            rule.name.span,
            `this rule is for ${rule.name.text}, but it is in grid ${grid.name.text}`,
            {
              hints: [`write ${grid.name.text}[...]`],
              // Unless it is a rule of another grid, in the wrong place.
              fixes: [replace(rule.name.span, grid.name.text, scope.value(rule.name.text) === undefined)],
            },
          ),
        );
      }
      if (rule.patterns.length !== grid.indices.length) {
        const indices = grid.indices.map((d) => d.name.text).join(', ');
        this.report.add(
          diagnose(
            'bad-pattern',
            headerOf(rule),
            `${grid.name.text} has ${grid.indices.length} indices, and this pattern has ${rule.patterns.length}`,
            {
              hints: [`write ${grid.name.text}[${indices}]`],
            },
          ),
        );
      }
      this.reported = new Set();
      const unbound = rule.patterns.length !== grid.indices.length || rule.patterns.some(isNone);
      const inner = new NameScope(scope, scope.open, unbound);
      for (const pattern of rule.patterns) this.pattern(pattern, inner, scope);
      if (rule.guard !== undefined) this.expression(rule.guard, inner);
      this.body(rule.body, inner);
    }
  }

  private pattern(pattern: Expr, scope: NameScope, outer: NameScope): void {
    if (pattern.kind === 'missing') this.hasHoles = true;
    else if (pattern.kind === 'name') {
      const { text, span } = pattern;
      if (scope.values.has(text) && !text.startsWith('_')) {
        this.report.add(
          diagnose('bad-pattern', span, `${text} is bound twice in this pattern`, {
            hints: [`use two names and a guard: when i == j`],
          }),
        );
      }
      const other = outer.value(text);
      if (other !== undefined) {
        this.report.add(
          diagnose(
            'pattern-shadows',
            span,
            `${text} here is a new name that matches every index, not the ${other.kind} ${text}`,
            {
              hints: [`use another name and a guard: when i == ${text}`],
              related: [{ span: other.name.span, message: `the ${other.kind} ${text}` }],
            },
          ),
        );
      }
      scope.values.set(text, { kind: 'index', name: pattern, span, lint: false, used: true });
    } else if (readPattern(pattern).kind === 'broken') {
      this.report.add(
        diagnose('bad-pattern', pattern.span, 'a pattern is a whole number or a name', {
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

  /** Walks with a stack of its own, since an expression can be nested as deep as a file is long. */
  expression(root: Expr, outer: NameScope, options: WalkOptions = {}): void {
    const todo: { expr: Expr; scope: NameScope; depth: number }[] = [{ expr: root, scope: outer, depth: 1 }];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const { expr, scope, depth } = next;
      if (depth > limits.expression && !this.rejected.has(root)) {
        this.rejected.add(root);
        this.report.add(
          diagnose('limit-nesting', root.span, `this expression is nested more than ${limits.expression} deep`, {
            hints: ['name parts of it with `let`'],
          }),
        );
      }
      const push = (children: readonly Expr[], at: NameScope = scope): void => {
        for (const child of children) todo.push({ expr: child, scope: at, depth: depth + 1 });
      };
      switch (expr.kind) {
        case 'missing':
          this.hasHoles = true;
          break;
        case 'name':
          this.mention(expr.text, expr.span, scope, options);
          break;
        case 'list':
          push(expr.items);
          break;
        case 'range':
          push([expr.from, expr.to]);
          break;
        case 'index':
          push([expr.target, ...expr.indices]);
          break;
        case 'call':
          this.callee(expr, expr.callee, scope, options);
          push(values(expr.args));
          break;
        case 'pipe':
          this.callee(expr, expr.call.callee, scope, options);
          push([expr.left, ...values(expr.call.args)]);
          break;
        case 'unary':
          push([expr.operand]);
          break;
        case 'binary':
          push([expr.left, expr.right]);
          break;
        case 'if':
          push([expr.condition, expr.consequent, expr.alternative]);
          break;
        case 'comprehension': {
          push([expr.source]);
          const inner = new NameScope(scope);
          inner.values.set(expr.index.text, {
            kind: 'index',
            name: expr.index,
            span: expr.index.span,
            lint: false,
            used: true,
          });
          push(expr.condition === undefined ? [expr.value] : [expr.value, expr.condition], inner);
          break;
        }
      }
    }
  }

  private mention(text: string, span: Span, scope: NameScope, options: WalkOptions): void {
    if (options.symbols?.includes(text)) return;
    const found = scope.value(text);
    if (found !== undefined) found.used = true;
    else if (!options.silent) {
      const unknown = unknownValue(text, span, { values: () => scope.allValues(), blocks: () => scope.allBlocks() });
      this.meant(text, scope);
      if (unknown === undefined) return;
      this.unknown.add(span);
      if (this.reported.has(text) || scope.unbound) return;
      this.reported.add(text);
      this.report.add(unknown);
    }
  }

  private callee(call: Expr, callee: Name, scope: NameScope, options: WalkOptions): void {
    const block = scope.block(callee.text);
    if (block !== undefined) {
      if (block !== this.inside) block.used = true;
    } else if (scope.open && !isLanguageOp(callee.text) && !isBuiltin(callee.text)) {
      // Most likely a block of the import that led nowhere.
      this.rejected.add(call);
    } else if (!options.silent && !isLanguageOp(callee.text) && !isBuiltin(callee.text)) {
      const own = callee.span.file === undefined;
      const reach = {
        values: () => scope.allValues(),
        blocks: () => scope.allBlocks(),
        ...(own ? { importing: (path: string) => importing(this.tree, path) } : {}),
      };
      const indexed = indexing(call);
      this.report.add(unknownCallee(callee.text, callee.span, indexed ? { ...reach, indexed } : reach));
      this.meant(callee.text, scope);
    }
  }

  /** A name that is misspelt, or called without being a block, is not unused as well: one mistake, one message. */
  private meant(text: string, scope: NameScope): void {
    for (const name of [text, nearest(text, scope.allValues())]) {
      const value = name === undefined ? undefined : scope.value(name);
      if (value !== undefined) value.used = true;
    }
    const near = nearest(text, scope.allBlocks());
    const block = near === undefined ? undefined : scope.block(near);
    if (block !== undefined) block.used = true;
  }

  /** Where the text has holes, what they held may have used anything. */
  reportUnused(): Span[] {
    if (this.hasHoles) return [];
    const unused = this.definitions.filter((d) => d.lint && !d.used);
    for (const { kind, name } of unused) {
      const hint =
        kind === 'parameter'
          ? 'use it in the block, or remove it and the arguments for it'
          : `use it, or remove the ${kind}`;
      const what = kind === 'let' ? name.text : `${kind} ${name.text}`;
      const fixes = [replace(name.span, `_${name.text}`, false, `call it _${name.text}`)];
      this.report.add(diagnose('unused-name', name.span, `nothing uses ${what}`, { hints: [hint], fixes }));
    }
    this.imports.reportUnused();
    return unused.map((d) => d.span);
  }
}

/** The fix that makes an index of a call with one argument: `width(0)` was meant to be `width[0]`. */
function indexing(call: Expr): Fix | undefined {
  if (call.kind !== 'call' || call.args.length !== 1) return undefined;
  const [arg] = call.args;
  if (arg === undefined || arg.name !== undefined || arg.value.kind === 'missing') return undefined;
  const file = call.span.file === undefined ? {} : { file: call.span.file };
  const open = { ...file, start: call.callee.span.end, end: arg.value.span.start };
  const close = { ...file, start: arg.value.span.end, end: call.span.end };
  const edits = [
    { span: open, text: '[' },
    { span: close, text: ']' },
  ];
  return { title: 'write an index', edits, certain: true };
}

/** The fix that imports a file: behind the imports there are, or before everything. */
function importing({ imports, networks, blocks, trains, span }: SpecTree, path: string): Fix {
  const last = imports.at(-1);
  const first = [...networks, ...blocks, ...trains]
    .map((d) => d.span.start)
    .reduce((a, b) => (b.offset < a.offset ? b : a), span.end);
  const line = `import "${path}"`;
  return last === undefined
    ? replace({ start: first, end: first }, `${line}\n\n`, true, `import ${path}`)
    : replace(behind(last.span), `\n${line}`, true, `import ${path}`);
}

const isNone = (pattern: Expr): boolean => readPattern(pattern).kind === 'broken';
const values = (args: readonly Arg[]): Expr[] => args.map((a) => a.value);
