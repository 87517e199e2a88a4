import { visible } from '../../../grammar/visible.js';
import { type Box, boxName, type Link, type Picture, parameterLine } from './picture/picture.js';
import { lookOf } from './svg/boxes.js';
import { dark, light, type Palette, type Theme, type Token } from './theme.js';

/** Text in quotes: what Mermaid would read as its own marks is written as a character's number. */
const quoted = (text: string): string => `"${visible(text).replace(/["#;<>&\\`]/g, (c) => `#${c.charCodeAt(0)};`)}"`;

const looks: readonly Token[] = ['encoder', 'node', 'plain', 'head', 'cut'];
const fills: Readonly<Partial<Record<Token, Token>>> = {
  encoder: 'encoderFill',
  node: 'nodeFill',
  plain: 'plainFill',
  head: 'headFill',
  cut: 'cutFill',
};

/**
 * The picture as a Mermaid flowchart, for Markdown that renders one: thick arrows between resolutions, thin ones within;
 * what the level cuts is grey and dashed. `auto` is light.
 */
export function drawMermaid(picture: Picture, { theme = 'light' }: { readonly theme?: Theme } = {}): string {
  const palette = theme === 'dark' ? dark : light;
  const boxes = picture.boxes.filter((b) => b.state !== 'absent');
  const links = picture.links.filter((l) => l.state !== 'absent');
  // Mermaid's ids are words: boxes are numbered, and named by their labels.
  const ids = new Map(boxes.map((b, k) => [b.id, `n${k}`]));
  const used = looks.filter((look) => boxes.some((b) => lookOf(b)[1] === look));
  const title = [picture.name, parameterLine(picture)].filter((t) => t !== '').join(': ');
  return [
    '---',
    `title: ${JSON.stringify(visible(title))}`,
    '---',
    'flowchart LR',
    ...boxes.map((b) => `  ${ids.get(b.id)}${boxMermaid(b, picture)}:::${lookOf(b)[1]}`),
    ...links.map((l) => `  ${ids.get(l.from)} ${arrowOf(l)} ${ids.get(l.to)}`),
    ...used.map((look) => `  classDef ${look} ${classOf(look, palette)}`),
    ...styles(links, palette),
    '',
  ].join('\n');
}

function boxMermaid(box: Box, picture: Picture): string {
  const level = box.head === null || picture.levels.length < 2 ? '' : ` (L${box.head})`;
  const label = `${quoted(`${boxName(box)}${level}`).slice(0, -1)}<br>${quoted(box.shape).slice(1)}`;
  return box.kind === 'input' || box.kind === 'output' ? `([${label}])` : `(${label})`;
}

function arrowOf(link: Link): string {
  if (link.state === 'cut') return '-.->';
  if (link.gated) return '-- gate -->';
  return link.kind === 'down' || link.kind === 'up' ? '==>' : '-->';
}

const classOf = (look: Token, palette: Palette): string => {
  const ink = look === 'cut' ? palette.cutInk : palette.ink;
  const dashes = look === 'cut' ? ',stroke-dasharray:4 3' : '';
  return `fill:${palette[fills[look] as Token]},stroke:${palette[look]},color:${ink}${dashes}`;
};

/** Colours of links, by their numbers in the order written. */
function styles(links: readonly Link[], palette: Palette): string[] {
  const colour = { down: 'down', up: 'up', skip: 'skip', next: 'plain', head: 'head', output: 'head' } as const;
  const byColour = new Map<Token, number[]>();
  for (const [k, l] of links.entries()) {
    const token = l.state === 'cut' ? 'cut' : colour[l.kind];
    byColour.set(token, [...(byColour.get(token) ?? []), k]);
  }
  return [...byColour].map(([token, numbers]) => `  linkStyle ${numbers.join(',')} stroke:${palette[token]}`);
}
