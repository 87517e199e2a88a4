import { isCode } from './index.js';
import type { Example, Page } from './page.js';
import { pages } from './pages.js';

/** What docs/diagnostics says about a code, or undefined for one that does not exist. */
export const pageOf = (code: string): Page | undefined => (isCode(code) ? pages[code] : undefined);

/** The page of a diagnostic as plain text, or undefined for a code that does not exist. */
export function explain(code: string): string | undefined {
  const page = pageOf(code);
  if (page === undefined) return undefined;
  const { severity, title, what, why, fix, says, wrong, right } = page;
  const messages = `Messages:\n\n${says.map((text) => `    ${text}`).join('\n')}`;
  return `${[`${code} (${severity}): ${title}`, what, why, fix, messages, shown('Wrong', wrong), shown('Right', right)].join('\n\n')}\n`;
}

/** The files of an example, indented; names only where there are several, the command only where it is no plain check. */
function shown(heading: string, { command, files }: Example): string {
  const texts = files.map(({ name, times, text }) => {
    const title = files.length > 1 ? `${name}${times === undefined ? '' : ` … ${times}`}:\n` : '';
    return `${title}${text.replace(/^(?=.)/gm, '    ')}`;
  });
  const run = command === 'unetc check spec.unet' ? '' : ` (${command})`;
  return [`${heading}${run}:`, ...texts].join('\n\n');
}
