import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const grammar = JSON.parse(readFileSync(join(root, 'editor/unet.tmLanguage.json'), 'utf8'));

/** The title of a page: its first heading. */
const titleOf = (page) => /^# (.+)$/m.exec(readFileSync(join(root, page), 'utf8'))?.[1] ?? page;

const entry = (page) => ({ text: titleOf(page), link: `/${page.replace(/(index)?\.md$/, '')}` });
const pagesIn = (folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md') && name !== 'index.md')
    .sort()
    .map((name) => entry(`${folder}/${name}`));

/** Pages of docs/ that have no place of their own in the sidebar, so that a new one is there without a line here. */
const placed = ['tutorial', 'newcomer', 'mistakes', 'editors', 'engines', 'backends', 'measurements', 'decisions'];
const others = () =>
  readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md') && !placed.includes(name.slice(0, -3)))
    .map((name) => entry(`docs/${name}`));
/** Folders of pages that others may add, such as the pages of diagnostics. */
const folder = (title, path) => {
  const names = readdirSync(join(root, 'docs'));
  return names.includes(path) ? [{ text: title, collapsed: true, items: pagesIn(`docs/${path}`) }] : [];
};

/** The order of the table of docs/language/index.md. */
const languagePages = () =>
  [...readFileSync(join(root, 'docs/language/index.md'), 'utf8').matchAll(/^\| \[[^\]]+\]\((\w+\.md)\)/gm)].map((m) =>
    entry(`docs/language/${m[1]}`),
  );

/**
 * Links as they work in the repository, made to work in the site: the README is the front page, a spec has a page of its own, and
 * any other file lies beside the pages.
 */
function repositoryLinks(md) {
  const open = md.renderer.rules.link_open;
  md.renderer.rules.link_open = (tokens, index, options, env, self) => {
    const token = tokens[index];
    const href = token.attrGet('href') ?? '';
    if (/^[a-z]+:|^#|^\//.test(href)) return open(tokens, index, options, env, self);
    const [path, hash = ''] = href.split('#');
    const target = posix.normalize(posix.join(posix.dirname(env.relativePath), path));
    const anchor = hash ? `#${hash}` : '';
    if (target === 'README.md') token.attrSet('href', `/${anchor}`);
    else if (target === 'specs' || target === 'specs/') token.attrSet('href', '/specs/');
    else if (target.endsWith('.unet')) token.attrSet('href', `/specs/${posix.basename(target, '.unet')}`);
    else if (!target.endsWith('.md')) {
      token.attrSet('href', `/${target}`);
      token.attrSet('target', '_self');
      return self.renderToken(tokens, index, options);
    }
    return open(tokens, index, options, env, self);
  };
}

/** A tag that is none, such as the `<FILE>` of a command line, is text. */
function plainTags(md) {
  const inline = md.renderer.rules.html_inline;
  md.renderer.rules.html_inline = (tokens, index, ...rest) =>
    /^<\/?[a-z]|^<!--/.test(tokens[index].content)
      ? inline(tokens, index, ...rest)
      : md.utils.escapeHtml(tokens[index].content);
}

/** An example that is there to fail says so. */
function failingExamples(md) {
  const fence = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, index, ...rest) => {
    const code = / fails=(\S+)/.exec(tokens[index].info)?.[1] ?? / warns=(\S+)/.exec(tokens[index].info)?.[1];
    const html = fence(tokens, index, ...rest);
    return code === undefined ? html : `<div class="mistake" data-code="${md.utils.escapeHtml(code)}">${html}</div>`;
  };
}

export default defineConfig({
  title: 'unetc',
  description: 'A compiler for nested segmentation networks',
  lang: 'en',
  // Written by gather.mjs.
  srcDir: 'pages',
  outDir: 'dist',
  cleanUrls: false,
  markdown: {
    math: true,
    languages: [{ ...grammar, name: 'unet', aliases: [] }],
    theme: { light: 'github-light', dark: 'github-dark' },
    config(md) {
      repositoryLinks(md);
      failingExamples(md);
      plainTags(md);
    },
  },
  themeConfig: {
    outline: [2, 3],
    search: { provider: 'local' },
    nav: [
      { text: 'Tutorial', link: '/docs/tutorial' },
      { text: 'Language', link: '/docs/language/' },
      { text: 'Operators', link: '/docs/operators/' },
      { text: 'Networks', link: '/specs/' },
    ],
    sidebar: [
      {
        text: 'Start',
        items: [
          { text: 'unetc', link: '/' },
          entry('docs/tutorial.md'),
          { text: 'Networks', link: '/specs/' },
          entry('docs/mistakes.md'),
          entry('docs/editors.md'),
        ],
      },
      { text: 'The language', items: [{ text: 'Overview', link: '/docs/language/' }, ...languagePages()] },
      {
        text: 'Operators',
        collapsed: true,
        items: [{ text: 'Overview', link: '/docs/operators/' }, ...pagesIn('docs/operators')],
      },
      ...folder('Diagnostics', 'diagnostics'),
      {
        text: 'Engines',
        items: [
          entry('docs/engines.md'),
          entry('docs/backends.md'),
          entry('docs/measurements.md'),
          entry('docs/metrics.md'),
        ],
      },
      {
        text: 'Behind it',
        collapsed: true,
        items: [entry('ARCHITECTURE.md'), entry('docs/decisions/README.md'), entry('docs/newcomer.md'), ...others()],
      },
    ],
  },
});
