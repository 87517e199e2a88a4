import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pagesIn, pageText, root } from './fences.js';

const pages = ['README.md', 'ARCHITECTURE.md', ...pagesIn('docs').filter((page) => !page.startsWith('docs/site/'))];

/** Text that is shown: without fences, which may hold brackets of code. */
const prose = (page: string): string => pageText(page).replace(/^ *```[\s\S]*?^ *```$/gm, '');

/** What a heading is called in a link, as GitHub and the site make it. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/[`*]/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const anchorsOf = (page: string): string[] => [...prose(page).matchAll(/^#+ (.+)$/gm)].map((m) => anchorOf(m[1] ?? ''));

describe('links between pages', () => {
  it.each(pages)('%s leads to files and headings that are there', (page) => {
    const broken: string[] = [];
    for (const [, link = ''] of prose(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : posix.normalize(posix.join(posix.dirname(page), path));
      if (!existsSync(join(root, target))) broken.push(link);
      else if (anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor)) broken.push(link);
    }
    expect(broken).toEqual([]);
  });
});
