import { drawDot } from './dot.js';
import { drawHtml } from './html/index.js';
import { drawMermaid } from './mermaid.js';
import type { Picture } from './picture/picture.js';
import { drawSvg } from './svg/index.js';
import type { Theme } from './theme.js';

export { type PageData, type PageParts, pageParts } from './html/index.js';
export { tooLargeToDraw } from './limits.js';
export { type PictureOptions, pictureOf } from './picture/index.js';
export type { Picture } from './picture/picture.js';
export type { Theme };
export { drawDot, drawHtml, drawMermaid, drawSvg };

/** A renderer for each format: a picture in, a text out; the same picture, the same bytes. */
export const renderers = { svg: drawSvg, dot: drawDot, mermaid: drawMermaid, html: drawHtml } as const satisfies Record<
  string,
  (picture: Picture, options: { readonly theme?: Theme }) => string
>;

export type Format = keyof typeof renderers;
