import type { Count, MaskAnswer, MaskValue, Survey, Tile } from '../../runtime/data/survey/index.js';

/** `7 of 256x256, 3 of 512x512 and 4 more kinds`. */
function counts(found: readonly Count[], shown = 4): string {
  if (found.length === 1) return found[0]?.what ?? '';
  const more = found.length > shown ? ` and ${found.length - shown} more` : '';
  return found.slice(0, shown).map(({ what, count }) => `${what} (${count})`).join(', ') + more;
} // biome-ignore format: short

const percent = (share: number): string =>
  share > 0 && share < 0.001 ? `${(100 * share).toPrecision(1)} %` : `${(100 * share).toFixed(1)} %`;

function values(found: readonly MaskValue[], shown = 8): string {
  const more = found.length > shown ? ` and ${found.length - shown} more` : '';
  return found.slice(0, shown).map(({ value, share }) => `${value} (${percent(share)})`).join(', ') + more;
} // biome-ignore format: short

/** What a survey says, as rows of a name and a text. */
function rows({ source, layout, images, masks, ...of }: Survey): [string, string][] {
  const found: [string, string][] = [
    ['data', `${source}: ${layout}`],
    ['images', `${images}, ${counts(of.formats)}`],
    ['sizes', counts(of.sizes)],
    ['channels', counts(of.channels)],
    ['samples', `${counts(of.types)}, ${of.range[0]} to ${of.range[1]}`],
  ];
  if (of.spacings.length > 0) found.push(['spacing', `${counts(of.spacings)} mm`]);
  if (masks === null) return [...found, ['masks', 'none']];
  const folders = masks.classFolders.length > 0 ? `, in ${masks.classFolders.join(', ')}` : '';
  const empty = masks.empty > 0 ? `, ${masks.empty} of them empty` : '';
  found.push(['masks', `${masks.files} files${folders}${empty}`], ['values', values(masks.values)]);
  if (masks.entries.length > 0) found.push(['palette entries', values(masks.entries)]);
  if (masks.colors.length > 0) found.push(['colors', values(masks.colors)]);
  if (masks.alpha.length > 0) found.push(['alpha', values(masks.alpha)]);
  return found;
}

const network = (classes: number): string =>
  classes === 1 ? 'a network of 1 class' : `a network of ${classes} classes`;

function answer({ classes, summary, rule, warnings, question }: MaskAnswer): string[] {
  if (question) return [`${network(classes)}: ${question.message}`, `  help: ${question.hint}`];
  return [`${network(classes)}: ${summary} [masks = ${rule}]`, ...warnings.map((warning) => `  warning: ${warning}`)];
}

/** A survey for people. */
export function surveyText(survey: Survey, sheet: string | undefined): string {
  const answers = survey.masks?.answers.flatMap(answer) ?? [];
  return [
    ...rows(survey).map(([name, text]) => `${name.padEnd(16)}${text}`),
    ...(answers.length > 0 ? ['', ...answers] : []),
    ...(survey.suspicions.length > 0 ? ['', ...survey.suspicions.map((text) => `warning: ${text}`)] : []),
    ...(sheet === undefined ? [] : ['', `contact sheet: ${sheet}`]),
  ].join('\n');
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The same as a page of its own, with the contact sheet. */
export function surveyPage(survey: Survey, tiles: readonly Tile[]): string {
  const facts = rows(survey).map(([name, text]) => `<tr><th>${escaped(name)}</th><td>${escaped(text)}</td></tr>`);
  const said = [
    ...(survey.masks?.answers.flatMap(answer) ?? []),
    ...survey.suspicions.map((text) => `warning: ${text}`),
  ];
  const figures = tiles.map(
    ({ name, png }) =>
      `<figure><img alt="" src="data:image/png;base64,${png.toString('base64')}"><figcaption>${escaped(name)}</figcaption></figure>`,
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escaped(survey.source)}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 82rem; padding: 0 1rem; background: #18181b; color: #e4e4e7 }
th { text-align: left; vertical-align: top; padding-right: 1.5rem; font-weight: 600 }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(192px, 1fr)); gap: 8px; margin-top: 1.5rem }
figure { margin: 0 } img { width: 100% } figcaption { font-size: 12px; overflow-wrap: anywhere; color: #a1a1aa }
p { margin: .3rem 0 }
</style>
<table>${facts.join('\n')}</table>
${said.map((text) => `<p>${escaped(text)}</p>`).join('\n')}
<main>
${figures.join('\n')}
</main>
</html>
`;
}
