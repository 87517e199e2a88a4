import type { Box, Picture } from './picture.js';

/** A box with a place; x and y are its centre, in user units of the drawing. */
export interface Placed {
  readonly box: Box;
  readonly row: number;
  readonly column: number;
  readonly x: number;
  readonly y: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
  /** Drawn as a circle; otherwise a rounded rectangle. */
  readonly round: boolean;
}

export interface Layout {
  readonly places: ReadonlyMap<string, Placed>;
  /** Size label and y of each row. */
  readonly rows: readonly { readonly y: number; readonly size: string; readonly kept: boolean }[];
  /** x of the rightmost box's edge, y of the lowest box's edge. */
  readonly right: number;
  readonly bottom: number;
}

export const radius = 29;
const rowPitch = 108;
const leastPitch = 60;
const gap = 28;

/** Estimated width of a text in a proportional font; drawings must not depend on the fonts of a machine. */
export const textWidth = (text: string, fontSize: number): number => text.length * fontSize * 0.56;

/**
 * Places boxes as the papers do: a row for each resolution, a column for each step of the longest path from the
 * input. A triangular grid becomes the inverted triangle of UNet++ (X[i,j] at column i + 2j), a U-Net its U.
 * @param left x of the first column, @param top y of the first row
 */
export function layOut(picture: Picture, left: number, top: number): Layout {
  const rowOf = rowsOf(picture);
  const columnOf = columnsOf(picture, rowOf);
  const shapes = new Map(picture.boxes.map((b) => [b.id, shapeOf(b)]));
  const pitch = pitchFor(picture, rowOf, columnOf, (id) => shapes.get(id)?.halfWidth ?? radius);
  const places = new Map<string, Placed>();
  for (const box of picture.boxes) {
    const row = rowOf.get(box.id) ?? 0;
    const column = columnOf.get(box.id) ?? 0;
    const shape = shapes.get(box.id) ?? shapeOf(box);
    places.set(box.id, { box, row, column, x: left + column * pitch, y: top + row * rowPitch, ...shape });
  }
  const all = [...places.values()];
  const rowCount = Math.max(0, ...all.map((p) => p.row + 1));
  return {
    places,
    rows: Array.from({ length: rowCount }, (_, row) => {
      const inRow = all.filter((p) => p.row === row);
      return {
        y: top + row * rowPitch,
        size: mostCommon(inRow.map((p) => p.box.size)),
        kept: inRow.some((p) => p.box.kept),
      };
    }),
    right: Math.max(left, ...all.map((p) => p.x + p.halfWidth)),
    bottom: Math.max(top, ...all.map((p) => p.y + p.halfHeight)),
  };
}

/** Size and form of a box's outline. */
export function shapeOf(box: Box): Pick<Placed, 'halfWidth' | 'halfHeight' | 'round'> {
  if (box.base.length <= 2 && box.index.length <= 2) return { halfWidth: radius, halfHeight: radius, round: true };
  const label = box.base + box.index.join(',');
  return { halfWidth: Math.max(34, textWidth(label, 15) / 2 + 10), halfHeight: 25, round: false };
}

/** Resolutions that occur, without holes: a stride of 4 is one row down. */
function rowsOf(picture: Picture): Map<string, number> {
  const steps = [...new Set(picture.boxes.map((b) => b.halvings))].sort((a, b) => a - b);
  return new Map(picture.boxes.map((b) => [b.id, steps.indexOf(b.halvings)]));
}

function columnsOf(picture: Picture, rowOf: ReadonlyMap<string, number>): Map<string, number> {
  const columns = new Map<string, number>();
  const taken = new Set<string>();
  for (const id of inOrder(picture)) {
    const before = picture.arrows.filter((a) => a.to === id).map((a) => (columns.get(a.from) ?? -1) + 1);
    let column = Math.max(0, ...before);
    while (taken.has(`${rowOf.get(id)} ${column}`)) column++;
    taken.add(`${rowOf.get(id)} ${column}`);
    columns.set(id, column);
  }
  return columns;
}

/** Box ids so that every arrow goes forward. */
function inOrder(picture: Picture): string[] {
  const sources = new Map<string, string[]>(picture.boxes.map((b) => [b.id, []]));
  for (const a of picture.arrows) sources.get(a.to)?.push(a.from);
  const done = new Set<string>();
  const order: string[] = [];
  const visit = (id: string): void => {
    if (done.has(id)) return;
    done.add(id);
    for (const from of sources.get(id) ?? []) visit(from);
    order.push(id);
  };
  for (const b of picture.boxes) visit(b.id);
  return order;
}

/** The smallest distance of columns at which neighbours in a row, and arrows between rows, have air. */
function pitchFor(
  picture: Picture,
  rowOf: ReadonlyMap<string, number>,
  columnOf: ReadonlyMap<string, number>,
  halfWidth: (id: string) => number,
): number {
  const byRow = new Map<number, { column: number; half: number }[]>();
  for (const b of picture.boxes) {
    const row = rowOf.get(b.id) ?? 0;
    byRow.set(row, [...(byRow.get(row) ?? []), { column: columnOf.get(b.id) ?? 0, half: halfWidth(b.id) }]);
  }
  let pitch = leastPitch;
  for (const boxes of byRow.values()) {
    boxes.sort((a, b) => a.column - b.column);
    for (let k = 1; k < boxes.length; k++) {
      const [a, b] = [boxes[k - 1], boxes[k]];
      if (a && b) pitch = Math.max(pitch, (a.half + b.half + gap) / (b.column - a.column));
    }
  }
  return pitch;
}

function mostCommon(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const v of values) counts.set(v, (counts.get(v) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}
