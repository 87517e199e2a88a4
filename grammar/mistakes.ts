import type { Diagnostic, Fix, Related, Said, Span } from './diagnostic.js';
import { limits } from './limits.js';
import { say } from './say.js';

/** The kinds of mistake that reading a text can find. */
export type SyntaxCode =
  | 'syntax'
  | 'unexpected-character'
  | 'unterminated-string'
  | 'unterminated-comment'
  | 'bad-escape'
  | 'bad-number'
  | 'keyword-as-name'
  | 'unclosed-bracket'
  | 'stray-bracket'
  | 'operator-chain'
  | 'pipe-target'
  | 'call-target'
  | 'body-result'
  | 'outside-network'
  | 'import-place'
  | 'limit-depth'
  | 'limit-file'
  | 'limit-mistakes';

/** Collects the mistakes of one text; beyond `limits.mistakes` it only notes that there are more. */
export class Mistakes {
  private readonly found: Diagnostic[] = [];
  private full = false;

  /** @param hint one thing to do. */
  add(
    said: Said<SyntaxCode>,
    span: Span,
    hint: string,
    related: readonly Related[] = [],
    fixes: readonly Fix[] = [],
  ): void {
    if (this.full) return;
    if (this.found.length === limits.mistakes) {
      this.full = true;
      said = say.limitMistakes.more({ limit: limits.mistakes });
      hint = 'correct the first of them and check again';
      related = [];
      fixes = [];
    }
    this.found.push({
      code: said.code,
      severity: 'error',
      message: said.message,
      span,
      hints: [hint],
      related,
      ...(fixes.length > 0 ? { fixes } : {}),
    });
  }

  /** The mistakes in the order of the text. */
  list(): Diagnostic[] {
    return [...this.found].sort((a, b) => a.span.start.offset - b.span.start.offset);
  }
}
