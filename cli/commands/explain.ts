import { explain as page, pageOf } from '../../compiler/diagnostics/explain.js';
import { codes, didYouMean } from '../../compiler/diagnostics/index.js';
import { UsageError } from '../errors.js';
import type { Outcome } from '../io.js';

/** `unetc explain CODE`: the page of a diagnostic. */
export function explain(code: string): Outcome {
  const text = page(code);
  if (text === undefined) {
    throw new UsageError(
      `no diagnostic has the code ${code}`,
      didYouMean(code, codes)[0] ?? 'the code stands in brackets after error or warning',
    );
  }
  return { json: { code, ...pageOf(code), text }, text: text.trimEnd() };
}
