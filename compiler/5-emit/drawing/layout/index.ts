import { mostRouted } from '../limits.js';
import type { Box, Link, Picture } from '../picture/picture.js';
import { line, type Path, type Point } from './geometry.js';
import { headHalfHeight, type Placed, placeBoxes, type Row } from './place.js';
import { portsOf } from './ports.js';
import { routeCrowded, routeLinks } from './routes.js';
import { textWidth } from './text.js';

/** Everything in its place. */
export interface Layout {
  readonly boxes: ReadonlyMap<string, Placed>;
  readonly routes: ReadonlyMap<Link, Path>;
  readonly rows: readonly Row[];
  /** The rightmost and lowest edges. */
  readonly right: number;
  readonly bottom: number;
}

/** Above the heads, what they give runs together here. */
const busLift = 16;
const headGap = 10;
const outputHalfHeight = 26;

/**
 * Lays a picture out.
 * @param left x where boxes may begin, @param top y of the first thing drawn
 */
export function layOut(picture: Picture, left: number, top: number): Layout {
  const crowded = picture.links.length > mostRouted;
  const heads = picture.boxes.filter((b) => b.kind === 'head');
  const output = picture.boxes.find((b) => b.kind === 'output') as Box;
  const headY = top + outputHalfHeight + (heads.length > 1 ? busLift + headHalfHeight : 0);
  const { boxes: below, rows } = placeBoxes(picture, left, headY, crowded);

  const provisional = new Map(below);
  // Heads stand straight above: over the port that leads to them.
  for (const head of heads) provisional.set(head.id, above(head, feederOf(head, picture, below)?.x ?? left, headY));
  const stems = portsOf(picture.links, provisional);
  const boxes = new Map(below);
  let free = Number.NEGATIVE_INFINITY;
  const wanted = heads.map((head) => {
    const stem = picture.links.find((l) => l.to === head.id);
    return { head, x: (stem && stems.get(stem)?.start.x) ?? left };
  });
  for (const { head, x } of wanted.sort((a, b) => a.x - b.x)) {
    const place = above(head, x, headY);
    const moved = { ...place, x: Math.max(x, free + headGap + place.halfWidth) };
    boxes.set(head.id, moved);
    free = moved.x + moved.halfWidth;
  }
  const outputPlace = above(output, 0, heads.length > 1 ? headY - headHalfHeight - busLift : headY);
  const right = Math.max(...[...boxes.values()].filter((p) => p.row <= 0).map((p) => p.x + p.halfWidth));
  const beside = heads.length > 0 ? Math.max(free + 34, right - 2 * outputPlace.halfWidth) : right + 34;
  boxes.set(output.id, { ...outputPlace, x: beside + outputPlace.halfWidth });

  const answers = new Set(picture.links.filter((l) => l.to === output.id && boxes.get(l.from)?.row === -1));
  const others = picture.links.filter((l) => !answers.has(l));
  const ports = portsOf(others, boxes);
  const routes = new Map(crowded ? routeCrowded(others, ports, boxes) : routeLinks(others, ports, boxes, rows));
  const at = boxes.get(output.id) as Placed;
  for (const link of answers) routes.set(link, toOutput(boxes.get(link.from) as Placed, at));

  const all = [...boxes.values()];
  return {
    boxes,
    routes,
    rows,
    right: Math.max(...all.map((p) => p.x + p.halfWidth)),
    bottom: Math.max(...all.map((p) => p.y + p.halfHeight)),
  };
}

/** From a head to the output: along the line that all heads share, or straight. */
function toOutput(head: Placed, output: Placed): Path {
  const end = { x: output.x - output.halfWidth, y: output.y };
  if (Math.abs(head.y - output.y) < 1) return line({ x: head.x + head.halfWidth, y: head.y }, end);
  const start = { x: head.x, y: head.y - head.halfHeight };
  const corner: Point = { x: head.x, y: output.y };
  const radius = 8;
  return {
    start,
    steps: [
      { to: { x: corner.x, y: corner.y + radius } },
      { via: [corner, corner], to: { x: corner.x + radius, y: corner.y } },
      { to: end },
    ],
  };
}

function feederOf(head: Box, picture: Picture, boxes: ReadonlyMap<string, Placed>): Placed | undefined {
  const link = picture.links.find((l) => l.to === head.id);
  return link && boxes.get(link.from);
}

function above(box: Box, x: number, y: number): Placed {
  const words = Math.max(
    textWidth(box.base, 16),
    textWidth(box.shape, 10.5),
    box.modes.length > 1 ? textWidth(box.modes.join(' · '), 10.5) : 0,
  );
  return {
    box,
    row: -1,
    column: 0,
    x,
    y,
    halfWidth: Math.max(24, words / 2 + 10),
    halfHeight: box.modes.length > 1 ? outputHalfHeight : headHalfHeight,
  };
}
