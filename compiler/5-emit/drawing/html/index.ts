import { boxName, describeBox, grouped, type LinkKind, type Picture, scaled } from '../picture/picture.js';
import { drawSvg } from '../svg/index.js';
import { escapeXml } from '../svg/xml.js';
import type { Theme, Token } from '../theme.js';
import { pageScript } from './script.js';
import { pageStyle } from './style.js';

/**
 * The picture as a page that needs no network and no other file: a box under the pointer or the focus shows its links and
 * what is known of it, a switch shows what each level keeps and costs.
 */
export function drawHtml(picture: Picture, { theme = 'auto' }: { readonly theme?: Theme } = {}): string {
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
    boxes: Object.fromEntries(
      whole.boxes.map((b) => [b.id, { levels: b.levels, lines: describeBox(b, whole), name: boxName(b) }]),
    ),
    links: Object.fromEntries(picture.links.map((l) => [`${l.from} ${l.to}`, l.levels])),
  };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(picture.name)}</title>
<style>${pageStyle(theme === 'auto' ? null : theme)}</style>
</head>
<body>
<h1>${escapeXml(picture.name)}</h1>
<p>${escapeXml(picture.sizeRules)}</p>
<div class="bar">
${levelSwitch(picture)}
<output aria-live="polite"></output>
</div>
<div class="scroll">
${drawSvg(whole, { bare: true }).trimEnd()}
</div>
${key(picture)}
<div class="facts"><p>Point at a node, or reach it with Tab, to see its links and what is in it.</p></div>
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
    .map(([, token, label]) => `<li><i style="color:var(--${token})"></i>${label}</li>`);
  const gate = picture.links.some((l) => l.gated) ? ['<li>⊗ attention gate</li>'] : [];
  return `<ul class="key">${[...items, ...gate].join('')}</ul>`;
}
