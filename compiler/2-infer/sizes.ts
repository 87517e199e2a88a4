import { evaluateDim, printDim } from '../ir/dim.js';
import type { Constraint, Network } from '../ir/graph.js';

/**
 * Which sizes of one symbol (`H`) a network takes: those congruent to one of `residues` modulo `modulus`, from `least` on; a rule derived
 * here has one residue, or none where no size is valid.
 */
export interface SizeRule {
  readonly symbol: string;
  readonly modulus: number;
  readonly residues: readonly number[];
  readonly least: number;
  readonly constraints: readonly Constraint[];
}

/** Numbers n with `n = residue` modulo `modulus`; `residue` is below `modulus`. */
interface Congruence {
  readonly residue: bigint;
  readonly modulus: bigint;
}

/** The greatest common divisor of a and b, both positive, and x with `a x = gcd` modulo b. */
function euclid(a: bigint, b: bigint): { readonly gcd: bigint; readonly x: bigint } {
  let [r, s, x, y] = [a, b, 1n, 0n];
  while (s !== 0n) {
    const q = r / s;
    [r, s, x, y] = [s, r - q * s, y, x - q * y];
  }
  return { gcd: r, x };
}

const mod = (a: bigint, m: bigint): bigint => ((a % m) + m) % m;

/** The solutions of `scale n + offset = 0` modulo `modulus`; null if there are none. */
function solve(scale: bigint, offset: bigint, modulus: bigint): Congruence | null {
  const { gcd, x } = euclid(mod(scale, modulus) || modulus, modulus);
  if (offset % gcd !== 0n) return null;
  const reduced = modulus / gcd;
  return { residue: mod((-offset / gcd) * x, reduced), modulus: reduced };
}

/** What is in both (the Chinese remainder theorem, for moduli that may have common factors); null if nothing is. */
function both(a: Congruence, b: Congruence): Congruence | null {
  const step = solve(a.modulus, a.residue - b.residue, b.modulus);
  if (step === null) return null;
  return { residue: a.residue + a.modulus * step.residue, modulus: a.modulus * step.modulus };
}

const holds = (c: Constraint, sizes: Readonly<Record<string, number>>): boolean => {
  const value = evaluateDim(c.dim, sizes);
  if (!Number.isInteger(value)) return false;
  if (c.divisor !== undefined && value % c.divisor !== 0) return false;
  return c.least === undefined || value >= c.least;
};

/** The sizes at which the constraint's dimension is whole and has its divisor, whatever its magnitude; null: none. */
const congruenceOf = ({ dim, divisor = 1 }: Constraint): Congruence | null =>
  solve(BigInt(dim.scale), BigInt(dim.offset), BigInt(dim.divisor) * BigInt(divisor));

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
  const sizes = constraints
    .map(congruenceOf)
    .reduce((a, b) => a && b && both(a, b), { residue: 0n, modulus: 1n } as Congruence | null);
  let least = 1;
  for (const c of constraints) {
    // (scale * n + offset) / divisor >= bound, solved for n
    const bound = Math.max(c.least ?? 1, 1);
    if (c.dim.scale > 0) least = Math.max(least, Math.ceil((bound * c.dim.divisor - c.dim.offset) / c.dim.scale));
  }
  return { symbol, ...inNumbers(sizes), least, constraints };
}

/** Beyond what numbers hold exactly, no size is one that an image has. */
function inNumbers(sizes: Congruence | null): Pick<SizeRule, 'modulus' | 'residues'> {
  if (sizes === null) return { modulus: 1, residues: [] };
  const { residue, modulus } = sizes;
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  if (modulus <= most) return { modulus: Number(modulus), residues: [Number(residue)] };
  return { modulus: Number.MAX_SAFE_INTEGER, residues: residue > 0n && residue < most ? [Number(residue)] : [] };
}

export const isValidSize = (rule: SizeRule, n: number): boolean =>
  Number.isSafeInteger(n) && n >= rule.least && rule.residues.includes(n % rule.modulus);

/** The smallest valid size that is at least `n`; null if no size is valid. */
export function nextValid(rule: SizeRule, n: number): number | null {
  const from = Math.max(Math.ceil(n), rule.least, 1);
  const found = rule.residues.map((r) => from + floorMod(r - from, rule.modulus)).filter(Number.isSafeInteger);
  return found.length === 0 ? null : Math.min(...found);
}

/** The largest valid size below `n`, or null. */
function previousValid(rule: SizeRule, n: number): number | null {
  const from = Math.ceil(n) - 1;
  const found = rule.residues.map((r) => from - floorMod(from - r, rule.modulus)).filter((k) => isValidSize(rule, k));
  return found.length === 0 ? null : Math.max(...found);
}

const floorMod = (a: number, m: number): number => (a % m) + (a % m < 0 ? m : 0);

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
