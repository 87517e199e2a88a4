import type { Diagnostic, Fix, Related, Said, Severity, Span } from '../../grammar/diagnostic.js';
import type { SyntaxCode } from '../../grammar/mistakes.js';
import type { SelectionError } from '../3-transform/prune.js';
import type { RefusalCode } from '../ops/refusal.js';
import { severities } from './severities.js';

/** The stable name of a kind of mistake. */
export type Code = keyof typeof severities;

/** All codes, in the order of the pipeline. */
export const codes = Object.keys(severities) as readonly Code[];

// Codes that are given by name elsewhere have their pages.
severities satisfies Readonly<Record<SyntaxCode | RefusalCode | SelectionError['code'], Severity>>;

export const isCode = (code: string): code is Code => Object.hasOwn(severities, code);

export interface More {
  /** One thing to do, each. */
  readonly hints?: readonly string[];
  /** Other places that explain this one. */
  readonly related?: readonly Related[];
  /** Changes that would mend it, the likeliest first. */
  readonly fixes?: readonly Fix[];
}

/** A diagnostic of a kind in the catalogue, which gives its severity. */
export function diagnose({ code, message }: Said<Code>, span: Span, more: More = {}): Diagnostic & Said<Code> {
  return {
    code,
    severity: severities[code],
    message,
    span,
    hints: more.hints ?? [],
    related: more.related ?? [],
    ...(more.fixes === undefined || more.fixes.length === 0 ? {} : { fixes: more.fixes }),
  };
}

export { type Collector, collect, inOrder } from './collect.js';
export { didYouMean, editDistance, nearest, suggest } from './distance.js';
export { type RenderOptions, renderDiagnostic } from './render.js';
