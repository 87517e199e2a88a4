import { layOut } from '../layout/index.js';
import { textWidth } from '../layout/text.js';
import { type Picture, parameterLine, scaled } from '../picture/picture.js';
import { classRules, dark, light, sans, type Theme, type Token } from '../theme.js';
import { boxesSvg } from './boxes.js';
import { legendItems, legendSvg, legendWidth } from './legend.js';
import { linksSvg } from './links.js';
import { element, escapeXml, Pen } from './xml.js';

export interface SvgOptions {
  /** Default: `auto`. */
  readonly theme?: Theme;
  /**
   * For a page that has its own title and switches levels: without title and legend, with every link that any level has,
   * and coloured by the page's style sheet.
   */
  readonly bare?: boolean;
}

const margin = 28;
const titleHeight = 64;
const legendHeight = 46;

/**
 * A picture as the papers draw it: nodes by resolution (down) and by depth (right), down, up and skip links told
 * apart, heads above what they supervise and the output they make; what the level cuts is grey and dashed.
 * @returns an SVG document with a viewBox and no outside references; the same picture gives the same bytes
 */
export function drawSvg(picture: Picture, { theme = 'auto', bare = false }: SvgOptions = {}): string {
  const palette = theme === 'dark' ? dark : light;
  const pen = new Pen(palette, bare || theme === 'auto');
  const labels = Math.max(0, ...picture.boxes.map((b) => textWidth(b.size, 12)));
  const layout = layOut(picture, margin + labels + 20, bare ? 8 : margin + titleHeight);
  const subtitle = subtitleOf(picture);
  const legend = legendItems(picture, pen);
  const words = Math.max(textWidth(subtitle, 13.5), textWidth(picture.name, 22), legendWidth(legend));
  const width = Math.ceil(Math.max(layout.right, bare ? 0 : margin + words) + margin);
  const height = Math.ceil(layout.bottom + (bare ? 16 : 30 + legendHeight));

  const rows = layout.rows.map(({ y, size, kept }) => {
    const start = margin + textWidth(size, 12) + 8;
    const rule = { d: `M${Math.ceil(start)} ${y}H${width - margin}`, ...pen.colours(null, 'rule'), 'stroke-width': 1 };
    return element('path', rule) + pen.text(margin, y + 4, size, kept ? 'quiet' : 'cutInk', { 'font-size': 12 });
  });
  const body = [
    element('rect', { width, height, ...pen.colours('paper') }),
    ...(bare
      ? []
      : [
          pen.text(margin, margin + 20, picture.name, 'ink', { 'font-size': 22, 'font-weight': 600 }),
          pen.text(margin, margin + 43, subtitle, 'quiet', { 'font-size': 13.5 }),
        ]),
    element('g', {}, rows.join('')),
    linksSvg(picture, layout, pen, bare),
    boxesSvg(picture, layout, pen, bare),
    ...(bare ? [] : [legendSvg(legend, margin, height - margin, pen)]),
  ];
  const style = theme === 'auto' && !bare ? `\n<style>${darkStyle}</style>` : '';
  const open =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `font-family="${escapeXml(sans)}" role="img" aria-label="${escapeXml(`${picture.name}: ${subtitle}`)}">`;
  return `${open}${style}\n${body.filter((part) => part !== '').join('\n')}\n</svg>\n`;
}

const darkStyle = `@media (prefers-color-scheme:dark){${classRules(Object.keys(dark) as Token[], (t) => dark[t])}}`;

/** `9,041,700 parameters · 29.8 G MACs at 256×256 · H and W: multiples of 16` */
function subtitleOf(picture: Picture): string {
  const chosen = picture.levels.find((l) => l.level === picture.level);
  const macs = chosen ? `${scaled(chosen.macs)} MACs at ${picture.referenceSize.join('×')}` : '';
  return [parameterLine(picture), macs, picture.sizeRules].filter((part) => part !== '').join('   ·   ');
}
