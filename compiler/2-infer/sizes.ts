import { evaluateDim, printDim } from '../ir/dim.js';
import type { Constraint, Network } from '../ir/graph.js';

/** Which sizes of one symbol (`H`) a network takes: those congruent to one of `residues` modulo `modulus`, from `least` on. */
export interface SizeRule {
  readonly symbol: string;
  readonly modulus: number;
  readonly residues: readonly number[];
  readonly least: number;
  readonly constraints: readonly Constraint[];
}

/** Enumerating residues is exact but linear; no real network comes near this. */
const largestModulus = 1 << 16;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
const lcm = (a: number, b: number): number => (a / gcd(a, b)) * b;

const holds = (c: Constraint, sizes: Readonly<Record<string, number>>): boolean => {
  const value = evaluateDim(c.dim, sizes);
  if (!Number.isInteger(value)) return false;
  if (c.divisor !== undefined && value % c.divisor !== 0) return false;
  return c.least === undefined || value >= c.least;
};

/** Congruence only: whether the size has the right remainder, whatever its magnitude. */
const divides = (c: Constraint, symbol: string, n: number): boolean => {
  const value = evaluateDim(c.dim, { [symbol]: n });
  return Number.isInteger(value) && (c.divisor === undefined || value % c.divisor === 0);
};

/** The rule for each free spatial symbol (not N) of a network, derived from every constraint its operators stated. */
export function sizeRules(network: Pick<Network, 'graph' | 'constraints'>): Readonly<Record<string, SizeRule>> {
  const rules: Record<string, SizeRule> = {};
  for (const { value } of network.graph.inputs) {
    for (const dim of value.type.shape.slice(2)) {
      if (dim.symbol !== null && !(dim.symbol in rules)) rules[dim.symbol] = ruleOf(dim.symbol, network.constraints);
    }
  }
  return rules;
}

function ruleOf(symbol: string, all: readonly Constraint[]): SizeRule {
  const constraints = all.filter((c) => c.dim.symbol === symbol);
  const modulus = Math.min(
    largestModulus,
    constraints.reduce((m, c) => lcm(m, c.dim.divisor * (c.divisor ?? 1)), 1),
  );
  const residues: number[] = [];
  for (let r = 0; r < modulus; r++) if (constraints.every((c) => divides(c, symbol, r))) residues.push(r);
  let least = 1;
  for (const c of constraints) {
    // (scale * n + offset) / divisor >= bound, solved for n
    const bound = Math.max(c.least ?? 1, 1);
    if (c.dim.scale > 0) least = Math.max(least, Math.ceil((bound * c.dim.divisor - c.dim.offset) / c.dim.scale));
  }
  return { symbol, modulus, residues, least, constraints };
}

export const isValidSize = (rule: SizeRule, n: number): boolean =>
  Number.isInteger(n) && n >= rule.least && rule.residues.includes(n % rule.modulus);

/** The smallest valid size that is at least `n`; null if no size is valid. */
export function nextValid(rule: SizeRule, n: number): number | null {
  const from = Math.max(Math.ceil(n), rule.least, 1);
  for (let k = from; k <= from + rule.modulus; k++) if (isValidSize(rule, k)) return k;
  return null;
}

/** The largest valid size below `n`, or null. */
function previousValid(rule: SizeRule, n: number): number | null {
  for (let k = Math.floor(n) - 1; k >= Math.max(1, n - rule.modulus - 1); k--) if (isValidSize(rule, k)) return k;
  return null;
}

/** One or two valid sizes nearest to `n`, ascending; empty if no size is valid. */
export function nearestSizes(rule: SizeRule, n: number): number[] {
  if (isValidSize(rule, n)) return [n];
  return [previousValid(rule, n), nextValid(rule, n)].filter((k): k is number => k !== null);
}

/** The first operator that a size breaks: what to tell the user beside the nearest sizes. */
export const brokenBy = (rule: SizeRule, n: number): Constraint | undefined =>
  rule.constraints.find((c) => !holds(c, { [rule.symbol]: n }));

function describeRule(rule: SizeRule): string {
  if (rule.residues.length === 0) return 'no size is valid';
  const atLeast = rule.least > (rule.residues[0] || rule.modulus) ? `, at least ${nextValid(rule, rule.least)}` : '';
  if (rule.modulus === 1) return rule.least > 1 ? `at least ${rule.least}` : 'any size';
  if (rule.residues.length === 1 && rule.residues[0] === 0) return `multiples of ${rule.modulus}${atLeast}`;
  return `${rule.residues.map((r) => `${rule.modulus}k${r ? ` + ${r}` : ''}`).join(' or ')}${atLeast}`;
}

/** `H and W: multiples of 16` */
export function describeRules(rules: Readonly<Record<string, SizeRule>>): string {
  const grouped = new Map<string, string[]>();
  for (const rule of Object.values(rules)) {
    const text = describeRule(rule);
    grouped.set(text, [...(grouped.get(text) ?? []), rule.symbol]);
  }
  const listed = (symbols: readonly string[]): string =>
    symbols.length === 1 ? symbols.join() : `${symbols.slice(0, -1).join(', ')} and ${symbols.at(-1)}`;
  return [...grouped].map(([text, symbols]) => `${listed(symbols)}: ${text}`).join('; ');
}

/** `X[4,0].maxpool needs H/8 to be a multiple of 2` */
export const describeConstraint = (c: Constraint): string =>
  c.divisor !== undefined
    ? `${c.origin.path} needs ${printDim(c.dim)} to be a multiple of ${c.divisor}`
    : `${c.origin.path} needs ${printDim(c.dim)} to be at least ${c.least ?? 1}`;
