import { beforeEnd, endOf, middle, type Path, type Point } from '../layout/geometry.js';
import type { Layout } from '../layout/index.js';
import { type Box, boxName, type Link, type Picture } from '../picture/picture.js';
import type { Token } from '../theme.js';
import { type Attributes, element, escapeXml, fixed, type Pen } from './xml.js';

const colourOf: Readonly<Record<Link['kind'], Token>> = {
  down: 'down',
  up: 'up',
  skip: 'skip',
  next: 'plain',
  head: 'head',
  output: 'head',
};

/** Whole for links that share a line, so that it does not look bolder where more of them lie on it. */
const widthOf = (kind: Link['kind']): number => (kind === 'skip' ? 1.3 : kind === 'next' ? 1.6 : 2);

const at = (p: Point): string => `${fixed(p.x)} ${fixed(p.y)}`;

const toText = ({ start, steps }: Path): string =>
  `M${at(start)}${steps.map(({ via, to }) => (via ? `C${at(via[0])} ${at(via[1])} ${at(to)}` : `L${at(to)}`)).join('')}`;

/** A small filled triangle with its tip at the end; markers would need ids, which clash when drawings share a page. */
function arrowHead(path: Path, size: number): string {
  const [tip, from] = [endOf(path), beforeEnd(path)];
  const angle = Math.atan2(tip.y - from.y, tip.x - from.x);
  const corner = (turn: number): Point => ({
    x: tip.x - size * Math.cos(angle + turn),
    y: tip.y - size * Math.sin(angle + turn),
  });
  return `M${at(tip)}L${at(corner(0.4))}L${at(corner(-0.4))}Z`;
}

/** The line ends within its arrow head, so that its blunt end does not show beside the tip. */
function shortened(path: Path, by: number): Path {
  const [tip, from] = [endOf(path), beforeEnd(path)];
  const length = Math.hypot(tip.x - from.x, tip.y - from.y);
  if (length <= by) return path;
  const to = { x: tip.x - ((tip.x - from.x) * by) / length, y: tip.y - ((tip.y - from.y) * by) / length };
  const last = path.steps.at(-1);
  return { ...path, steps: [...path.steps.slice(0, -1), { ...last, to }] };
}

export interface LinkLook {
  readonly kind: Link['kind'];
  readonly cut: boolean;
  readonly gated: boolean;
}

/** A line with its arrow head, and the mark of a gate half way. */
export function lineSvg(path: Path, { kind, cut, gated }: LinkLook, pen: Pen): string {
  const colour = cut ? 'cut' : colourOf[kind];
  const width = widthOf(kind);
  const size = kind === 'down' || kind === 'up' ? 8.5 : 7;
  const dashes: Attributes = cut ? { 'stroke-dasharray': '4 3' } : {};
  const end = kind === 'head' ? '' : element('path', { d: arrowHead(path, size), ...pen.colours(colour) });
  const drawn = kind === 'head' ? path : shortened(path, size * 0.7);
  const stroke = { d: toText(drawn), ...pen.colours(null, colour), 'stroke-width': width, ...dashes };
  return element('path', stroke) + end + (gated ? gateSvg(middle(path), cut, pen) : '');
}

export function gateSvg({ x, y }: Point, cut: boolean, pen: Pen): string {
  const colour = cut ? 'cut' : 'skip';
  const arm = 2.7;
  const cross = `M${at({ x: x - arm, y: y - arm })}L${at({ x: x + arm, y: y + arm })}M${at({ x: x - arm, y: y + arm })}L${at({ x: x + arm, y: y - arm })}`;
  return (
    element('circle', { cx: x, cy: y, r: 7, ...pen.colours('paper', colour), 'stroke-width': 1.4 }) +
    element('path', { d: cross, ...pen.colours(null, colour), 'stroke-width': 1.4 })
  );
}

/** `X[0,0] → X[0,2], skip` */
function describeLink(link: Link, boxes: ReadonlyMap<string, Box>): string {
  const name = (id: string): string => {
    const box = boxes.get(id);
    return box ? boxName(box) : id;
  };
  const kind = { down: ', down', up: ', up', skip: ', skip', next: '', head: '', output: '' }[link.kind];
  return `${name(link.from)} → ${name(link.to)}${link.gated ? ', gated skip' : kind}${link.state === 'cut' ? ' (cut)' : ''}`;
}

/** Cut links first, so that what is kept lies on top; wide ones last. */
export function linksSvg(picture: Picture, layout: Layout, pen: Pen, keepAbsent: boolean): string {
  const boxes = new Map(picture.boxes.map((b) => [b.id, b]));
  const order = (l: Link): number => (l.state === 'kept' ? 10 : 0) + widthOf(l.kind);
  return [...picture.links]
    .sort((a, b) => order(a) - order(b))
    .flatMap((link) => {
      const path = layout.routes.get(link);
      if (!path || (link.state === 'absent' && !keepAbsent)) return [];
      const title = element('title', {}, escapeXml(describeLink(link, boxes)));
      const marks = { 'data-from': link.from, 'data-to': link.to, 'data-kind': link.kind, 'data-state': link.state };
      const look = { kind: link.kind, cut: link.state !== 'kept', gated: link.gated };
      return [element('g', marks, title + lineSvg(path, look, pen))];
    })
    .join('\n');
}
