import { advance, checkGrid, type Region, stridesOf } from './grid.js';

/** Which places touch: those that share a face (4 in a plane, 6 in a volume), or also an edge or a corner (8, 26). */
export type Connectivity = 'faces' | 'full';

export interface Components {
  /** 0 outside, 1 .. count in the order in which a row-major scan meets them. */
  readonly labels: Int32Array;
  readonly count: number;
}

/** Connected components of a mask of any rank, by union-find in one scan. */
export function components(mask: Region, shape: readonly number[], connectivity: Connectivity): Components {
  checkGrid(mask.length, shape);
  const before = neighboursBefore(shape, connectivity);
  const labels = new Int32Array(mask.length);
  const parent: number[] = [0];
  const root = (x: number): number => {
    let r = x;
    while (parent[r] !== r) {
      parent[r] = parent[parent[r] as number] as number;
      r = parent[r] as number;
    }
    return r;
  };
  const at = shape.map(() => 0);
  for (let k = 0; k < mask.length; k++) {
    if (mask[k]) {
      let own = 0;
      for (const { by, offset } of before) {
        if (by.some((d, a) => (at[a] as number) + d < 0 || (at[a] as number) + d >= (shape[a] as number))) continue;
        const other = labels[k + offset] as number;
        if (other === 0) continue;
        const r = root(other);
        if (own === 0) own = r;
        else if (r !== own) {
          const [low, high] = r < own ? [r, own] : [own, r];
          parent[high] = low;
          own = low;
        }
      }
      if (own === 0) {
        own = parent.length;
        parent.push(own);
      }
      labels[k] = own;
    }
    advance(at, shape);
  }
  return numbered(labels, root, parent.length);
}

function numbered(labels: Int32Array, root: (x: number) => number, provisional: number): Components {
  const final = new Int32Array(provisional);
  let count = 0;
  for (let k = 0; k < labels.length; k++) {
    if (labels[k] === 0) continue;
    const r = root(labels[k] as number);
    if (final[r] === 0) final[r] = ++count;
    labels[k] = final[r] as number;
  }
  return { labels, count };
}

interface Neighbour {
  readonly by: readonly number[];
  readonly offset: number;
}

/** The neighbours that a row-major scan has passed already. */
function neighboursBefore(shape: readonly number[], connectivity: Connectivity): Neighbour[] {
  const strides = stridesOf(shape);
  let steps: number[][] = [[]];
  for (const _ of shape) steps = steps.flatMap((step) => [-1, 0, 1].map((d) => [...step, d]));
  return steps
    .filter((by) => (by.find((d) => d !== 0) ?? 0) < 0)
    .filter((by) => connectivity === 'full' || by.filter((d) => d !== 0).length === 1)
    .map((by) => ({ by, offset: by.reduce((sum, d, a) => sum + d * (strides[a] as number), 0) }));
}
