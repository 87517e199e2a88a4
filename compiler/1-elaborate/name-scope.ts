import type { Span } from '../../grammar/diagnostic.js';
import type { Name } from '../../grammar/tree.js';

/** A definition in the walk over the names. */
export interface Definition {
  readonly kind: string;
  readonly name: Name;
  /** The whole of it, for `unused`. */
  readonly span: Span;
  readonly lint: boolean;
  used: boolean;
}

/** The names in reach at a place of the text; blocks have a table of their own, since only calls can mean them. */
export class NameScope {
  readonly values = new Map<string, Definition>();
  readonly blocks = new Map<string, Definition>();

  /**
   * @param open whether blocks may be missing: an import led nowhere, and that is reported
   * @param unbound whether values may be missing: a pattern that binds them is none, and that is reported
   */
  constructor(
    readonly parent: NameScope | null,
    readonly open: boolean = parent?.open ?? false,
    readonly unbound: boolean = parent?.unbound ?? false,
  ) {}

  value(name: string): Definition | undefined {
    return this.values.get(name) ?? this.parent?.value(name);
  }

  block(name: string): Definition | undefined {
    return this.blocks.get(name) ?? this.parent?.block(name);
  }

  allValues(): string[] {
    return [...this.values.keys(), ...(this.parent?.allValues() ?? [])];
  }

  allBlocks(): string[] {
    return [...this.blocks.keys(), ...(this.parent?.allBlocks() ?? [])];
  }
}
