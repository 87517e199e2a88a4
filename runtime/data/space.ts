import type { Grid } from './image.js';

/** Further apart than this, in millimetres or parts of a unit vector, two grids do not lie alike. */
const tolerance = 1e-3;

type Place = Pick<Grid, 'spacing' | 'orientation'>;

/**
 * How two grids of one shape lie differently in space, said with both values; null where they lie alike, or where one of
 * them does not say.
 */
export function sameSpace(first: Place, second: Place): string | null {
  if (first.spacing && second.spacing && differ(first.spacing, second.spacing)) {
    return `spacing ${print(second.spacing)} against ${print(first.spacing)} mm`;
  }
  const [a, b] = [first.orientation, second.orientation];
  if (!a || !b) return null;
  if (differ(a.origin, b.origin)) return `origin ${print(b.origin)} against ${print(a.origin)} mm`;
  if (differ(a.directions.flat(), b.directions.flat())) {
    return `axes ${b.directions.map(print).join(' ')} against ${a.directions.map(print).join(' ')}`;
  }
  return null;
}

const differ = (a: readonly number[], b: readonly number[]): boolean =>
  a.length !== b.length || a.some((value, k) => !(Math.abs(value - b[k]!) <= tolerance));

const print = (values: readonly number[]): string => `[${values.map((value) => Number(value.toFixed(4))).join(', ')}]`;
