import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unetc } from './io.js';
import { type Mistake, mistakes, prepareWorkshop } from './mistakes.js';

const page = fileURLToPath(new URL('../../docs/mistakes.md', import.meta.url));
const update = process.env.UPDATE === '1';
const answers = new Map<Mistake, string>();
const home = process.cwd();
let folder = '';

/** Every file below a folder with the hash of its content. */
function contents(path: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = join(path, name);
    if (statSync(file).isFile()) found[name] = createHash('sha256').update(readFileSync(file)).digest('hex');
  }
  return found;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-mistakes-'));
  await prepareWorkshop(folder);
  // Paths in messages are as given: relative ones keep them the same on every machine.
  process.chdir(folder);
});

afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

describe('mistakes are answered with the place and the way out', () => {
  it.each(mistakes.map((m) => [m.title, m] as const))('%s', async (_, mistake) => {
    if (mistake.needs && !mistake.needs()) {
      console.warn(`not tried here: ${mistake.title}`);
      return;
    }
    await mistake.prepare?.(folder);
    const before = contents(folder);
    const ran = await unetc(...mistake.argv);
    const message = ran.stderr.trim();
    // What the decoder says of a damaged file differs from time to time, and from release to release.
    answers.set(mistake, message.replace(/can't be decoded \([^)]*\)/, "can't be decoded (...)"));
    expect(message).not.toMatch(/^\s+at .+:\d+/m);
    expect(message).not.toContain('internal error');
    for (const said of mistake.says) expect(message).toContain(said);
    expect(ran.exit, message).toBe(mistake.exit);
    if (mistake.exit !== 0) {
      // A mistake costs nothing that was there, and leaves nothing half-made behind.
      expect(contents(folder)).toEqual(before);
      expect(message).toMatch(/help: /);
    }
    const asJson = await unetc(...mistake.argv, '--json');
    expect(asJson.exit).toBe(mistake.exit);
    const document: unknown = JSON.parse(asJson.stdout);
    if (mistake.exit !== 0) expect(document).toMatchObject({ ok: false });
  });
});

describe('docs/mistakes.md', () => {
  it('has at least thirty mistakes', () => {
    expect(mistakes.filter((m) => m.exit !== 0).length).toBeGreaterThanOrEqual(30);
  });

  it('is what the commands answer (UPDATE=1 writes it)', () => {
    const untried = mistakes.filter((m) => !m.undocumented && !answers.has(m));
    if (untried.length > 0) {
      console.warn(`not compared: ${untried.map((m) => m.title).join('; ')} could not be tried here`);
      return;
    }
    const text = pageText();
    if (update) writeFileSync(page, text);
    expect(existsSync(page) ? readFileSync(page, 'utf8') : '').toBe(text);
  });
});

function pageText(): string {
  const documented = mistakes.filter((m) => !m.undocumented);
  const sections = [...new Set(documented.map((m) => m.area))].map((area) => {
    const parts = documented
      .filter((m) => m.area === area)
      .map((m) => {
        const command = `$ unetc ${m.argv.map(quoted).join(' ')}`;
        return `### ${m.title}\n\n\`\`\`console\n${command}\n${answers.get(m) || '(done)'}\n\`\`\`\n\nexit ${m.exit}\n`;
      });
    return `## ${area}\n\n${parts.join('\n')}`;
  });
  const rows = documented.map(
    (m) =>
      `| ${m.title} | ${m.exit} | ${firstLine(answers.get(m) ?? '')
        .replaceAll('|', '\\|')
        .replaceAll('<', '&lt;')} |`,
  );
  return [
    '# What unetc answers to mistakes',
    '',
    '<!-- Written by test/cli/mistakes.test.ts from what the commands answer: UPDATE=1 npx vitest run test/cli/mistakes.test.ts -->',
    '',
    'Exit code 1: the input is wrong. 2: the command line is. Earlier results stay as they were.',
    '',
    '| mistake | exit | first line of the answer |',
    '| --- | --- | --- |',
    ...rows,
    '',
    ...sections,
  ].join('\n');
}

/** What is wrong; what is said of the data before is on the page in full. */
const firstLine = (text: string): string => {
  const lines = text.split('\n');
  return lines.find((line) => line.startsWith('error')) ?? (lines[0] || '(done)');
};
const quoted = (argument: string): string => (/[\s[\]|*<>]/.test(argument) ? `'${argument}'` : argument);
