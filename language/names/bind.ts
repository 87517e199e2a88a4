import type { Module } from '../../compiler/0-import/index.js';
import { isBuiltin } from '../../compiler/1-elaborate/builtins.js';
import { argumentWords, isLanguageOp } from '../../compiler/1-elaborate/operators.js';
import type { Span } from '../../grammar/diagnostic.js';
import type {
  BlockDecl,
  Body,
  Expr,
  IndexDecl,
  Name,
  NetworkDecl,
  NetworkItem,
  TrainDecl,
} from '../../grammar/tree.js';
import { isRecipeTable, isRecipeWord } from '../docs/recipe.js';
import { type Definition, type Occurrence, type RecipeTable, type Region, Scope, type Target } from './definition.js';

export interface Names {
  /** Of the spec's own text, in its order; no two overlap. */
  readonly occurrences: readonly Occurrence[];
  /** An inner region comes behind the one around it. */
  readonly regions: readonly Region[];
  /** The network's scope, or the file's where there is no network. */
  readonly outer: Scope;
  /** How many definitions something else of the same name comes before. */
  readonly duplicates: number;
}

/** Which declaration each name of a text means: the rules of `1-elaborate/names.ts`, with the places kept. Never throws. */
export function bindNames(module: Module): Names {
  const walk = new Binder();
  const library = walk.library(module);
  const end = module.tree.span.end.offset;
  walk.region(0, end, library);
  for (const block of module.tree.blocks) walk.block(block, library, block.span.end.offset);
  const [network, ...others] = module.tree.networks;
  const scope = network ? walk.network(network, library, extent(network.span, module, end)) : library;
  // A second network is a mistake, but its author still looks around in it.
  for (const other of others) walk.network(other, library, extent(other.span, module, end));
  for (const train of module.tree.trains) walk.train(train, scope, extent(train.span, module, end));
  const occurrences = walk.occurrences
    .filter((o) => o.span.file === undefined && o.span.end.offset > o.span.start.offset)
    .sort((a, b) => a.span.start.offset - b.span.start.offset);
  return { occurrences, regions: walk.regions, outer: scope, duplicates: walk.duplicates };
}

/** Up to where a part of the file extends while it is still being written: to the next part. */
function extent(span: Span, { tree }: Module, end: number): number {
  const parts = [...tree.imports, ...tree.blocks, ...tree.networks, ...tree.trains];
  const later = parts.map((p) => p.span.start.offset).filter((o) => o > span.start.offset);
  return Math.min(end, ...later);
}

class Binder {
  readonly occurrences: Occurrence[] = [];
  readonly regions: Region[] = [];
  duplicates = 0;
  private readonly definitions = new Map<object, Definition>();
  private modes = new Map<string, Definition>();

  region(start: number, end: number, scope: Scope): void {
    this.regions.push({ start, end, scope });
  }

  /** The blocks in a file's scope. */
  library(module: Module): Scope {
    const scope = new Scope();
    for (const { module: other } of module.imports) {
      for (const block of other.tree.blocks) {
        if (!scope.blocks.has(block.name.text)) scope.blocks.set(block.name.text, this.blockDefinition(block));
      }
    }
    for (const block of module.tree.blocks) this.define(scope.blocks, block, this.blockDefinition(block));
    return scope;
  }

  private blockDefinition(block: BlockDecl): Definition {
    const known = this.definitions.get(block);
    if (known) return known;
    const made: Definition = { kind: 'block', name: block.name, span: block.span, block, local: false };
    this.definitions.set(block, made);
    return made;
  }

  /** @param clash another table in which the name may not be */
  private define(table: Map<string, Definition>, decl: object, d: Definition, clash?: Map<string, Definition>): void {
    const { text, span } = d.name;
    this.definitions.set(decl, d);
    this.at(span, { kind: 'name', definition: d }, true);
    if (text === '') return;
    if (table.has(text) || clash?.has(text)) this.duplicates++;
    else table.set(text, d);
  }

  private at(span: Span, target: Target, defines = false): void {
    this.occurrences.push({ span, target, defines });
  }

  private use(span: Span, definition: Definition): void {
    this.at(span, { kind: 'name', definition });
  }

  network(network: NetworkDecl, library: Scope, end: number): Scope {
    const scope = new Scope(library);
    const self: Definition = { kind: 'network', name: network.name, span: network.span, local: false };
    this.at(network.name.span, { kind: 'name', definition: self }, true);
    this.region(network.span.start.offset, end, scope);
    this.modes = new Map();
    for (const item of network.items) this.declare(item, scope);
    // The output is no value: nothing can read it. Its name is taken all the same.
    for (const [name, d] of scope.values) if (d.kind === 'output') scope.values.delete(name);
    network.items.forEach((item, k) => {
      const next = network.items[k + 1]?.span.start.offset ?? end;
      this.item(item, scope, Math.max(item.span.end.offset, next));
    });
    return scope;
  }

  private declare(item: NetworkItem, scope: Scope): void {
    if (item.kind === 'expect') return;
    const { kind, name, span } = item;
    const value = kind === 'param' || kind === 'let' ? item.value : undefined;
    switch (kind) {
      case 'block':
        this.define(scope.blocks, item, this.blockDefinition(item), scope.values);
        break;
      case 'output':
        this.define(scope.values, item, { kind, name, span, local: false }, scope.blocks);
        for (const mode of item.modes) {
          if (mode.name.span.start.offset === name.span.start.offset) continue;
          const d: Definition = { kind: 'mode', name: mode.name, span: mode.span, value: mode.value, local: false };
          this.define(this.modes, mode, d);
        }
        break;
      default:
        this.define(scope.values, item, { kind, name, span, value, local: false }, scope.blocks);
    }
  }

  private item(item: NetworkItem, scope: Scope, end: number): void {
    switch (item.kind) {
      case 'param':
      case 'let':
        this.expression(item.value, scope);
        break;
      case 'expect':
        this.at(item.what.span, { kind: 'fact', name: item.what.text });
        if (item.level) this.at(item.level.span, { kind: 'level', name: item.level.text });
        if (item.mode) {
          const mode = this.modes.get(item.mode.text);
          if (mode) this.use(item.mode.span, mode);
          else this.at(item.mode.span, { kind: 'unknown', name: item.mode.text, called: false });
        }
        this.expression(item.value, scope);
        break;
      case 'input':
        this.at(item.dtype.span, { kind: 'type', name: item.dtype.text });
        for (const dim of item.dims) {
          if (dim.kind === 'name' && ['N', 'D', 'H', 'W'].includes(dim.text))
            this.at(dim.span, { kind: 'dimension', name: dim.text });
          else this.expression(dim, scope);
        }
        break;
      case 'block':
        this.block(item, scope, end);
        break;
      case 'grid': {
        const known = this.definitions.get(item);
        this.indices(item.indices, new Scope(scope));
        item.rules.forEach((rule, k) => {
          const inner = new Scope(scope);
          this.region(rule.span.start.offset, item.rules[k + 1]?.span.start.offset ?? item.span.end.offset, inner);
          if (known && rule.name.text === item.name.text) this.use(rule.name.span, known);
          else this.at(rule.name.span, { kind: 'unknown', name: rule.name.text, called: false });
          for (const pattern of rule.patterns) {
            if (pattern.kind !== 'name') this.expression(pattern, scope);
            else {
              const d: Definition = { kind: 'index', name: pattern, span: pattern.span, local: false };
              this.define(inner.values, pattern, d);
            }
          }
          if (rule.guard) this.expression(rule.guard, inner);
          this.body(rule.body, inner);
        });
        break;
      }
      case 'head': {
        const inner = new Scope(scope);
        this.region(item.span.start.offset, end, inner);
        this.indices(item.indices, inner);
        this.body(item.body, inner);
        break;
      }
      case 'output':
        for (const mode of item.modes) this.expression(mode.value, scope);
        break;
    }
  }

  block(block: BlockDecl, home: Scope, end: number): void {
    const scope = new Scope(home);
    this.region(block.span.start.offset, Math.max(end, block.span.end.offset), scope);
    for (const parameter of block.parameters) {
      if (parameter.default) this.expression(parameter.default, scope);
      this.define(scope.values, parameter, this.parameter(block, parameter.name));
    }
    this.body(block.body, scope);
  }

  /** Also of a block of another file, which is not walked. */
  private parameter(block: BlockDecl, name: Name): Definition {
    const decl = block.parameters.find((p) => p.name === name) as BlockDecl['parameters'][number];
    const known = this.definitions.get(decl);
    if (known) return known;
    const made: Definition = { kind: 'parameter', name, span: name.span, value: decl.default, local: false };
    this.definitions.set(decl, made);
    return made;
  }

  private indices(indices: readonly IndexDecl[], scope: Scope): void {
    for (const index of indices) {
      this.expression(index.range, scope);
      const { name, span, range } = index;
      this.define(scope.values, index, { kind: 'index', name, span, value: range, local: false });
    }
  }

  private body(body: Body, outer: Scope): void {
    const scope = new Scope(outer);
    // The names of a body are known up to the end of what it is the body of.
    if (body.lets.length > 0) {
      const around = this.regions.findLast((r) => r.scope === outer);
      const end = Math.max(body.span.end.offset, around?.end ?? 0);
      this.region(body.span.start.offset, end, scope);
    }
    for (const decl of body.lets) {
      this.expression(decl.value, scope);
      const { name, span, value } = decl;
      this.define(scope.values, decl, { kind: 'let', name, span, value, local: true });
    }
    this.expression(body.result, scope);
  }

  train(train: TrainDecl, scope: Scope, end: number): void {
    this.region(train.span.start.offset, end, scope);
    for (const { name, value } of train.settings) {
      this.at(name.span, { kind: 'setting', name: name.text });
      if (name.text === 'normalize' && value.kind === 'name') this.at(value.span, { kind: 'word', name: value.text });
      else this.expression(value, scope, isRecipeTable(name.text) ? name.text : undefined);
    }
  }

  /** Walks with a stack of its own, since an expression can be nested as deep as a file is long. */
  private expression(root: Expr, outer: Scope, table?: RecipeTable): void {
    const todo: { expr: Expr; scope: Scope }[] = [{ expr: root, scope: outer }];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const { expr, scope } = next;
      const push = (children: readonly Expr[], at: Scope = scope): void => {
        for (const child of children) todo.push({ expr: child, scope: at });
      };
      switch (expr.kind) {
        case 'name':
          this.mention(expr.text, expr.span, scope, table);
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
          this.call(expr, scope, table);
          push(expr.args.map((a) => a.value));
          break;
        case 'pipe':
          this.call(expr.call, scope, table);
          push([expr.left, ...expr.call.args.map((a) => a.value)]);
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
          const inner = new Scope(scope);
          this.region(expr.span.start.offset, expr.span.end.offset, inner);
          const { index, source, value, condition } = expr;
          const d: Definition = { kind: 'index', name: index, span: index.span, value: source, local: false };
          this.define(inner.values, expr, d);
          push(condition === undefined ? [value] : [value, condition], inner);
          break;
        }
      }
    }
  }

  private mention(text: string, span: Span, scope: Scope, table?: RecipeTable): void {
    if (table && isRecipeWord(table, text)) {
      this.at(span, { kind: 'recipe', table, name: text });
      return;
    }
    const found = scope.value(text);
    if (found) this.use(span, found);
    else if (argumentWords.has(text)) this.at(span, { kind: 'word', name: text });
    else this.at(span, { kind: 'unknown', name: text, called: false });
  }

  private call(call: Extract<Expr, { kind: 'call' }>, scope: Scope, table?: RecipeTable): void {
    const { text, span } = call.callee;
    const named = call.args.flatMap((a) => (a.name ? [a.name] : []));
    if (table && isRecipeWord(table, text)) {
      this.at(span, { kind: 'recipe', table, name: text });
      for (const name of named) this.at(name.span, { kind: 'argument', of: text, table, name: name.text });
      return;
    }
    const definition = scope.block(text);
    if (definition?.block) {
      const { block } = definition;
      this.use(span, definition);
      for (const name of named) {
        const parameter = block.parameters.find((p) => p.name.text === name.text);
        if (parameter) this.use(name.span, this.parameter(block, parameter.name));
        else this.at(name.span, { kind: 'unknown', name: name.text, called: false });
      }
      return;
    }
    // `max`, `mean` and `sum` are both: of numbers functions, of tensors operators.
    if (isLanguageOp(text)) {
      this.at(span, { kind: 'operator', name: text });
      for (const name of named) this.at(name.span, { kind: 'argument', of: text, table: 'operator', name: name.text });
    } else if (isBuiltin(text)) this.at(span, { kind: 'function', name: text });
    else this.at(span, { kind: 'unknown', name: text, called: true });
  }
}
