// Copies what the site is made of into pages/: the generator finds its own packages only from within this folder.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pages = fileURLToPath(new URL('pages/', import.meta.url));

rmSync(pages, { recursive: true, force: true });
for (const name of readdirSync(join(root, 'docs'))) {
  if (name !== 'site') cpSync(join(root, 'docs', name), join(pages, 'docs', name), { recursive: true });
}
cpSync(join(root, 'README.md'), join(pages, 'index.md'));
cpSync(join(root, 'ARCHITECTURE.md'), join(pages, 'ARCHITECTURE.md'));

/** What the comment at the top of a spec says first. */
function aboutOf(text) {
  const comment = /^(?:\/\/.*\n)+/.exec(text)?.[0] ?? '';
  const prose = comment.replace(/^\/\/ ?/gm, '').replace(/\s+/g, ' ');
  // Up to the first full stop or colon; what stands in parentheses has its own.
  const [first = ''] = /^(?:\([^)]*\)|[^(.:]|[.:](?! ))*/.exec(prose) ?? [];
  return `${first.trim().replace(/\.$/, '')}.`;
}

mkdirSync(join(pages, 'specs'));
const specs = readdirSync(join(root, 'specs')).filter((name) => name.endsWith('.unet'));
const rows = specs.sort().map((file) => {
  const text = readFileSync(join(root, 'specs', file), 'utf8');
  const name = file.replace(/\.unet$/, '');
  writeFileSync(join(pages, 'specs', `${name}.md`), `# ${name}\n\n\`\`\`unet\n${text}\`\`\`\n`);
  return `| [${name}](${name}.md) | ${aboutOf(text)} |`;
});
const about =
  'Specs to start from, each with the exact parameter count of its source where it has one, and equal to PyTorch on the same weights.';
writeFileSync(
  join(pages, 'specs', 'index.md'),
  `# Networks\n\n${about}\n\n| spec | what it is |\n| --- | --- |\n${rows.join('\n')}\n`,
);

// Files that pages link to and that are no pages are copied as they are.
for (const page of readdirSync(pages, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'))) {
  const text = readFileSync(join(pages, page), 'utf8');
  for (const [, link] of text.matchAll(/\]\(([^)\s#:]+)(?:#[^)]*)?\)/g)) {
    const target = join(dirname(page), link);
    if (/\.(md|unet|png|svg)$/.test(target) || target.startsWith('..') || !/\.\w+$/.test(target)) continue;
    cpSync(join(root, target), join(pages, 'public', target));
  }
}
