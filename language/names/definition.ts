import type { Span } from '../../grammar/diagnostic.js';
import type { BlockDecl, Expr, Name } from '../../grammar/tree.js';

export type DefinitionKind =
  | 'network'
  | 'param'
  | 'let'
  | 'input'
  | 'block'
  | 'parameter'
  | 'grid'
  | 'head'
  | 'output'
  | 'mode'
  | 'index';

/** A name that a text gives to something. */
export interface Definition {
  readonly kind: DefinitionKind;
  readonly name: Name;
  /** The whole declaration. */
  readonly span: Span;
  /** Of a block, what it takes. */
  readonly block?: BlockDecl;
  /** What is written for its value, range or default. */
  readonly value?: Expr;
  /** A `let` of a body is known behind itself only; all else is known everywhere in its scope. */
  readonly local: boolean;
}

/** Tables of words that a recipe knows. */
export type RecipeTable = 'loss' | 'optimizer' | 'schedule' | 'augment' | 'masks';

/** What a word of the text means. */
export type Target =
  | { readonly kind: 'name'; readonly definition: Definition }
  | { readonly kind: 'operator' | 'function'; readonly name: string }
  /** A named argument of an operator or of a word of a recipe: `kernel: 3`. */
  | { readonly kind: 'argument'; readonly of: string; readonly table: RecipeTable | 'operator'; readonly name: string }
  | { readonly kind: 'recipe'; readonly table: RecipeTable; readonly name: string }
  | { readonly kind: 'setting'; readonly name: string }
  /** A dimension or a type of an input, a word that stands for itself (`same`), what an `expect` is about, a level. */
  | { readonly kind: 'dimension' | 'type' | 'word' | 'fact' | 'level'; readonly name: string }
  | { readonly kind: 'unknown'; readonly name: string; readonly called: boolean };

/** A word of the spec's own text, and what it means there. */
export interface Occurrence {
  readonly span: Span;
  readonly target: Target;
  /** Whether it is the place that gives the name. */
  readonly defines: boolean;
}

/** The names in reach at a place, innermost scope first; blocks have a table of their own, since only calls can mean them. */
export class Scope {
  readonly values = new Map<string, Definition>();
  readonly blocks = new Map<string, Definition>();

  constructor(readonly parent: Scope | null = null) {}

  value(name: string): Definition | undefined {
    return this.values.get(name) ?? this.parent?.value(name);
  }

  block(name: string): Definition | undefined {
    return this.blocks.get(name) ?? this.parent?.block(name);
  }

  /** All that is in reach; of equal names the innermost. */
  reach(): Definition[] {
    const found = new Map<string, Definition>();
    for (let scope: Scope | null = this; scope !== null; scope = scope.parent) {
      for (const table of [scope.values, scope.blocks])
        for (const [name, d] of table) if (!found.has(name)) found.set(name, d);
    }
    return [...found.values()];
  }
}

/** A stretch of the text, in offsets, and the names its expressions see. */
export interface Region {
  readonly start: number;
  readonly end: number;
  readonly scope: Scope;
}
