type Vector = readonly number[];

export const dot = (a: Vector, b: Vector): number => {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
};

/**
 * The x of no negative number for which the sum over rows of weight * (row x - 1)^2 is least: the active set method of Lawson
 * and Hanson (Solving Least Squares Problems, 1974, ch. 23) on the normal equations. Columns should be of about one length.
 */
export function nonNegative(rows: readonly Vector[], weights: Vector): number[] {
  const { gram, right } = normalEquations(rows, weights);
  const x = right.map(() => 0);
  const free = new Set<number>();
  for (let round = 0; round < 10 * right.length; round++) {
    const slopes = right.map((b, i) => (free.has(i) ? 0 : b - dot(gram[i] as Vector, x)));
    const steepest = Math.max(...slopes);
    if (!(steepest > 1e-10)) break;
    free.add(slopes.indexOf(steepest));
    release(x, free, gram, right);
  }
  return x;
}

/** Moves x to the best place for its free numbers; those that would turn negative on the way are held at 0. */
function release(x: number[], free: Set<number>, gram: readonly Vector[], right: Vector): void {
  while (free.size > 0) {
    const set = [...free];
    const best = solve(gram, right, set);
    const steps = set.map((i, k) => {
      const [from, to] = [x[i] as number, best[k] as number];
      return to > 0 ? 1 : from / (from - to || 1);
    });
    const step = Math.min(...steps);
    for (const [k, i] of set.entries()) {
      const from = x[i] as number;
      const stops = (best[k] as number) <= 0 && (steps[k] as number) <= step;
      x[i] = stops ? 0 : from + step * ((best[k] as number) - from);
      if (stops) free.delete(i);
    }
    if (free.size === set.length) return;
  }
}

function normalEquations(rows: readonly Vector[], weights: Vector): { gram: number[][]; right: number[] } {
  const n = rows[0]?.length ?? 0;
  const gram = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const right = new Array<number>(n).fill(0);
  for (const [r, row] of rows.entries()) {
    for (const [i, value] of row.entries()) {
      const weighted = (weights[r] as number) * value;
      if (weighted === 0) continue;
      right[i] = (right[i] as number) + weighted;
      const line = gram[i] as number[];
      for (const [j, other] of row.entries()) line[j] = (line[j] as number) + weighted * other;
    }
  }
  // So small that it only decides between quantities that no measurement tells apart.
  for (const [i, line] of gram.entries()) line[i] = (line[i] as number) + 1e-9;
  return { gram, right };
}

/** Solves the rows and columns of `set` of a positive definite system, by Cholesky. */
function solve(a: readonly Vector[], b: Vector, set: readonly number[]): number[] {
  const n = set.length;
  const l = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const at = (i: number, j: number): number => (l[i] as number[])[j] as number;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = (a[set[i] as number] as Vector)[set[j] as number] as number;
      for (let k = 0; k < j; k++) sum -= at(i, k) * at(j, k);
      (l[i] as number[])[j] = i === j ? Math.sqrt(Math.max(sum, 1e-18)) : sum / at(j, j);
    }
  }
  const y: number[] = [];
  for (let i = 0; i < n; i++) {
    let sum = b[set[i] as number] as number;
    for (let k = 0; k < i; k++) sum -= at(i, k) * (y[k] as number);
    y.push(sum / at(i, i));
  }
  const z = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = y[i] as number;
    for (let k = i + 1; k < n; k++) sum -= at(k, i) * (z[k] as number);
    z[i] = sum / at(i, i);
  }
  return z;
}
