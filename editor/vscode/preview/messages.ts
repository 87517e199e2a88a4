import type { PageData } from '../../../compiler/5-emit/drawing/index.js';

/** What the page is told. */
export type ToPage =
  | {
      readonly type: 'drawing';
      /** The last that could be made; null if none was yet, or a text without mistakes has no network. */
      readonly drawing: { readonly body: string; readonly data: PageData } | null;
      /** Whether the text has changed since, and is wrong now. */
      readonly stale: boolean;
      /** The first mistake, its line from 1, and how many there are. */
      readonly problem: { readonly message: string; readonly line: number; readonly count: number } | null;
    }
  /** The boxes that the cursor is in. */
  | { readonly type: 'cursor'; readonly boxes: readonly string[] };

/** What the page says: that it listens, that a box was clicked, that the mistake was. */
export type FromPage =
  | { readonly type: 'ready' }
  | { readonly type: 'box'; readonly box: string }
  | { readonly type: 'problem' };
