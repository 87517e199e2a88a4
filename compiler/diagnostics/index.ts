import type { Diagnostic, Related, Span } from '../../grammar/diagnostic.js';
import { elaborationPages } from './catalogue/elaboration.js';
import { importPages } from './catalogue/imports.js';
import { limitPages } from './catalogue/limits.js';
import { networkPages } from './catalogue/network.js';
import { shapePages } from './catalogue/shapes.js';
import { syntaxPages } from './catalogue/syntax.js';
import { targetPages } from './catalogue/targets.js';
import { trainPages } from './catalogue/train.js';
import type { Page } from './page.js';

/** Every kind of diagnostic by its code. */
export const catalogue = {
  ...syntaxPages,
  ...importPages,
  ...elaborationPages,
  ...networkPages,
  ...limitPages,
  ...trainPages,
  ...shapePages,
  ...targetPages,
} as const satisfies Readonly<Record<string, Page>>;

/** The stable name of a kind of mistake. */
export type Code = keyof typeof catalogue;

/** All codes, in the order of the pipeline. */
export const codes = Object.keys(catalogue) as readonly Code[];

export const isCode = (code: string): code is Code => Object.hasOwn(catalogue, code);

export interface More {
  /** One thing to do, each. */
  readonly hints?: readonly string[];
  /** Other places that explain this one. */
  readonly related?: readonly Related[];
}

/** A diagnostic of a kind in the catalogue, which gives its severity. */
export function diagnose(code: Code, span: Span, message: string, more: More = {}): Diagnostic {
  return {
    code,
    severity: catalogue[code].severity,
    message,
    span,
    hints: more.hints ?? [],
    related: more.related ?? [],
  };
}

/** The page of a diagnostic as plain text, or undefined for a code that does not exist. */
export function explain(code: string): string | undefined {
  if (!isCode(code)) return undefined;
  const page: Page = catalogue[code];
  const parts = [`${code} (${page.severity}): ${page.title}`, page.what, page.why, page.fix];
  if (page.example !== undefined) parts.push(page.example.replace(/^/gm, '    '));
  return `${parts.join('\n\n')}\n`;
}

export { type Collector, collect, inOrder } from './collect.js';
export { didYouMean, editDistance, nearest } from './distance.js';
export type { Page } from './page.js';
export { type RenderOptions, renderDiagnostic } from './render.js';
