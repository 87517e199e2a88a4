import type { Diagnostic, Span } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import type { Expr, NetworkDecl, SpecTree, TrainDecl } from '../../grammar/tree.js';
import type { Module } from '../0-import/index.js';
import { type Collector, collect, diagnose } from '../diagnostics/index.js';
import type { Recipe } from '../recipe.js';
import { activationOf } from './activation.js';
import { isBuiltin } from './builtins.js';
import { findEdges } from './edges.js';
import { Environment, type Lazy } from './environment.js';
import { Evaluator } from './evaluator.js';
import { elaborateExpect } from './expects.js';
import { type Grid, makeGrid } from './grid.js';
import { type HeadFamily, makeFamily } from './heads.js';
import { elaborateInput } from './input.js';
import { lint } from './lints.js';
import { checkNames, type NameFacts, nothingReported } from './names.js';
import { elaborateOutputs } from './outputs.js';
import { checkSettings, paramValue, type Settings } from './params.js';
import type { Meanings, RawNetwork } from './raw.js';
import { elaborateRecipe, type RecipeContext } from './recipe/index.js';
import { Steps, scopeOf } from './steps.js';
import { containsTensor, poison, toPlain, type Value } from './values.js';

export interface ElaborateOptions {
  /** Values for params, as text: `{ width: '[16, 32]' }`. */
  readonly set?: Settings;
  /** What the imports of the tree led to; absent: nothing. */
  readonly imports?: Module['imports'];
}

export interface Elaboration {
  /**
   * Null if there is no network, no input, or no head to speak of. With errors it holds what could be made of the rest,
   * so that shapes are checked there too; its `expects` are empty then.
   */
  readonly network: RawNetwork | null;
  readonly recipe: Recipe;
  /** Whether the spec has a `train` block; without one the recipe is the default. */
  readonly hasTrain: boolean;
  /** What places of the text came to mean, as far as they mean anything: for editors. */
  readonly meanings: Meanings;
  /** In the order of the text, one for each kind of mistake and place. */
  readonly diagnostics: Diagnostic[];
}

/**
 * Gives a syntax tree its meaning: params, lists, grids, blocks and heads are evaluated, and what is left is a flat list
 * of tensor operators, each with its path and span, and a recipe. Pure and deterministic; never throws, whatever the tree.
 */
export function elaborate(tree: SpecTree, options: ElaborateOptions = {}): Elaboration {
  const report = collect();
  const [decl, ...otherNetworks] = tree.networks;
  const [train, ...otherTrains] = tree.trains;
  for (const other of otherNetworks) {
    report.add(
      diagnose(say.extraNetwork.network({ name: other.name.text }), other.name.span, {
        hints: ['give it a file of its own'],
      }),
    );
  }
  for (const other of otherTrains) {
    report.add(diagnose(say.extraTrain.train(), firstLine(other.span), { hints: ['merge it into the first'] }));
  }
  if (decl === undefined && tree.blocks.length === 0) {
    report.add(
      diagnose(say.noNetwork.file(), firstLine(tree.span), {
        hints: ['write one: network Name { ... }'],
      }),
    );
  }
  const module: Module = { path: null, tree, imports: options.imports ?? [] };
  const names = checkNames(module, decl, report);
  const { network, context, meanings } =
    decl === undefined ? without(report) : new Elaborator(module, decl, names, report, options.set ?? {}).run();
  const recipe = elaborateRecipe(readable(train, names), context);
  return { network, recipe, hasTrain: train !== undefined, meanings, diagnostics: report.list() };
}

/** The start of a long span: enough to point at. */
const firstLine = ({ start, end }: Span): Span =>
  start.line === end.line
    ? { start, end }
    : { start, end: { line: start.line, column: start.column + 1, offset: start.offset + 1 } };

/** A recipe in a file without a network can still be read, as far as it needs none. */
function without(report: Collector): { network: null; context: RecipeContext; meanings: Meanings } {
  const evaluator = new Evaluator(report, new Steps(), nothingReported);
  const env = new Environment();
  const context = {
    report,
    evaluate: (e: Expr) => evaluator.expression(e, env),
    knows: isBuiltin,
    heads: [],
    rank: null,
  };
  return { network: null, context, meanings: { steps: [], cells: [], heads: [], values: new Map() } };
}

const readable = (train: TrainDecl | undefined, names: NameFacts): TrainDecl | undefined =>
  train && { ...train, settings: train.settings.filter((s) => !names.rejected.has(s.value)) };

/**
 * The blocks in a file's scope: its own, and those of the files it imports, whose bodies have the scope of those files. A block that
 * something of its name comes before, which is reported, is left out.
 */
function libraryOf(module: Module, names: NameFacts, made: Map<Module, Environment>): Environment {
  const known = made.get(module);
  if (known !== undefined) return known;
  const library = new Environment();
  made.set(module, library);
  for (const { module: other } of module.imports) {
    const home = libraryOf(other, names, made);
    for (const block of other.tree.blocks) {
      if (!names.duplicates.has(block) && library.block(block.name.text) === undefined)
        library.defineBlock(block, home);
    }
  }
  for (const block of module.tree.blocks) if (!names.duplicates.has(block)) library.defineBlock(block);
  return library;
}

class Elaborator {
  private readonly steps = new Steps();
  private readonly evaluator: Evaluator;
  private readonly env: Environment;
  private readonly params: Lazy[] = [];
  private readonly lets: Lazy[] = [];
  private readonly inputs: Lazy[] = [];
  private readonly grids: Grid[] = [];
  private readonly families: HeadFamily[] = [];

  constructor(
    module: Module,
    private readonly decl: NetworkDecl,
    private readonly names: NameFacts,
    private readonly report: Collector,
    private readonly set: Settings,
  ) {
    this.evaluator = new Evaluator(report, this.steps, names);
    this.env = new Environment(libraryOf(module, names, new Map()));
  }

  run(): { network: RawNetwork | null; context: RecipeContext; meanings: Meanings } {
    const { evaluator, report, steps } = this;
    checkSettings(this.decl, this.set, report);
    this.define();
    this.evaluateAll();
    const answers = elaborateOutputs(evaluator, this.decl, this.families, this.env);
    // The facts a spec states are about the spec as written: under other params they would only be in the way.
    const asWritten = Object.keys(this.set).length === 0;
    const expects = this.decl.items
      .filter((item) => item.kind === 'expect')
      .filter(() => asWritten)
      .flatMap((item) => elaborateExpect(evaluator, item, this.env, answers) ?? []);
    const edges = findEdges(steps, this.grids, evaluator.reads);
    if (report.errors === 0) {
      const { grids, families, lets, names } = this;
      lint({ steps, grids, families, lets, answers, edges, unused: names.unused }, report);
    }
    const input = steps.list.find((step) => step.kind === 'input');
    const network: RawNetwork | null =
      input === undefined || answers.heads.length === 0
        ? null
        : {
            name: this.decl.name.text,
            steps: steps.list,
            ...answers,
            edges,
            expects: report.errors === 0 ? expects : [],
            params: Object.fromEntries(this.params.map((p) => [p.label, toPlain(p.value)])),
          };
    const context: RecipeContext = {
      report,
      evaluate: (expr) => evaluator.expression(expr, this.env),
      knows: (name) => isBuiltin(name) || this.env.lookup(name) !== undefined || this.env.block(name) !== undefined,
      heads:
        report.errors === 0
          ? answers.heads.map((h) => ({ name: h.name, span: h.span, activation: activationOf(steps, h.value) }))
          : [],
      rank: input === undefined ? null : input.shape.length - 2,
    };
    return { network, context, meanings: this.meanings() };
  }

  private meanings(): Meanings {
    const stepOf = ({ value }: Lazy): number | null => (value.kind === 'tensor' ? value.step : null);
    return {
      steps: this.steps.list,
      cells: this.grids.flatMap((grid) =>
        [...(grid.cells?.values() ?? [])].map(({ index, label, rule, lazy }) => ({
          cell: { grid: grid.name, index },
          label,
          rule,
          value: stepOf(lazy),
        })),
      ),
      heads: this.families.flatMap(({ decl, members }) =>
        (members ?? []).map(({ name, level, lazy }) => ({ decl, name, level, value: stepOf(lazy) })),
      ),
      values: new Map([...this.inputs, ...this.params, ...this.lets].map((lazy) => [lazy.label, lazy.value])),
    };
  }

  /** Names are known everywhere in a network, whatever their order; values are evaluated when they are needed. */
  private define(): void {
    const { evaluator, env, names } = this;
    for (const item of this.decl.items) {
      if (names.duplicates.has(item)) continue;
      switch (item.kind) {
        case 'param': {
          const standard = (): Value => this.constant(item.value, evaluator.expression(item.value, env));
          this.lazy(item.name.text, item.name.span, this.params, () =>
            paramValue(item, standard(), this.set, this.report),
          );
          break;
        }
        case 'let':
          this.lazy(item.name.text, item.name.span, this.lets, () => evaluator.expression(item.value, env));
          break;
        case 'input':
          if (this.inputs.length === 0) {
            this.lazy(item.name.text, item.name.span, this.inputs, () => elaborateInput(evaluator, item, env));
          } else {
            env.defineValue(item.name.text, poison);
            this.report.add(
              diagnose(say.extraInput.input({ name: this.decl.name.text }), item.name.span, {
                hints: ['put further images into channels of the first'],
              }),
            );
          }
          break;
        case 'block':
          env.defineBlock(item);
          break;
        case 'grid': {
          const grid = makeGrid(evaluator, item, env);
          this.grids.push(grid);
          env.define(item.name.text, { kind: 'grid', grid });
          break;
        }
        case 'head': {
          const family = makeFamily(evaluator, item, env);
          this.families.push(family);
          env.define(item.name.text, { kind: 'heads', family });
          break;
        }
      }
    }
    if (this.inputs.length === 0) {
      this.report.add(
        diagnose(say.noInput.input({ name: this.decl.name.text }), this.decl.name.span, {
          hints: ['declare one: input image: f32[N, 3, H, W]'],
        }),
      );
    }
  }

  private lazy(label: string, span: Span, into: Lazy[], compute: () => Value): void {
    const lazy: Lazy = { label, span, scope: scopeOf(label), state: 'waiting', value: poison, compute };
    into.push(lazy);
    this.env.define(label, { kind: 'lazy', lazy });
  }

  private constant(expr: Expr, value: Value): Value {
    if (!containsTensor(value)) return value;
    return this.evaluator.fail(say.wrongType.param(), expr.span, {
      hints: ['write let'],
    });
  }

  /**
   * The input first: a step's inputs come before it. Then everything, so that all mistakes are found; grids before what
   * reads them, since a long chain of cells is no deep recursion if it is evaluated from its beginning.
   */
  private evaluateAll(): void {
    const { evaluator } = this;
    for (const lazy of [...this.inputs, ...this.params]) evaluator.force(lazy, lazy.span);
    for (const grid of this.grids) {
      evaluator.force(grid.layout, grid.layout.span);
      for (const cell of grid.cells?.values() ?? []) evaluator.force(cell.lazy, cell.lazy.span);
    }
    for (const lazy of this.lets) evaluator.force(lazy, lazy.span);
    for (const family of this.families) {
      evaluator.force(family.layout, family.layout.span);
      for (const member of family.members ?? []) evaluator.force(member.lazy, member.lazy.span);
    }
  }
}

export { elaborateRecipe } from './recipe/index.js';
