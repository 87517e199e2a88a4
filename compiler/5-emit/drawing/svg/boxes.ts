import type { Layout } from '../layout/index.js';
import { isFormula, type Placed } from '../layout/place.js';
import { type Box, boxName, describeBox, type Picture } from '../picture/picture.js';
import { serif, type Token } from '../theme.js';
import { element, escapeXml, type Pen } from './xml.js';

/** Name and shape; what else there is to know of a box is in its tooltip. */
export function boxesSvg(picture: Picture, layout: Layout, pen: Pen, keepAbsent: boolean): string {
  return picture.boxes
    .flatMap((box) => {
      const place = layout.boxes.get(box.id);
      if (!place || (box.state === 'absent' && !keepAbsent)) return [];
      const title = element('title', {}, escapeXml(describeBox(box, picture).join('\n')));
      const marks = { 'data-box': box.id, 'data-kind': box.kind, 'data-state': box.state };
      return [element('g', marks, title + outline(place, pen) + label(place, picture, pen))];
    })
    .join('\n');
}

/** Fill and line of a kind of box. */
export function lookOf(box: Pick<Box, 'kind' | 'encoder' | 'state'>): readonly [Token, Token] {
  if (box.state !== 'kept') return ['cutFill', 'cut'];
  if (box.kind === 'head') return ['headFill', 'head'];
  if (box.kind === 'input' || box.kind === 'output') return ['plainFill', 'plain'];
  return box.encoder ? ['encoderFill', 'encoder'] : ['nodeFill', 'node'];
}

function outline({ box, x, y, halfWidth, halfHeight }: Placed, pen: Pen): string {
  const [fill, stroke] = lookOf(box);
  return element('rect', {
    x: x - halfWidth,
    y: y - halfHeight,
    width: 2 * halfWidth,
    height: 2 * halfHeight,
    rx: box.kind === 'head' ? 6 : 9,
    ...pen.colours(fill, stroke),
    'stroke-width': 1.5,
    ...(box.state === 'kept' ? {} : { 'stroke-dasharray': '4 3' }),
  });
}

const centred = { 'text-anchor': 'middle' };

function label(place: Placed, picture: Picture, pen: Pen): string {
  const { box, x, y } = place;
  const kept = box.state === 'kept';
  const [ink, quiet]: [Token, Token] = kept ? ['ink', 'quiet'] : ['cutInk', 'cutInk'];
  if (box.kind === 'head') {
    // With one level there is no other to tell it from, and the name says more.
    const name = picture.levels.length > 1 ? `L${box.head}` : boxName(box);
    return (
      pen.text(x, y - 2, name, kept ? 'head' : 'cutInk', { ...centred, 'font-size': 13, 'font-weight': 600 }) +
      pen.text(x, y + 12, box.shape, quiet, { ...centred, 'font-size': 10.5 })
    );
  }
  if (box.kind === 'output') {
    const modes = box.modes.length > 1 ? box.modes.join(' · ') : '';
    const up = modes === '' ? 0 : 7;
    return (
      pen.text(x, y - 2 - up, boxName(box), ink, { ...centred, 'font-size': 13.5, 'font-weight': 600 }) +
      pen.text(x, y + 12 - up, box.shape, quiet, { ...centred, 'font-size': 10.5 }) +
      pen.text(x, y + 18, modes, quiet, { ...centred, 'font-size': 10.5, 'font-style': 'italic' })
    );
  }
  return name(place, ink, pen) + pen.text(x, y + 15, box.shape, quiet, { ...centred, 'font-size': 11.5 });
}

function name({ box, x, y }: Placed, ink: Token, pen: Pen): string {
  if (box.kind === 'input' || !isFormula(box)) {
    return pen.text(x, y - 2, boxName(box), ink, { ...centred, 'font-size': 13.5, 'font-weight': 600 });
  }
  const raised =
    box.index.length === 0
      ? ''
      : element('tspan', { dy: -6, 'font-size': 12, 'font-style': 'normal' }, escapeXml(box.index.join(',')));
  const look = { ...pen.colours(ink), ...centred, 'font-family': serif, 'font-style': 'italic', 'font-size': 18 };
  return element('text', { x, y, ...look }, escapeXml(box.base) + raised);
}
