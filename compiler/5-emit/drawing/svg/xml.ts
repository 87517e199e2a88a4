import { visible } from '../../../../grammar/visible.js';
import type { Palette, Token } from '../theme.js';

/** Writing SVG: escaping, numbers, elements. */

export const escapeXml = (s: string): string =>
  visible(s).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

/** At most one decimal, so that bytes do not depend on rounding noise. */
export const fixed = (n: number): string => String(Math.round(n * 10) / 10 + 0);

export type Attributes = Readonly<Record<string, string | number>>;

export const element = (name: string, attributes: Attributes, content = ''): string => {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? fixed(value) : escapeXml(value)}"`)
    .join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
};

/**
 * Colours by name. Attributes are what every reader of SVG understands, office programs and TeX too; the classes beside them
 * let a style sheet change the theme, or what a level keeps, in place.
 */
export class Pen {
  constructor(
    private readonly palette: Palette,
    private readonly classes: boolean,
  ) {}

  /** Attributes for a fill, a stroke, or both; no fill is `none`. */
  colours(fill: Token | null, stroke: Token | null = null): Attributes {
    const names = [fill && `u-f-${fill}`, stroke && `u-s-${stroke}`].filter((n) => n !== null).join(' ');
    return {
      ...(this.classes && names !== '' ? { class: names } : {}),
      fill: fill ? this.palette[fill] : 'none',
      ...(stroke ? { stroke: this.palette[stroke] } : {}),
    };
  }

  /** A line of text at its baseline. */
  text(x: number, y: number, content: string, colour: Token, attributes: Attributes = {}): string {
    return content === '' ? '' : element('text', { x, y, ...this.colours(colour), ...attributes }, escapeXml(content));
  }
}
