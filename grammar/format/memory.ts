import type { Statement } from './pieces.js';

interface Remembered {
  readonly statement: Statement;
  /** Whether parentheses were left out of it. */
  readonly simplified: boolean;
}

/**
 * Statements by their text, so that a text formatted again after an edit is laid out anew only where it changed. It decides nothing: a
 * statement's layout is a function of what it is filed under. What the last two texts did not have is forgotten.
 */
export class Memory {
  private before = new Map<string, Remembered>();
  private now = new Map<string, Remembered>();

  recall(text: string): Remembered | undefined {
    const known = this.now.get(text) ?? this.before.get(text);
    if (known !== undefined) this.now.set(text, known);
    return known;
  }

  keep(text: string, statement: Statement, simplified: boolean): Statement {
    const kept = { ...statement, layout: once(statement.layout) };
    this.now.set(text, { statement: kept, simplified });
    return kept;
  }

  /** The end of a text. */
  turn(): void {
    this.before = this.now;
    this.now = new Map();
  }
}

/** A function of a number, computed once for each. */
function once<T>(of: (n: number) => T): (n: number) => T {
  const known = new Map<number, T>();
  return (n) => {
    const found = known.get(n) ?? of(n);
    known.set(n, found);
    return found;
  };
}
