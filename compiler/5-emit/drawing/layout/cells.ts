import type { Box, Picture } from '../picture/picture.js';

/** Row and column of a box, both from 0. Heads and the output have row -1, above all. */
export interface Spot {
  readonly row: number;
  readonly column: number;
}

/**
 * Where the papers put a box: a row for each resolution (and row of a grid), a column for each step of the longest path
 * from the input, which takes two. So a triangular grid becomes the inverted triangle of UNet++ (X[i,j] in row i, at column
 * 2 + i + 2j),
 * and a U-Net its U. Every link leads to a higher column, but for those between heads and their boxes.
 */
export function spotsOf(picture: Picture): ReadonlyMap<string, Spot> {
  const rowOf = rowsOf(picture.boxes);
  // Neighbours in a grid's row are two columns apart, so the input is from the first of them; but not in a single row.
  const first = picture.boxes.some((b) => rowOf(b) > 0) ? 2 : 1;
  const spots = new Map<string, Spot>();
  const taken = new Set<string>();
  const into = new Map<string, string[]>();
  for (const l of picture.links) into.set(l.to, [...(into.get(l.to) ?? []), l.from]);

  const visit = (box: Box): Spot => {
    const before = spots.get(box.id);
    if (before) return before;
    const feeders = (into.get(box.id) ?? []).map((id) => visit(byId.get(id) as Box));
    const row = rowOf(box);
    let column = Math.max(
      0,
      ...feeders.map((f) => f.column + (row < 0 ? 0 : f.column === 0 && f.row === row ? first : 1)),
    );
    while (row >= 0 && taken.has(`${row} ${column}`)) column++;
    taken.add(`${row} ${column}`);
    spots.set(box.id, { row, column });
    return { row, column };
  };
  const byId = new Map(picture.boxes.map((b) => [b.id, b]));
  for (const box of picture.boxes) visit(box);
  return spots;
}

const isAbove = (box: Box): boolean => box.kind === 'head' || box.kind === 'output';

/** Rows by resolution; a grid whose rows share one has a row for each all the same. */
function rowsOf(boxes: readonly Box[]): (box: Box) => number {
  const below = boxes.filter((b) => !isAbove(b));
  const rowIndex = new Map<string, number | null>();
  for (const base of new Set(below.map((b) => b.base))) {
    rowIndex.set(base, rowIndexOf(below.filter((b) => b.base === base && b.kind === 'cell')));
  }
  const keyOf = (box: Box): readonly [number, number | null] => {
    const k = box.kind === 'cell' ? (rowIndex.get(box.base) ?? null) : null;
    return [box.halvings, k === null ? null : (box.index[k] ?? null)];
  };
  const keys = new Map<string, readonly [number, number | null]>();
  for (const b of below) keys.set(keyOf(b).join(), keyOf(b));
  // Boxes without a row of their own join the first of their resolution.
  const own = [...keys.values()].filter(
    ([h, i]) => i !== null || ![...keys.values()].some(([h2, i2]) => h2 === h && i2 !== null),
  );
  own.sort((a, b) => a[0] - b[0] || (a[1] ?? 0) - (b[1] ?? 0));
  return (box) => {
    if (isAbove(box)) return -1;
    const [h, i] = keyOf(box);
    const exact = own.findIndex(([h2, i2]) => h2 === h && i2 === i);
    return exact >= 0 ? exact : own.findIndex(([h2]) => h2 === h);
  };
}

/** Which index of a grid of several is the row: the first that the resolution never rises with. */
function rowIndexOf(cells: readonly Box[]): number | null {
  const rank = cells[0]?.index.length ?? 0;
  if (rank < 2) return null;
  for (let k = 0; k < rank; k++) {
    const sizes = new Map<number, number>();
    const fits = cells.every((c) => {
      const i = c.index[k] as number;
      const known = sizes.get(i) ?? c.halvings;
      sizes.set(i, known);
      return known === c.halvings;
    });
    const ordered = [...sizes].sort((a, b) => a[0] - b[0]);
    if (fits && ordered.every(([, h], n) => n === 0 || h >= (ordered[n - 1]?.[1] as number))) return k;
  }
  return null;
}
