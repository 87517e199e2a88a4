import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explain, pageOf } from '../../compiler/diagnostics/explain.js';
import { codes } from '../../compiler/diagnostics/index.js';
import type { Example, Page } from '../../compiler/diagnostics/page.js';
import { made, readPage, readPages } from '../../scripts/catalogue.mjs';
import { type Ran, unetc } from '../cli/io.js';
import { argvOf, filesOf } from './examples.js';

const docs = new URL('../../docs/diagnostics/', import.meta.url);
const update = process.env.UPDATE === '1';

/** What a mistake that counts others comes with: no text can have it alone. */
const company: Readonly<Record<string, readonly string[]>> = { 'limit-mistakes': ['unexpected-character'] };

const home = process.cwd();
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-pages-'));
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

/** Runs an example's command where its files are, through the command line itself. */
async function tried(name: string, example: Example): Promise<Ran> {
  const place = join(folder, name);
  for (const [file, text] of filesOf(example)) {
    const path = join(place, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  process.chdir(place);
  expect(example.command).toMatch(/^unetc /);
  return unetc(...argvOf(example));
}

const found = (stderr: string): string[] =>
  [...stderr.matchAll(/^\S+: (?:error|warning|info)\[([a-z-]+)\]: /gm)].map((m) => m[1]!);

/** The first message of a code, as the page shows it; paths of this machine are none of it. */
const answerOf = (code: string, { stderr }: Ran): string =>
  (stderr.split('\n\n').find((message) => message.includes(`[${code}]: `)) ?? '').trimEnd();

const readable = (text: string): void => {
  for (const sentence of text.split('\n\n')) expect(sentence).toMatch(/^[A-Z`0-9-][\s\S]{7,}[.!?:)`]$/);
};

describe.each(codes)('%s', (code) => {
  const page = pageOf(code) as Page;
  const file = new URL(`${code}.md`, docs);

  it('is explained in sentences', () => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(page.title).toMatch(/^[^A-Z].*[^.]$/);
    for (const part of [page.what, page.why, page.fix]) readable(part);
    const text = explain(code) ?? '';
    for (const part of [`${code} (${page.severity}): ${page.title}`, page.what, page.why, page.fix])
      expect(text).toContain(part);
  });

  it('is what its wrong example is answered with, and nothing else', async () => {
    const ran = await tried(`${code}-wrong`, page.wrong);
    const others = company[code] ?? [];
    const codesFound = found(ran.stderr).filter((c) => !others.includes(c));
    expect(new Set(codesFound), ran.stderr).toEqual(new Set([code]));
    expect(ran.exit).toBe(page.severity === 'error' ? 1 : 0);
    for (const said of ran.stderr.matchAll(/\]: (.*)$/gm))
      expect(said[1]).toMatch(/^(?!.*(?:undefined|NaN|\[object)).*[^.]$/);
    const text = readFileSync(file, 'utf8');
    const answer = answerOf(code, ran);
    if (update) {
      const bare = text.replace(/```text\n[\s\S]*?\n```\n\n(?=## Right)/, '');
      writeFileSync(
        file,
        bare.replace('\n## Right', () => `\n\`\`\`text\n${answer}\n\`\`\`\n\n## Right`),
      );
    } else expect(readPage(`${code}.md`, text).wrong.answer, 'UPDATE=1 writes it').toBe(answer);
  });

  it('is not what its right example is answered with: nothing is', async () => {
    const ran = await tried(`${code}-right`, page.right);
    expect({ exit: ran.exit, stderr: ran.stderr }).toEqual({ exit: 0, stderr: '' });
  });
});

describe('the catalogue', () => {
  it('is made of the pages as they are (npm run build makes it)', () => {
    for (const [path, text] of made(readPages())) expect(readFileSync(path, 'utf8') === text, String(path)).toBe(true);
  });

  it('has no page for what is no code', () => {
    for (const code of ['no-such-code', 'constructor', '']) {
      expect(pageOf(code)).toBeUndefined();
      expect(explain(code)).toBeUndefined();
    }
  });

  it('refuses a page that lacks a part', () => {
    const good = readFileSync(new URL('cycle.md', docs), 'utf8');
    expect(readPage('cycle.md', good).code).toBe('cycle');
    for (const [part, says] of [
      ['# cycle', /begins with/],
      ['## Why', /sections/],
      ['## Right', /sections/],
      ['```unet', /fences/],
      ['network: ', /stage|begins/],
    ] as const)
      expect(() => readPage('cycle.md', good.replace(part, 'X ')), part).toThrow(says);
    expect(() => readPage('circle.md', good)).toThrow(/headed cycle/);
  });
});
