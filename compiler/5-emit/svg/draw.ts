import { type Layout, type Placed, textWidth } from './layout.js';
import type { Arrow, Picture } from './picture.js';
import { type Attributes, colours, element, escapeXml, fixed, serif, text } from './xml.js';

/** Half the side of a head's square. */
export const headSize = 11;

/** Control height, above the centres, of a skip that passes over `over` nodes. */
export const arcHeight = (over: number): number => 36 + 23 * over;

interface Point {
  readonly x: number;
  readonly y: number;
}

const at = (p: Point): string => `${fixed(p.x)} ${fixed(p.y)}`;

/** Where the line from a box's centre in direction `angle` (radians, 0 = right, counter-clockwise) leaves it. */
function edgePoint(place: Placed, angle: number, away = 0): Point {
  const [dx, dy] = [Math.cos(angle), -Math.sin(angle)];
  const reach = place.round
    ? place.halfWidth
    : Math.min(place.halfWidth / Math.max(1e-9, Math.abs(dx)), place.halfHeight / Math.max(1e-9, Math.abs(dy)));
  return { x: place.x + dx * (reach + away), y: place.y + dy * (reach + away) };
}

/** A small filled triangle with its tip at `tip`; markers would need ids, which clash when drawings share a page. */
function arrowHead(tip: Point, from: Point, fill: string): string {
  const angle = Math.atan2(tip.y - from.y, tip.x - from.x);
  const corner = (turn: number): Point => ({
    x: tip.x - 8 * Math.cos(angle + turn),
    y: tip.y - 8 * Math.sin(angle + turn),
  });
  return element('path', { d: `M${at(tip)}L${at(corner(0.42))}L${at(corner(-0.42))}Z`, fill });
}

const strokeOf = (kind: Arrow['kind'], kept: boolean): Attributes => ({
  fill: 'none',
  stroke: kept ? colours[kind] : colours.cutLine,
  'stroke-width': kind === 'skip' ? 1.4 : 1.7,
  ...(kind === 'skip' ? { 'stroke-dasharray': '5 3.5' } : {}),
});

const between = (a: Placed, b: Placed, all: Iterable<Placed>): number => {
  const [from, to] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
  return [...all].filter((p) => p.row === a.row && p.x > from && p.x < to).length;
};

/** Cut edges first, so that what is kept lies on top. */
export function arrowsSvg(picture: Picture, layout: Layout): string {
  const ordered = [...picture.arrows].sort((a, b) => Number(a.kept) - Number(b.kept));
  return element('g', {}, ordered.map((a) => arrowSvg(a, layout)).join(''));
}

function arrowSvg(arrow: Arrow, layout: Layout): string {
  const [from, to] = [layout.places.get(arrow.from), layout.places.get(arrow.to)];
  if (!from || !to) return '';
  const stroke = strokeOf(arrow.kind, arrow.kept);
  const fill = arrow.kept ? colours[arrow.kind] : colours.cutLine;
  const over = from.row === to.row ? between(from, to, layout.places.values()) : 0;
  if (over === 0) {
    const angle = Math.atan2(from.y - to.y, to.x - from.x);
    const [start, tip] = [edgePoint(from, angle, 1), edgePoint(to, angle + Math.PI, 2)];
    return element('path', { d: `M${at(start)}L${at(tip)}`, ...stroke }) + arrowHead(tip, start, fill);
  }
  // Longer skips leave and arrive steeper, so that those of one node fan out.
  const angle = Math.min(1.35, 0.62 + 0.2 * over);
  const [start, tip] = [edgePoint(from, angle, 1), edgePoint(to, Math.PI - angle, 2)];
  const lift = arcHeight(over);
  const lean = Math.min((to.x - from.x) * 0.2, 90);
  const control1 = { x: start.x + lean, y: from.y - lift };
  const control2 = { x: tip.x - lean, y: to.y - lift };
  const path = `M${at(start)}C${at(control1)} ${at(control2)} ${at(tip)}`;
  return element('path', { d: path, ...stroke }) + arrowHead(tip, control2, fill);
}

/** A hairline and the size of each resolution. */
export function rowsSvg(layout: Layout, left: number, right: number): string {
  const rows = layout.rows.map(({ y, size, kept }) => {
    const fill = kept ? colours.quiet : colours.cutInk;
    return (
      element('path', { d: `M${fixed(left)} ${fixed(y)}H${fixed(right)}`, stroke: colours.rule, 'stroke-width': 1 }) +
      element('rect', { x: left - 2, y: y - 10, width: textWidth(size, 13) + 8, height: 20, fill: colours.paper }) +
      text(left, y + 4.5, size, { 'font-size': 13, fill })
    );
  });
  return element('g', {}, rows.join(''));
}

/** Nodes with name and channels; the whole shape and the weights are in each one's tooltip. */
export function boxesSvg(layout: Layout): string {
  return [...layout.places.values()].map(boxSvg).join('\n');
}

function boxSvg(place: Placed): string {
  const { box, x, y, halfWidth, halfHeight, round } = place;
  const line = box.encoder ? colours.encoderLine : colours.nodeLine;
  const fill = box.encoder ? colours.encoderFill : colours.nodeFill;
  const look = {
    fill: box.kept ? fill : colours.cutFill,
    stroke: box.kept ? line : colours.cutLine,
    'stroke-width': 1.6,
  };
  const shape = round
    ? element('circle', { cx: x, cy: y, r: halfWidth, ...look })
    : element('rect', {
        x: x - halfWidth,
        y: y - halfHeight,
        width: 2 * halfWidth,
        height: 2 * halfHeight,
        rx: 12,
        ...look,
      });
  const name = box.index.length === 0 ? box.base : `${box.base}[${box.index.join(',')}]`;
  const tip = `${name}: ${box.channels} × ${box.size}, ${box.weights} weights`;
  return element('g', {}, element('title', {}, escapeXml(tip)) + shape + labelSvg(place));
}

function labelSvg({ box, x, y, round }: Placed): string {
  const ink = box.kept ? colours.ink : colours.cutInk;
  const quiet = box.kept ? colours.quiet : colours.cutInk;
  const index = box.index.join(',');
  const raised =
    index === ''
      ? ''
      : element('tspan', { dy: -6, 'font-size': round ? 11.5 : 11, 'font-style': 'normal' }, escapeXml(index));
  const name = element(
    'text',
    {
      x,
      y: y + 1,
      'text-anchor': 'middle',
      'font-family': serif,
      'font-style': 'italic',
      'font-size': round ? 19 : 16,
      fill: ink,
    },
    escapeXml(box.base) + raised,
  );
  return name + text(x, y + 17, box.channels, { 'text-anchor': 'middle', 'font-size': 12, fill: quiet });
}

/** Each input left of the nodes it feeds. */
export function inputsSvg(picture: Picture, layout: Layout, left: number): string {
  return picture.inputs
    .flatMap((input) => {
      const fed = input.to.flatMap((id) => layout.places.get(id) ?? []);
      const first = fed[0];
      if (!first) return [];
      const width = Math.max(textWidth(input.name, 13), textWidth(input.size, 11)) + 16;
      const middle = { x: left + width / 2, y: first.y };
      const lines = fed.map((place) => {
        const angle = Math.atan2(middle.y - place.y, place.x - middle.x);
        const tip = edgePoint(place, angle + Math.PI, 2);
        const stroke = { fill: 'none', stroke: colours.quiet, 'stroke-width': 1.7 };
        return element('path', { d: `M${at(middle)}L${at(tip)}`, ...stroke }) + arrowHead(tip, middle, colours.quiet);
      });
      const box = element('rect', {
        x: left,
        y: first.y - 21,
        width,
        height: 42,
        rx: 6,
        fill: colours.inputFill,
        stroke: colours.quiet,
        'stroke-width': 1.4,
      });
      const centred = { 'text-anchor': 'middle' };
      return [
        lines.join('') +
          box +
          text(middle.x, first.y - 2, input.name, { ...centred, 'font-size': 13, fill: colours.ink }) +
          text(middle.x, first.y + 13, input.size, { ...centred, 'font-size': 11, fill: colours.quiet }),
      ];
    })
    .join('\n');
}

export interface HeadsPlace {
  /** Centre of the heads. */
  readonly y: number;
  readonly outputX: number;
  readonly name: string;
  readonly modes: readonly string[];
  /** Some heads are cut. */
  readonly cut: boolean;
}

/** Heads in one line above their nodes, and the line they form into the output. */
export function headsSvg(picture: Picture, layout: Layout, place: HeadsPlace): string {
  const parts: string[] = [];
  const marks = picture.heads.flatMap((head) => {
    const box = layout.places.get(head.box);
    return box ? [{ head, box }] : [];
  });
  const kept = marks.filter((m) => m.head.kept);
  const cut = marks.filter((m) => !m.head.kept);
  const tip = { x: place.outputX, y: place.y };
  if (kept.length > 0) {
    const start = { x: Math.min(...kept.map((m) => m.box.x)), y: place.y };
    const stroke = { stroke: colours.head, 'stroke-width': 1.7, fill: 'none' };
    parts.push(element('path', { d: `M${at(start)}L${at(tip)}`, ...stroke }), arrowHead(tip, start, colours.head));
  }
  for (const { head, box } of [...cut, ...kept]) {
    const line = head.kept ? colours.head : colours.cutLine;
    const ink = head.kept ? colours.head : colours.cutInk;
    const foot = edgePoint(box, Math.PI / 2, 1);
    parts.push(
      element('path', {
        d: `M${at(foot)}L${at({ x: box.x, y: place.y })}`,
        stroke: line,
        'stroke-width': 1.5,
        fill: 'none',
      }),
      element('rect', {
        x: box.x - headSize - 3,
        y: place.y - headSize,
        width: 2 * headSize + 6,
        height: 2 * headSize,
        rx: 5,
        fill: head.kept ? colours.headFill : colours.cutFill,
        stroke: line,
        'stroke-width': 1.5,
      }),
      text(box.x, place.y + 4.5, `L${head.level}`, {
        'text-anchor': 'middle',
        'font-size': 12,
        'font-weight': 600,
        fill: ink,
      }),
    );
  }
  const modes = place.modes.length > 1 ? place.modes.join(' · ') : '';
  parts.push(
    text(tip.x + 8, place.y + (modes === '' ? 5 : -1), place.name, {
      'font-size': 15,
      'font-weight': 600,
      fill: colours.ink,
    }),
    text(tip.x + 8, place.y + 15, modes, { 'font-size': 12, fill: colours.quiet }),
  );
  return parts.join('\n');
}

/** What the lines mean; only kinds that occur. */
export function legendSvg(picture: Picture, left: number, y: number, cutNote: string | null): string {
  const items: { readonly label: string; readonly sample: (x: number) => string }[] = [];
  const kinds = [
    ['down', 'down-sampling'],
    ['up', 'up-sampling'],
    ['skip', 'skip'],
  ] as const;
  for (const [kind, label] of kinds) {
    if (!picture.arrows.some((a) => a.kind === kind)) continue;
    items.push({
      label,
      sample: (x) => {
        const [start, tip] = [
          { x, y: y - 4 },
          { x: x + 30, y: y - 4 },
        ];
        const line = element('path', { d: `M${at(start)}L${at(tip)}`, ...strokeOf(kind, true) });
        return line + arrowHead(tip, start, colours[kind]);
      },
    });
  }
  const square = (x: number, fill: string, stroke: string): string =>
    element('rect', { x: x + 10, y: y - 11, width: 20, height: 14, rx: 4, fill, stroke, 'stroke-width': 1.5 });
  if (picture.heads.length > 0) {
    items.push({ label: 'supervised head', sample: (x) => square(x, colours.headFill, colours.head) });
  }
  if (cutNote !== null) items.push({ label: cutNote, sample: (x) => square(x, colours.cutFill, colours.cutInk) });
  let x = left;
  const parts = items.map(({ label, sample }) => {
    const part = sample(x) + text(x + 38, y, label, { 'font-size': 12, fill: colours.quiet });
    x += 38 + textWidth(label, 12) + 24;
    return part;
  });
  return parts.join('\n');
}
