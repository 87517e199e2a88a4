import { describeRules, sizeRules } from '../../2-infer/sizes.js';
import type { Network } from '../../ir/graph.js';
import { arcHeight, arrowsSvg, boxesSvg, headSize, headsSvg, inputsSvg, legendSvg, rowsSvg } from './draw.js';
import { layOut, radius, shapeOf, textWidth } from './layout.js';
import { type Picture, pictureOf } from './picture.js';
import { colours, element, escapeXml, sans, text } from './xml.js';

export interface DrawOptions {
  /** Grey out what pruning to this level cuts; default: the highest level, nothing cut. One of `network.levels`. */
  readonly level?: number;
}

const margin = 28;
const titleHeight = 62;
const legendHeight = 44;

/**
 * A network as the papers draw it: nodes by resolution (down) and by depth (right), with down, up and skip edges told
 * apart, heads above the nodes they supervise and the output they make. Networks without a grid are drawn the same
 * way, a box for each chain of operators at one resolution.
 * @returns an SVG document with a viewBox and no outside references; the same network gives the same bytes
 */
export function drawNetwork(network: Network, options: DrawOptions = {}): string {
  const highest = Math.max(0, ...network.levels);
  const level = options.level ?? highest;
  const picture = pictureOf(network, level);

  const sizeColumn = Math.max(0, ...picture.boxes.map((b) => textWidth(b.size, 13)));
  const inputColumn =
    Math.max(0, ...picture.inputs.map((i) => Math.max(textWidth(i.name, 13), textWidth(i.size, 11)))) + 58;
  const fed = new Set(picture.inputs.flatMap((i) => i.to));
  const widestFed = Math.max(0, ...picture.boxes.filter((b) => fed.has(b.id)).map((b) => shapeOf(b).halfWidth));
  const left = margin + sizeColumn + inputColumn + widestFed;
  const headY = margin + titleHeight + headSize + 16;
  const top = headY + headSize + 26 + highestArc(picture);
  const layout = layOut(picture, left, top);

  const outputLabel = `${network.outputName}${network.modes.length > 1 ? network.modes.join(' · ') : ''}`;
  const outputX = layout.right + 40;
  const contentRight = outputX + textWidth(outputLabel, 8) + 44;
  const subtitle = describe(network, picture, level, highest);
  const width = Math.ceil(
    Math.max(contentRight, margin + textWidth(subtitle, 14), margin + textWidth(network.name, 22), 640) + margin,
  );
  const height = Math.ceil(layout.bottom + 40 + legendHeight + margin / 2);
  const cut = level < highest;

  const body = [
    element('rect', { width, height, fill: colours.paper }),
    text(margin, margin + 20, network.name, { 'font-size': 22, 'font-weight': 600, fill: colours.ink }),
    text(margin, margin + 44, subtitle, { 'font-size': 14, fill: colours.quiet }),
    rowsSvg(layout, margin, width - margin),
    arrowsSvg(picture, layout),
    inputsSvg(picture, layout, margin + sizeColumn + 14),
    headsSvg(picture, layout, { y: headY, outputX, name: network.outputName, modes: network.modes, cut }),
    boxesSvg(layout),
    legendSvg(picture, margin, height - margin, cut ? `cut at L${level}` : null),
  ];
  const open =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `font-family="${escapeXml(sans)}" role="img" aria-label="${escapeXml(`${network.name}: ${subtitle}`)}">`;
  return `${open}\n${body.filter((part) => part !== '').join('\n')}\n</svg>\n`;
}

/** How far above the centres of the first row its longest skip, or at least its nodes, reach. */
function highestArc(picture: Picture): number {
  const inRow = picture.boxes.filter((b) => b.halvings === 0).length;
  const dense = inRow > 2 && picture.arrows.some((a) => a.kind === 'skip');
  return dense ? arcHeight(inRow - 2) * 0.75 + 8 : radius;
}

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

function describe(network: Network, picture: Picture, level: number, highest: number): string {
  const weights =
    level < highest
      ? `L${level} of L${highest}: ${grouped(picture.keptWeights)} of ${grouped(picture.weights)} weights`
      : `${grouped(picture.weights)} weights`;
  const sizes = describeRules(sizeRules(network));
  return sizes === '' ? weights : `${weights}   ·   ${sizes}`;
}
