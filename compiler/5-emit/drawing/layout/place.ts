import { type Box, boxName, type Link, type Picture } from '../picture/picture.js';
import { arcPeak, type NodesBetween, nodesBetween } from './arcs.js';
import { type Spot, spotsOf } from './cells.js';
import type { Frame } from './geometry.js';
import { textWidth } from './text.js';

/** A box with its place. */
export interface Placed extends Frame, Spot {
  readonly box: Box;
}

/** Boxes in their places, and the bands they lie in. */
export interface Places {
  readonly boxes: ReadonlyMap<string, Placed>;
  readonly rows: readonly Row[];
  /** y of the centres of heads. */
  readonly headY: number;
}

export interface Row {
  readonly y: number;
  /** Its size, `H/2 × W/2`: what most of its boxes have. */
  readonly size: string;
  readonly kept: boolean;
}

export const boxHalfHeight = 23;
export const headHalfHeight = 18;
/** Between neighbours in a row. */
const gap = 38;
const leastPitch = 66;
/** Between rows, for the arrows from one to the next. */
const leastChannel = 64;
/** Of ports on an edge. */
export const portPitch = 7;

/**
 * Gives every box below the heads its place.
 * @param left x where boxes may begin, @param top y of the heads' centres
 * @param crowded boxes are no wider for their links, and arcs lower
 */
export function placeBoxes(picture: Picture, left: number, top: number, crowded: boolean): Places {
  const spots = spotsOf(picture);
  const below = picture.boxes.filter((b) => (spots.get(b.id)?.row ?? -1) >= 0);
  const between = nodesBetween(spots);
  const widths = halfWidths(below, crowded ? [] : picture.links, spots, between);
  const columns = columnPlaces(below, spots, widths);
  const first = Math.max(0, ...below.filter((b) => spots.get(b.id)?.column === 0).map((b) => widths.get(b.id) ?? 0));

  const boxes = new Map<string, Placed>();
  const rows: Row[] = [];
  const count = Math.max(0, ...[...spots.values()].map((s) => s.row + 1));
  let y = top + headHalfHeight;
  for (let row = 0; row < count; row++) {
    const inRow = below.filter((b) => spots.get(b.id)?.row === row);
    y += channelAbove(row, inRow, picture.links, (l) => arcPeak(between(l), crowded)) + boxHalfHeight;
    for (const box of inRow) {
      const column = spots.get(box.id)?.column ?? 0;
      const x = left + first + (columns[column] ?? 0);
      boxes.set(box.id, { box, row, column, x, y, halfWidth: widths.get(box.id) ?? 0, halfHeight: boxHalfHeight });
    }
    rows.push({ y, size: mostCommon(inRow.map((b) => b.size)), kept: inRow.some((b) => b.state === 'kept') });
    y += boxHalfHeight;
  }
  return { boxes, rows, headY: top };
}

/** Room for the row's arcs and for arrows from the row above. */
function channelAbove(row: number, inRow: readonly Box[], links: readonly Link[], peakOf: (link: Link) => number) {
  const ids = new Set(inRow.map((b) => b.id));
  const peaks = links.filter((l) => ids.has(l.from) && ids.has(l.to)).map(peakOf);
  const highest = peaks.reduce((a, b) => Math.max(a, b), 0);
  return Math.max(row === 0 ? 30 : leastChannel, highest + (row === 0 ? 22 : 40));
}

/** As wide as its words and its ports need; those of a grid are alike, and others that differ little. */
function halfWidths(
  boxes: readonly Box[],
  links: readonly Link[],
  spots: ReadonlyMap<string, Spot>,
  between: NodesBetween,
) {
  const needed = boxes.map((b) => {
    const row = spots.get(b.id)?.row ?? 0;
    const ports = { arcsIn: 0, arcsOut: 0, top: 0, bottom: 0 };
    for (const l of links) {
      if (l.from !== b.id && l.to !== b.id) continue;
      const other = spots.get(l.from === b.id ? l.to : l.from)?.row ?? 0;
      if (other > row) ports.bottom++;
      else if (other < row) ports.top++;
      else if (between(l) > 0) ports[l.from === b.id ? 'arcsOut' : 'arcsIn']++;
    }
    const words = Math.max(nameWidth(b), textWidth(b.shape, 11.5)) / 2 + 11;
    const arcs = 24 + portPitch * Math.max(ports.arcsIn, ports.arcsOut);
    const all = (portPitch * Math.max(ports.arcsIn + ports.arcsOut + ports.top, ports.bottom)) / 2 + 9;
    return Math.max(43, words, ports.arcsIn + ports.arcsOut > 0 ? arcs : 0, all);
  });
  const familyOf = (b: Box): string => (b.kind === 'cell' ? b.base : b.id);
  const families = new Map<string, number>();
  for (const [k, b] of boxes.entries()) {
    families.set(familyOf(b), Math.max(families.get(familyOf(b)) ?? 0, needed[k] as number));
  }
  const widest = Math.max(0, ...needed);
  return new Map(
    boxes.map((b) => {
      const half = families.get(familyOf(b)) ?? 0;
      return [b.id, half * 1.5 >= widest ? widest : half];
    }),
  );
}

/** Names of one or two letters are set as formulas, longer ones as words. */
export const isFormula = (box: Box): boolean => box.base.length <= 2;

const nameWidth = (box: Box): number =>
  isFormula(box) ? textWidth(box.base, 17) + textWidth(box.index.join(), 11.5) : textWidth(boxName(box), 13.5);

/** x of each column's centre, from 0: evenly, unless few wide boxes would then spread all others. */
function columnPlaces(boxes: readonly Box[], spots: ReadonlyMap<string, Spot>, widths: ReadonlyMap<string, number>) {
  const columns: number[] = [];
  const last = Math.max(0, ...boxes.map((b) => spots.get(b.id)?.column ?? 0));
  const ends = new Map<number, { readonly column: number; readonly half: number }>();
  let even = leastPitch;
  for (let c = 0; c <= last; c++) {
    let x = c === 0 ? 0 : (columns[c - 1] as number) + leastPitch;
    const here = boxes.filter((b) => spots.get(b.id)?.column === c);
    for (const b of here) {
      const row = spots.get(b.id)?.row ?? 0;
      const half = widths.get(b.id) ?? 0;
      const before = ends.get(row);
      if (before) {
        const need = before.half + half + gap;
        x = Math.max(x, (columns[before.column] as number) + need);
        even = Math.max(even, need / (c - before.column));
      }
    }
    for (const b of here) ends.set(spots.get(b.id)?.row ?? 0, { column: c, half: widths.get(b.id) ?? 0 });
    columns.push(x);
  }
  const total = columns.at(-1) ?? 0;
  return even * last <= 1.3 * total ? columns.map((_, c) => c * even) : columns;
}

function mostCommon(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const v of values) counts.set(v, (counts.get(v) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}
