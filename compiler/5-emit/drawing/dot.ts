import { visible } from '../../../grammar/visible.js';
import { spotsOf } from './layout/cells.js';
import { type Box, boxName, describeBox, type Link, type Picture, parameterLine } from './picture/picture.js';
import { lookOf } from './svg/boxes.js';
import { dark, light, type Palette, type Theme } from './theme.js';

/** A DOT string (Graphviz): quotes and backslashes escaped; a line break is `\n`. */
const quoted = (text: string): string => `"${visible(text).replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;

/**
 * The picture for Graphviz: a rank for each row, links that go against the ranks kept from bending them; what the level cuts is
 * grey and dashed. `auto` is light: DOT has no notion of the reader's preference.
 */
export function drawDot(picture: Picture, { theme = 'light' }: { readonly theme?: Theme } = {}): string {
  const palette = theme === 'dark' ? dark : light;
  const spots = spotsOf(picture);
  const boxes = picture.boxes.filter((b) => b.state !== 'absent');
  const rows = [...new Set(boxes.map((b) => spots.get(b.id)?.row ?? 0))].sort((a, b) => a - b);
  const ranks = rows.map((row) => {
    const inRow = boxes
      .filter((b) => spots.get(b.id)?.row === row)
      .sort((a, b) => (spots.get(a.id)?.column ?? 0) - (spots.get(b.id)?.column ?? 0));
    const chain = inRow.map((b) => quoted(b.id)).join(' -> ');
    return [
      '  {',
      '    rank=same;',
      ...inRow.map((b) => `    ${boxDot(b, picture, palette)}`),
      // From left to right as the columns are.
      ...(inRow.length > 1 ? [`    ${chain} [style=invis];`] : []),
      '  }',
    ].join('\n');
  });
  // Ranks follow the order of rows, whatever way the links go.
  const firsts = rows.map((row) => boxes.find((b) => spots.get(b.id)?.row === row)?.id ?? '');
  const order = firsts.length > 1 ? [`  ${firsts.map(quoted).join(' -> ')} [style=invis];`] : [];
  const subtitle = [picture.name, parameterLine(picture)].filter((t) => t !== '').join('\n');
  const font = 'fontname="Helvetica,Arial,sans-serif"';
  return [
    `digraph ${quoted(picture.name)} {`,
    `  graph [label=${quoted(subtitle)}, labelloc=t, ${font}, fontcolor=${quoted(palette.ink)}, bgcolor=${quoted(palette.paper)}, newrank=true, nodesep=0.35, ranksep=0.6];`,
    `  node [shape=box, style="rounded,filled", ${font}, fontsize=12];`,
    '  edge [arrowsize=0.7];',
    ...ranks,
    ...order,
    ...picture.links.filter((l) => l.state !== 'absent').map((l) => `  ${linkDot(l, palette)}`),
    '}',
    '',
  ].join('\n');
}

function boxDot(box: Box, picture: Picture, palette: Palette): string {
  const [fill, stroke] = lookOf(box);
  const cut = box.state !== 'kept';
  const level = box.head === null || picture.levels.length < 2 ? '' : ` (L${box.head})`;
  const attributes = [
    `label=${quoted(`${boxName(box)}${level}\n${box.shape}`)}`,
    `tooltip=${quoted(describeBox(box, picture).join('\n'))}`,
    `fillcolor=${quoted(palette[fill])}`,
    `color=${quoted(palette[stroke])}`,
    `fontcolor=${quoted(cut ? palette.cutInk : palette.ink)}`,
    ...(cut ? ['style="rounded,filled,dashed"'] : []),
  ];
  return `${quoted(box.id)} [${attributes.join(', ')}];`;
}

function linkDot(link: Link, palette: Palette): string {
  const colour = { down: 'down', up: 'up', skip: 'skip', next: 'plain', head: 'head', output: 'head' } as const;
  const cut = link.state !== 'kept';
  const attributes = [
    `color=${quoted(palette[cut ? 'cut' : colour[link.kind]])}`,
    ...(cut ? ['style=dashed'] : []),
    ...(link.kind === 'down' || link.kind === 'up' ? ['penwidth=1.6'] : []),
    // A gate is a small circle half way; DOT marks it by a diamond at the tail.
    ...(link.gated ? ['dir=both', 'arrowtail=odiamond'] : []),
    'constraint=false',
  ];
  return `${quoted(link.from)} -> ${quoted(link.to)} [${attributes.join(', ')}];`;
}
