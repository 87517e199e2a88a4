import type { Span } from '../../grammar/diagnostic.js';
import type { BlockDecl } from '../../grammar/tree.js';
import type { Grid } from './grid.js';
import type { HeadFamily } from './heads.js';
import type { Scope } from './steps.js';
import type { Value } from './values.js';

/** Something evaluated when it is first needed, and once: a cell, a head, a `let` of the network. */
export interface Lazy {
  /** What messages call it: `X[0,2]`. */
  readonly label: string;
  /** Where it is defined. */
  readonly span: Span;
  /** Where the nodes it makes belong. */
  readonly scope: Scope;
  state: 'waiting' | 'running' | 'done';
  value: Value;
  readonly compute: () => Value;
}

/** What a name stands for. */
export type Entry =
  | {
      readonly kind: 'value';
      readonly value: Value;
      /** Where a block was given it. */
      readonly given?: Span;
    }
  | { readonly kind: 'lazy'; readonly lazy: Lazy }
  | { readonly kind: 'grid'; readonly grid: Grid }
  | { readonly kind: 'heads'; readonly family: HeadFamily };

export interface Block {
  readonly decl: BlockDecl;
  /** The scope of its body, beside its parameters: a block of a library can't refer to names of the network that calls it. */
  readonly home: Environment;
}

/** Names in reach, innermost first. */
export class Environment {
  // Made when they are needed: every cell has an environment, and few define a block.
  private names: Map<string, Entry> | undefined;
  private blocks: Map<string, Block> | undefined;

  constructor(private readonly parent: Environment | null = null) {}

  define(name: string, entry: Entry): void {
    this.names ??= new Map();
    this.names.set(name, entry);
  }

  /** @param given where a block was given it */
  defineValue(name: string, value: Value, given?: Span): void {
    this.define(name, { kind: 'value', value, given });
  }

  /** @param home where its body was written; here, if it is not said. */
  defineBlock(decl: BlockDecl, home: Environment = this): void {
    this.blocks ??= new Map();
    this.blocks.set(decl.name.text, { decl, home });
  }

  lookup(name: string): Entry | undefined {
    return this.names?.get(name) ?? this.parent?.lookup(name);
  }

  block(name: string): Block | undefined {
    return this.blocks?.get(name) ?? this.parent?.block(name);
  }

  /** All names of values in reach, innermost first. */
  allNames(): string[] {
    return [...(this.names?.keys() ?? []), ...(this.parent?.allNames() ?? [])];
  }

  allBlocks(): string[] {
    return [...(this.blocks?.keys() ?? []), ...(this.parent?.allBlocks() ?? [])];
  }
}
