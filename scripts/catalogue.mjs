// Reads docs/diagnostics/CODE.md, the source of all that is said about a kind of mistake, and writes what is made of it: the
// messages as functions, the codes and pages that the compiler knows, and the index of the folder. Run by the build; a page that is none ends it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { messagesOf, readWording } from './wording.mjs';

const docs = new URL('../docs/diagnostics/', import.meta.url);
const code = new URL('../compiler/diagnostics/', import.meta.url);
const grammar = new URL('../grammar/', import.meta.url);

/** What a mistake can be about, in the order in which the compiler gets there. */
const stages = [
  'text',
  'imports',
  'names and values',
  'network',
  'design',
  'limits',
  'training',
  'shapes and facts',
  'targets',
];

/** One page as data; throws, with the page's name, where it is not of the form of the others. */
export function readPage(name, text) {
  const page = name.replace(/\.md$/, '');
  const fail = (what) => {
    throw new Error(`docs/diagnostics/${name}: ${what}`);
  };
  const [head = '', ...sections] = text.trimEnd().split(/^## /m);
  const top = /^# (\S+)\n\n\*\*(error|warning|info)\*\*, ([a-z ]+): (.+)\n\n(.+)$/s.exec(head.trimEnd());
  if (top === null) fail('begins with `# code`, `**severity**, stage: title`, and what it means, a paragraph each');
  const [, named, severity, stage, title, what] = top;
  if (named !== page) fail(`is headed ${named}`);
  if (!stages.includes(stage)) fail(`there is no stage ${stage}: ${stages.join(', ')}`);
  const titles = sections.map((s) => s.slice(0, s.indexOf('\n')));
  const due = ['Why', 'What to do', 'Says', 'Wrong', 'Right'];
  if (titles.join() !== due.join()) fail(`needs the sections ${due.join(', ')}, and has ${titles.join(', ')}`);
  const [why, fix, says, wrong, right] = sections.map((s) => s.slice(s.indexOf('\n') + 1).trim());
  return {
    code: page,
    severity,
    stage,
    title,
    what,
    why,
    fix,
    says: readWording(says, fail),
    wrong: readExample(wrong, fail),
    right: readExample(right, fail),
  };
}

/**
 * Fences in order: `sh`, the command (absent: `unetc check spec.unet`); `unet`, a file, named in the line before it (absent:
 * spec.unet); `text`, what the command answers.
 */
function readExample(text, fail) {
  const example = { command: 'unetc check spec.unet', files: [], answer: null };
  let rest = text;
  while (rest !== '') {
    const found = /^(?:`([\w./{}]+)`(?: … (n = \d+\.\.\d+))?:\n\n)?```(sh|unet|text)\n(.*?)\n```(?:\n\n|$)/s.exec(rest);
    if (found === null) fail(`an example is made of fences sh, unet and text, not of\n${rest}`);
    const [all, name = 'spec.unet', times, language, body] = found;
    if (language === 'sh') example.command = body;
    else if (language === 'text') example.answer = body;
    else example.files.push({ name, ...(times ? { times } : {}), text: body });
    rest = rest.slice(all.length);
  }
  if (!example.files.some((f) => f.name === 'spec.unet')) fail('an example has a spec');
  return example;
}

export function readPages() {
  const names = readdirSync(docs).filter((name) => name.endsWith('.md') && name !== 'README.md');
  const pages = names
    .sort()
    .map((name) => readPage(name, readFileSync(new URL(name, docs), 'utf8').replace(/\r\n/g, '\n')));
  return stages.flatMap((stage) => pages.filter((p) => p.stage === stage));
}

const notice = '// Made from docs/diagnostics by scripts/catalogue.mjs (npm run build): change the pages there.\n';

/** Path -> text of everything made of the pages. */
export function made(pages) {
  const severities = pages.map((p) => `  '${p.code}': '${p.severity}',\n`).join('');
  const data = pages.map(({ code: name, ...page }) => {
    const { answer: _, ...wrong } = page.wrong;
    const { answer: __, ...right } = page.right;
    const says = page.says.map((s) => s.text);
    return `  '${name}': ${JSON.stringify({ ...page, says, wrong, right })},\n`;
  });
  const rows = stages.map((stage) => {
    const lines = pages
      .filter((p) => p.stage === stage)
      .map((p) => `| [${p.code}](${p.code}.md) | ${p.severity} | ${p.title} |\n`);
    return `\n## ${stage[0].toUpperCase()}${stage.slice(1)}\n\n| code | | |\n| --- | --- | --- |\n${lines.join('')}`;
  });
  return new Map([
    [new URL('say.ts', grammar), `${notice}${messagesOf(pages)}`],
    [
      new URL('severities.ts', code),
      `${notice}import type { Severity } from '../../grammar/diagnostic.js';\n\n/** Every kind of diagnostic by its code, in the order of the pipeline. */\nexport const severities = {\n${severities}} as const satisfies Readonly<Record<string, Severity>>;\n`,
    ],
    [
      new URL('pages.ts', code),
      `${notice}import type { Code } from './index.js';\nimport type { Page } from './page.js';\n\n/** What is said about each kind of diagnostic. */\nexport const pages: Readonly<Record<Code, Page>> = {\n${data.join('')}};\n`,
    ],
    [
      new URL('README.md', docs),
      `<!-- Made from the pages beside it by scripts/catalogue.mjs (npm run build). -->\n\n# Diagnostics\n\nEvery message of the compiler has a code, in brackets behind \`error\` or \`warning\`. \`unetc explain CODE\` shows its page.\nEach page has an example that is answered with this code and no other, and one that is right. In an example a line\nthat ends in \`// … n = 1..101\` stands for 101 lines, with a number for each \`{n}\`.\n${rows.join('')}`,
    ],
  ]);
}

export function writeCatalogue() {
  for (const [file, text] of made(readPages())) writeFileSync(file, text);
}

if (process.argv[1]?.endsWith('catalogue.mjs')) writeCatalogue();
