import { type Diagnostic, type Fix, replace, type Said } from '../grammar/diagnostic.js';
import { say } from '../grammar/say.js';
import type { RawExpect } from './1-elaborate/raw.js';
import { describeRules, isValidSize, sizeRules } from './2-infer/sizes.js';
import { specializeGraph } from './2-infer/specialize.js';
import { checkSelection, prune } from './3-transform/prune.js';
import { countMacs, countParameters } from './4-schedule/cost.js';
import { receptiveFields } from './4-schedule/receptive-field.js';
import { type Code, diagnose } from './diagnostics/index.js';
import { evaluateDim, printDim } from './ir/dim.js';
import type { Graph, Network } from './ir/graph.js';

/** Checks every `expect` line; what failed says both numbers. */
export function checkExpects(network: Network, expects: readonly RawExpect[]): Diagnostic[] {
  const failed = expects.flatMap((expect): Failed[] => {
    const wrong = checkExpect(network, expect);
    return wrong ? [{ expect, ...wrong }] : [];
  });
  // What a network no longer is it no longer is at every level: said once, at the first, with the others beside it.
  const groups = new Map<unknown, Failed[]>();
  for (const one of failed) {
    const key = one.said.code === 'expect-failed' ? one.expect.what : one.expect;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map(([first, ...others]) => {
    const { expect, said, hints, fixes = [] } = first as Failed;
    return diagnose(said, expect.span, {
      hints,
      related: others.map((o) => ({ span: o.expect.span, message: o.said.message })),
      fixes: others.length === 0 ? fixes : [...fixes, ...inAll([first as Failed, ...others])],
    });
  });
}

/** The fix that makes every one of several expectations what there is. */
function inAll(failed: readonly Failed[]): Fix[] {
  const edits = failed.flatMap(({ fixes = [] }) => fixes[0]?.edits ?? []);
  if (edits.length < failed.length) return [];
  return [{ title: `expect what there is in all ${failed.length} lines`, edits, certain: false }];
}

type Wrong = Pick<Diagnostic, 'hints' | 'fixes'> & { readonly said: Said<Code> };
type Failed = Wrong & { readonly expect: RawExpect };

const holds = (actual: number, relation: RawExpect['relation'], value: number): boolean =>
  relation === '=' ? actual === value : relation === '<=' ? actual <= value : actual >= value;

function checkExpect(network: Network, expect: RawExpect): Wrong | null {
  const selection = { level: expect.level, mode: expect.mode };
  const refused = checkSelection(network, selection);
  if (refused) return { said: refused, hints: [refused.hint] };
  const graph = prune(network, selection);
  const where = `${expect.level === undefined ? '' : ` at L${expect.level}`}${expect.mode ? ` in ${expect.mode}` : ''}`;
  if (expect.what === 'parameters') return checkNumber(expect, where, countParameters(graph));
  if (expect.what === 'receptive_field') return checkField(expect, where, graph);
  const sizes = sizesOf(network, expect.size);
  if (isSaid(sizes)) {
    return { said: sizes, hints: ['say the size as in `expect macs at 256x256 = ...`'] };
  }
  if (expect.what === 'macs') return checkNumber(expect, where, countMacs(specializeGraph(graph, sizes)));
  const shape = graph.outputs[0]?.value.type.shape ?? [];
  const actual = shape.map((d) =>
    expect.size === undefined && d.symbol !== null ? printDim(d) : evaluateDim(d, sizes),
  );
  const wanted = Array.isArray(expect.value) ? expect.value : [expect.value];
  const same = actual.length === wanted.length && actual.every((n, k) => n === wanted[k]);
  if (same) return null;
  return {
    said: say.expectFailed.shape({ where, due: wanted, found: actual }),
    hints: ['correct the expectation, or the network'],
  };
}

function checkNumber(expect: RawExpect, where: string, actual: number): Wrong | null {
  const { what, relation, value, valueSpan } = expect;
  if (holds(actual, relation, value as number)) return null;
  return {
    said: say.expectFailed.number({ what, where, relation, due: value as number, found: actual }),
    hints: [`if ${actual} is right, write ${grouped(actual)} here`],
    fixes: [replace(valueSpan, grouped(actual), false, `expect ${grouped(actual)}`)],
  };
}

/** One number holds for every axis. A global receptive field satisfies any lower bound. */
function checkField(expect: RawExpect, where: string, graph: Graph): Wrong | null {
  const { relation, value } = expect;
  const fields = receptiveFields(graph);
  for (const { value: output } of graph.outputs) {
    const { size, global } = fields.get(output.id) ?? { size: [], global: false };
    const wanted = typeof value === 'number' ? size.map(() => value) : value;
    const fits = wanted.length === size.length && size.every((n, k) => holds(n, relation, wanted[k] as number));
    if (fits || (global && relation === '>=')) continue;
    const text = (numbers: readonly number[]): string => numbers.join('x');
    const told = { where, relation, due: text(wanted), found: `${text(size)}${global ? ' and the whole image' : ''}` };
    return relation === '>=' && wanted.length === size.length
      ? {
          said: say.fieldTooSmall.field(told),
          hints: ['add a level, larger kernels or dilation; or ask for less'],
        }
      : { said: say.expectFailed.field(told), hints: ['correct the expectation, or the network'] };
  }
  return null;
}

/** 9041700 -> 9_041_700 */
const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, '_');

const isSaid = (sizes: Readonly<Record<string, number>> | Said<Code>): sizes is Said<Code> => 'message' in sizes;

/** Symbol values for a size as written; N is 1. Or what is wrong. */
function sizesOf(
  network: Network,
  size: readonly number[] | undefined,
): Readonly<Record<string, number>> | Said<'expect-size'> {
  const spatial = network.graph.inputs[0]?.value.type.shape.slice(2) ?? [];
  const sizes: Record<string, number> = { N: 1 };
  const rules = sizeRules(network);
  for (const [k, d] of spatial.entries()) {
    if (d.symbol === null) continue;
    const n = size?.[k];
    if (n === undefined) return say.expectSize.open({ symbol: d.symbol });
    const rule = rules[d.symbol];
    if (rule && !isValidSize(rule, n)) {
      return say.expectSize.invalid({ symbol: d.symbol, size: n, rules: describeRules(rules) });
    }
    sizes[d.symbol] = n;
  }
  return sizes;
}
