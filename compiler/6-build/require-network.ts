import type { Loaded } from '../index.js';
import { RefusedError } from './format-files.js';
import type { GoodSpec } from './metadata.js';

/** @throws RefusedError if the spec has a mistake */
export function requireNetwork(spec: Loaded): GoodSpec {
  const { network, diagnostics } = spec;
  if (network !== null) return { ...spec, network };
  const first = diagnostics.find((d) => d.severity === 'error');
  const place = first ? `line ${first.span.start.line}: ` : '';
  throw new RefusedError(first?.code ?? 'spec', `${place}${first?.message ?? 'the spec has no network'}`, diagnostics);
}
