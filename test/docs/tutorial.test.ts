import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../cli/main.js';
import { fencesOf, pageText, root } from './fences.js';
import { terminalPicture } from './terminal-picture.js';
// Says which engine: ONNX Runtime.
import '../cli/io.js';

const page = 'docs/tutorial.md';
const update = process.env.UPDATE === '1';
const launcher = join(root, 'cli/unetc.mjs');
const home = process.cwd();
/** The page as the commands write it. */
let written = pageText(page);
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-tutorial-'));
  process.chdir(folder);
});

afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

/** One command line as a shell in a script would run it: messages and results on one stream, no colour. */
async function shell(line: string): Promise<string> {
  const [program, ...argv] = [...line.matchAll(/'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? '');
  expect(program).toBe('unetc');
  // What the page shows is what the command itself printed, in a process of its own.
  if (update) {
    const ran = spawnSync('sh', ['-c', 'exec "$@" 2>&1', '-', process.execPath, launcher, ...argv], {
      encoding: 'utf8',
    });
    return ran.stdout.trimEnd();
  }
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  await main(argv, {
    out: write,
    err: write,
    terminal: false,
    color: false,
    links: false,
    input: async () => '',
    interruption: () => new AbortController().signal,
  });
  return text.trimEnd();
}

/** What may differ between machines: times, and what a dozen epochs of training make of floating point. */
const blurred = (text: string): string =>
  text
    // A saving that the times of a busy machine can't tell is left out, and the note below the table says so.
    .replace(/ (slower|-)$/gm, ' 0 %')
    .replace(/\n+'-': the spread of the times.*/g, '')
    .replace(/-?\d+(\.\d+)?( ?(ms|s|%)(?!\w))|\d+\.\d+(e[+-]?\d+)?/g, '#')
    .replace(/[ #]+/g, ' ');

/** `- old` and `+ new` lines in runs: what each run takes out of a file, and what it puts there. */
function applied(text: string, diff: string): string {
  let out = text;
  const runs = diff.match(/(?:^-.*\n?)+(?:^\+.*\n?)+/gm) ?? [];
  expect(runs.join(''), 'only runs of - and + lines').toBe(diff);
  for (const run of runs) {
    const side = (sign: string): string =>
      run
        .split('\n')
        .filter((l) => l.startsWith(sign))
        .map((l) => `${l.slice(1)}\n`)
        .join('');
    expect(out.split(side('-')).length - 1, `the lines to change are there once:\n${side('-')}`).toBe(1);
    out = out.replace(side('-'), () => side('+'));
  }
  return out;
}

/** `L2 fast` -> IoU in percent, of a table of levels. */
const scores = (text: string): Map<string, number> =>
  new Map([...text.matchAll(/^(L\d) +(\w+) .*?[MG] +(\d+\.\d+)/gm)].map((m) => [`${m[1]} ${m[2]}`, Number(m[3])]));

describe(page, () => {
  const fences = fencesOf(page, pageText(page)).filter((f) => f.language === 'console' || f.words.file);
  // In order, since each step stands on those before it.
  it.sequential.each(fences.map((f) => [f.line, f] as const))('line %i does what it says', async (_, fence) => {
    if (fence.language === 'unet') return writeFileSync(String(fence.words.file), `${fence.text}\n`);
    if (fence.language === 'diff') {
      const file = String(fence.words.file);
      return writeFileSync(file, applied(readFileSync(file, 'utf8'), fence.text));
    }
    const commands = fence.text.split('\n').filter((l) => l.startsWith('$ '));
    const parts: string[] = [];
    for (const line of commands) parts.push(line, await shell(line.slice(2)));
    const now = parts.join('\n');
    if (update) {
      written = written.replace(`\n${fence.text}\n\`\`\``, () => `\n${now}\n\`\`\``);
      return writeFileSync(join(root, page), written);
    }
    if (!fence.words.approx) return expect(now).toBe(fence.text);
    expect(blurred(now)).toBe(blurred(fence.text));
    const here = scores(now);
    // Trained for seconds on other arithmetic, a network is not the same; but it has learnt.
    for (const [row, iou] of scores(fence.text)) expect(Math.abs((here.get(row) ?? 0) - iou), row).toBeLessThan(15);
  });

  it('shows the picture that draw made (UPDATE=1 writes it)', () => {
    const picture = join(root, 'docs/images/tutorial-L2.svg');
    const made = readFileSync('cells-L2.svg', 'utf8');
    if (update) writeFileSync(picture, made);
    expect(existsSync(picture) && readFileSync(picture, 'utf8')).toBe(made);
  });

  it('shows training as it says it (UPDATE=1 draws it)', () => {
    const picture = join(root, 'docs/images/train.svg');
    const said = fencesOf(page, written).find((f) => f.text.startsWith('$ unetc train'))?.text ?? '';
    const drawn = terminalPicture(said, 'unetc train: epochs, then the levels side by side');
    if (update) writeFileSync(picture, drawn);
    expect(readFileSync(picture, 'utf8')).toBe(drawn);
  });

  it('has scored tables to compare', () => {
    const tables = fences.map((f) => scores(f.text)).filter((t) => t.size > 0);
    expect(tables.map((t) => t.size)).toEqual([8, 8]);
  });
});
