import { line } from '../layout/geometry.js';
import { textWidth } from '../layout/text.js';
import type { LinkKind, Picture } from '../picture/picture.js';
import { gateSvg, lineSvg } from './links.js';
import { element, type Pen } from './xml.js';

interface Item {
  readonly label: string;
  /** Drawn in 34 units from x on, centred on y. */
  readonly sample: (x: number, y: number) => string;
}

/** What lines and colours mean: only of kinds that occur. */
export function legendItems(picture: Picture, pen: Pen): Item[] {
  const shown = picture.links.filter((l) => l.state !== 'absent');
  const has = (kind: LinkKind): boolean => shown.some((l) => l.kind === kind);
  const arrow =
    (kind: LinkKind, cut = false) =>
    (x: number, y: number): string =>
      lineSvg(line({ x, y }, { x: x + 32, y }), { kind, cut, gated: false }, pen);
  const items: Item[] = [];
  if (has('down')) items.push({ label: 'down-sampling', sample: arrow('down') });
  if (has('up')) items.push({ label: 'up-sampling', sample: arrow('up') });
  if (has('skip')) items.push({ label: 'skip', sample: arrow('skip') });
  if (shown.some((l) => l.gated)) {
    items.push({ label: 'attention gate', sample: (x, y) => gateSvg({ x: x + 20, y }, false, pen) });
  }
  items.push({
    label: picture.levels.length > 1 ? 'supervised head' : 'head',
    sample: (x, y) =>
      element('rect', {
        x: x + 10,
        y: y - 7,
        width: 22,
        height: 14,
        rx: 4,
        ...pen.colours('headFill', 'head'),
        'stroke-width': 1.5,
      }),
  });
  if (picture.boxes.some((b) => b.state === 'cut') || shown.some((l) => l.state === 'cut')) {
    const label = picture.level === picture.levels.at(-1)?.level ? 'not used' : `cut at L${picture.level}`;
    items.push({ label, sample: arrow('skip', true) });
  }
  return items;
}

const step = (item: Item): number => 40 + textWidth(item.label, 12) + 22;

export const legendWidth = (items: readonly Item[]): number => items.reduce((sum, item) => sum + step(item), 0);

export function legendSvg(items: readonly Item[], left: number, y: number, pen: Pen): string {
  let x = left;
  return items
    .map((item) => {
      const drawn = item.sample(x, y) + pen.text(x + 40, y + 4, item.label, 'quiet', { 'font-size': 12 });
      x += step(item);
      return drawn;
    })
    .join('');
}
