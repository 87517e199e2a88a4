import type { Diagnostic } from '../grammar/diagnostic.js';
import type { RawExpect } from './1-elaborate/raw.js';
import { bindGraph } from './2-infer/bind.js';
import { describeRules, isValidSize, sizeRules } from './2-infer/sizes.js';
import { checkSelection, prune } from './3-transform/prune.js';
import { countMacs, countParameters } from './4-schedule/cost.js';
import { evaluateDim, printDim } from './ir/dim.js';
import type { Network } from './ir/graph.js';

/** Checks every `expect` line; a failed one says both numbers. */
export function checkExpects(network: Network, expects: readonly RawExpect[]): Diagnostic[] {
  return expects.flatMap((expect) => {
    const wrong = checkExpect(network, expect);
    return wrong ? [{ severity: 'error' as const, span: expect.span, related: [], ...wrong }] : [];
  });
}

type Wrong = Pick<Diagnostic, 'code' | 'message' | 'hints'>;

function checkExpect(network: Network, expect: RawExpect): Wrong | null {
  const selection = { level: expect.level, mode: expect.mode };
  const refused = checkSelection(network, selection);
  if (refused) return { code: refused.code, message: refused.message, hints: [refused.hint] };
  const graph = prune(network, selection);
  const where = `${expect.level === undefined ? '' : ` at L${expect.level}`}${expect.mode ? ` in ${expect.mode}` : ''}`;
  if (expect.what === 'parameters') {
    const actual = countParameters(graph);
    return actual === expect.value ? null : failed(`parameters${where}`, String(expect.value), String(actual), actual);
  }
  const sizes = sizesOf(network, expect.size);
  if (typeof sizes === 'string') {
    return { code: 'expect-size', message: sizes, hints: ['say the size as in `expect macs at 256x256 = ...`'] };
  }
  if (expect.what === 'macs') {
    const actual = countMacs(bindGraph(graph, sizes));
    return actual === expect.value ? null : failed(`macs${where}`, String(expect.value), String(actual), actual);
  }
  const shape = graph.outputs[0]?.value.type.shape ?? [];
  const actual = shape.map((d) =>
    expect.size === undefined && d.symbol !== null ? printDim(d) : evaluateDim(d, sizes),
  );
  const wanted = Array.isArray(expect.value) ? expect.value : [expect.value];
  const same = actual.length === wanted.length && actual.every((n, k) => n === wanted[k]);
  return same ? null : failed(`shape${where}`, `[${wanted.join(', ')}]`, `[${actual.join(', ')}]`);
}

function failed(what: string, expected: string, actual: string, value?: number): Wrong {
  const hint =
    value === undefined
      ? 'correct the expectation, or the network'
      : `if ${value} is right, write ${grouped(value)} here`;
  return { code: 'expect-failed', message: `expected ${what} = ${expected}, but it is ${actual}`, hints: [hint] };
}

/** 9041700 -> 9_041_700 */
const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, '_');

/** Symbol values for a size as written; N is 1. A string says what is wrong. */
function sizesOf(network: Network, size: readonly number[] | undefined): Readonly<Record<string, number>> | string {
  const spatial = network.graph.inputs[0]?.value.type.shape.slice(2) ?? [];
  const sizes: Record<string, number> = { N: 1 };
  const rules = sizeRules(network);
  for (const [k, d] of spatial.entries()) {
    if (d.symbol === null) continue;
    const n = size?.[k];
    if (n === undefined) return `this fact depends on the size, and ${d.symbol} is open`;
    const rule = rules[d.symbol];
    if (rule && !isValidSize(rule, n)) return `${d.symbol} = ${n} is not a valid size (${describeRules(rules)})`;
    sizes[d.symbol] = n;
  }
  return sizes;
}
