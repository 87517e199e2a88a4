import {
  brokenBy,
  describeConstraint,
  describeRules,
  isValidSize,
  nearestSizes,
  nextValid,
  sizeRules,
} from '../2-infer/sizes.js';
import type { Network } from '../ir/graph.js';
import type { Recipe } from '../recipe.js';
import { UserError } from '../user-error.js';

export interface ChosenSize {
  /** Spatial, in the order of the input's dimensions. */
  readonly size: readonly number[];
  /** Values of the network's symbols, N among them. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Where the size comes from: `given`, `the recipe's resize`, ... */
  readonly reason: string;
}

/** Where no size is given: volumes grow with the cube. */
const defaultEdge = (rank: number): number => (rank === 3 ? 64 : 256);

/**
 * The spatial size to work at: the one given, else the recipe's, else the smallest valid one from 256 on (64 in 3-D).
 * `UserError` where a given size breaks the network's rule; the message names the nearest that don't.
 */
export function chooseSize(
  network: Network,
  options: { readonly size?: readonly number[]; readonly batch?: number; readonly recipe?: Recipe },
): ChosenSize {
  const dims = (network.graph.inputs[0]?.value.type.shape ?? []).slice(2);
  const rules = sizeRules(network);
  const fromRecipe = options.recipe?.resize ?? options.recipe?.patch;
  const wanted = options.size ?? (fromRecipe?.length === dims.length ? fromRecipe : undefined);
  if (wanted === undefined) {
    const size = dims.map((d) => {
      if (d.symbol === null) return d.offset;
      const rule = rules[d.symbol];
      return (rule && nextValid(rule, defaultEdge(dims.length))) ?? defaultEdge(dims.length);
    });
    return { size, sizes: bindings(network, size, options.batch), reason: 'no size given' };
  }
  const size = wanted.length === 1 ? dims.map(() => wanted[0] as number) : [...wanted];
  checkSize(network, size);
  const reason = options.size ? 'given' : options.recipe?.resize ? "the recipe's resize" : "the recipe's patch";
  return { size, sizes: bindings(network, size, options.batch), reason };
}

/** Throws a `UserError` unless the network takes this spatial size. */
function checkSize(network: Network, size: readonly number[]): void {
  const dims = (network.graph.inputs[0]?.value.type.shape ?? []).slice(2);
  const rules = sizeRules(network);
  if (size.length !== dims.length) {
    throw new UserError(
      'size-rank',
      `size ${sizeText(size)} has ${size.length} dimensions, and ${network.name} works in ${dims.length}`,
      `as in --size ${sizeText(dims.map(() => defaultEdge(dims.length)))}`,
    );
  }
  const nearest = dims.map((d, k) => {
    const rule = d.symbol === null ? undefined : rules[d.symbol];
    const n = size[k] as number;
    return d.symbol === null ? [d.offset] : rule ? nearestSizes(rule, n) : [n];
  });
  for (const [k, d] of dims.entries()) {
    const n = size[k] as number;
    if (d.symbol === null) {
      if (n === d.offset) continue;
      throw new UserError(
        'size-fixed',
        `${network.name} takes inputs of ${d.offset} in dimension ${k + 1} only, not ${n}`,
        `use ${nearestText(nearest)}`,
      );
    }
    const rule = rules[d.symbol];
    if (!rule || isValidSize(rule, n)) continue;
    const broken = brokenBy(rule, n);
    throw new UserError(
      'size-invalid',
      `${network.name} can't take size ${sizeText(size)} (${describeRules(rules)})${broken ? `: ${describeConstraint(broken)}` : ''}`,
      `use ${nearestText(nearest)}`,
    );
  }
  const symbols = new Map<string, number>();
  for (const [k, d] of dims.entries()) {
    if (d.symbol === null) continue;
    const before = symbols.get(d.symbol) ?? size[k];
    if (before !== size[k]) {
      throw new UserError(
        'size-invalid',
        `${d.symbol} stands for two dimensions of the input, so they must be equal; ${sizeText(size)} are not`,
        `use ${sizeText(size.map(() => before as number))}`,
      );
    }
    symbols.set(d.symbol, before as number);
  }
}

/** `240x240 or 256x256` */
function nearestText(nearest: readonly (readonly number[])[]): string {
  const below = nearest.map((options) => options[0]);
  const above = nearest.map((options) => options[options.length - 1]);
  return [...new Set([below.join('x'), above.join('x')])].join(' or ');
}

function bindings(network: Network, size: readonly number[], batch = 1): Record<string, number> {
  const shape = network.graph.inputs[0]?.value.type.shape ?? [];
  const sizes: Record<string, number> = { N: batch };
  for (const [k, d] of shape.slice(2).entries()) if (d.symbol !== null) sizes[d.symbol] = size[k] as number;
  return sizes;
}

const sizeText = (size: readonly number[]): string => size.join('x');
