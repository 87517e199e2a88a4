import { describeBox, grouped, type LinkKind, type Picture, scaled } from '../picture/picture.js';
import { drawSvg } from '../svg/index.js';
import { escapeXml } from '../svg/xml.js';
import type { Theme, Token } from '../theme.js';
import { pageScript } from './script.js';
import { pageStyle } from './style.js';

/** The data of the page's script beside the drawing (`explorer` in script.ts). */
export interface PageData {
  /** The level shown at first, and the whole network's. */
  readonly level: number;
  readonly highest: number;
  /** Where MACs are counted: `256×256`. */
  readonly size: string;
  readonly levels: readonly { readonly level: number; readonly parameters: string; readonly macs: string }[];
  /** By the id that the drawing has in `data-box`: the levels that keep it, what is known of it. */
  readonly boxes: Readonly<Record<string, { readonly levels: readonly number[]; readonly lines: readonly string[] }>>;
  /** By `from to`: the levels that have it. */
  readonly links: Readonly<Record<string, readonly number[]>>;
}

export interface PageParts {
  /** Elements without styles, scripts or addresses. */
  readonly body: string;
  readonly data: PageData;
}

/** What a page of its own is made of, and what a page of an editor shows: its content, and what its script works on. */
export function pageParts(picture: Picture): PageParts {
  const highest = picture.levels.at(-1)?.level ?? picture.level;
  // Drawn as if nothing were cut: which level cuts what, the script says.
  const whole: Picture = {
    ...picture,
    level: highest,
    boxes: picture.boxes.map((b) => ({ ...b, state: 'kept' })),
    links: picture.links.map((l) => ({ ...l, state: 'kept' })),
  };
  const data = {
    level: picture.level,
    highest,
    size: picture.referenceSize.join('×'),
    levels: picture.levels.map((l) => ({ level: l.level, parameters: grouped(l.parameters), macs: scaled(l.macs) })),
    boxes: Object.fromEntries(whole.boxes.map((b) => [b.id, { levels: b.levels, lines: describeBox(b, whole) }])),
    links: Object.fromEntries(picture.links.map((l) => [`${l.from} ${l.to}`, l.levels])),
  };
  const body = `<h1>${escapeXml(picture.name)}</h1>
<p>${escapeXml(picture.sizeRules)}</p>
<div class="bar">
${levelSwitch(picture)}
<output aria-live="polite"></output>
</div>
<div class="scroll">
${drawSvg(whole, { bare: true }).trimEnd()}
</div>
${key(picture)}
<div class="facts"><p>Point at a node, or reach it with Tab, to see its links and what is in it.</p></div>`;
  return { body, data };
}

/**
 * The picture as a page that needs no network and no other file: a box under the pointer or the focus shows its links and
 * what is known of it, a switch shows what each level keeps and costs.
 */
export function drawHtml(picture: Picture, { theme = 'auto' }: { readonly theme?: Theme } = {}): string {
  const { body, data } = pageParts(picture);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(picture.name)}</title>
<style>${pageStyle(theme === 'auto' ? null : theme)}</style>
</head>
<body>
${body}
<script>const data = ${JSON.stringify(data).replaceAll('<', '\\u003c')};${pageScript}</script>
</body>
</html>
`;
}

function levelSwitch({ levels, level }: Picture): string {
  const choices = levels.map(
    ({ level: l }) =>
      `<label><input type="radio" name="level" value="${l}"${l === level ? ' checked' : ''}>L${l}</label>`,
  );
  return `<fieldset><legend>Level</legend>${choices.join('')}</fieldset>`;
}

/** Only of kinds that occur. */
function key(picture: Picture): string {
  const kinds: readonly (readonly [LinkKind, Token, string])[] = [
    ['down', 'down', 'down-sampling'],
    ['up', 'up', 'up-sampling'],
    ['skip', 'skip', 'skip'],
    ['head', 'head', 'supervised head'],
  ];
  const items = kinds
    .filter(([kind]) => picture.links.some((l) => l.kind === kind))
    .map(([, token, label]) => `<li><i class="k-${token}"></i>${label}</li>`);
  const gate = picture.links.some((l) => l.gated) ? ['<li>⊗ attention gate</li>'] : [];
  return `<ul class="key">${[...items, ...gate].join('')}</ul>`;
}
